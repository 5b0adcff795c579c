"""The closed door of an examiner child: resource limits, no network, no files but the one it was handed.

The child gets its file as an open descriptor, so it needs no right to open anything but the interpreter's own
libraries. Landlock (Linux 5.13+) takes the file system away, a seccomp filter takes sockets and new programs away. Both
are a second line: FFmpeg's protocol and container whitelists (``videos``) are the first, and work on every kernel.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = 1 << 2 | 1 << 3
_EXECUTE = 1 << 0
# Rights a kernel of each Landlock ABI knows: a ruleset may only name those.
_FILE_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_RIGHTS = 0b11
_DENIED_CALLS = {
    # socket, connect, socketpair, bind, execve, ptrace, execveat, io_uring_setup
    "x86_64": (0xC000003E, (41, 42, 53, 49, 59, 101, 322, 425)),
    "aarch64": (0xC00000B7, (198, 203, 199, 200, 221, 117, 281, 425)),
}


def limit_resources(memory_bytes: int) -> None:
    """Bounds address space; forbids core dumps and file writes."""
    bound = min(memory_bytes, _ceiling(resource.RLIMIT_AS))
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def grant_cpu_seconds(seconds: int) -> None:
    """Lets the process use ``seconds`` more of processor time; past it the kernel sends SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    bound = min(int(used) + seconds + 1, _ceiling(resource.RLIMIT_CPU))
    resource.setrlimit(resource.RLIMIT_CPU, (bound, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _ceiling(kind: int) -> int:
    """What this process may ask for at most: a batch system may have set limits of its own, which only root lifts."""
    hard = resource.getrlimit(kind)[1]
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def close_door() -> dict[str, bool]:
    """Takes network, new programs and the file system away from this thread and all it starts.

    Call before a library starts threads: a thread that already runs keeps its rights.

    Returns:
        Which lock holds: ``files`` and ``network``; False where this kernel cannot.
    """
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return {"files": False, "network": False}
    return {"files": _lock_files(), "network": _lock_network()}


def _readable_folders() -> list[Path]:
    """Where the interpreter and its libraries lie, and nothing else."""
    package = Path(__file__).resolve().parents[1]
    # Packages may lie elsewhere: those that a user installed, those that a file of the environment points to.
    packages = [name for name in sys.path if Path(name).name in {"site-packages", "dist-packages"}]
    names = (sys.prefix, sys.base_prefix, *packages, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc/self")
    return [folder for folder in [*(Path(name) for name in names), package] if folder.exists()]


def _lock_files() -> bool:
    abi = _LIBC.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if abi < 1:
        return False
    rights = max(mask for known, mask in _FILE_RIGHTS_BY_ABI.items() if known <= abi)
    attributes = struct.pack("=QQ", rights, _TCP_RIGHTS if abi >= 4 else 0)[: 16 if abi >= 4 else 8]
    ruleset = _LIBC.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for folder in _readable_folders():
            descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            allowed = (_READ | _EXECUTE) if folder.is_dir() else 1 << 2
            rule = struct.pack("=Qi", allowed, descriptor)
            failed = _LIBC.syscall(_LANDLOCK_ADD_RULE, ruleset, 1, rule, ctypes.c_uint32(0))
            os.close(descriptor)
            if failed:
                return False
        return bool(_LIBC.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _lock_network() -> bool:
    """Installs a seccomp filter under which the denied calls return EACCES."""
    if platform.machine() not in _DENIED_CALLS:
        return False
    architecture, denied = _DENIED_CALLS[platform.machine()]
    load, jump_equal, jump_not_less, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | 13
    checks = [
        *((jump_equal, number) for number in denied),
        (jump_not_less, 0x40000000),
    ]  # the last: x32 calls
    steps = [(load, 0, 0, 4), (jump_equal, 0, len(checks) + 2, architecture), (load, 0, 0, 0)]
    for index, (operation, value) in enumerate(checks):
        steps.append((operation, len(checks) - index, 0, value))
    steps += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    return bool(_LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) == 0)
