import json
import os
import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from examine_samples import MISBEHAVING, picture_bytes, place_of, settings_of, with_external_media

from examples.media import broken, pictures, videos
from transforms.examine import sandbox
from transforms.examine.pool import Child, ChildPool
from transforms.outcomes import Outcome, Reason

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def door():
    child = Child(settings_of())
    child.close()
    return child.door


@pytest.fixture
def listener():
    """A server on the loopback address that counts who calls."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        server.settimeout(0.1)
        port = server.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        datagrams.setblocking(False)
        is_over = threading.Event()

        def answer():
            while not is_over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                calls.append(connection)
                connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield port, calls, datagrams
        is_over.set()
        thread.join()


def reached(path, port, *paths):
    path.write_text(f"reach {port} {' '.join(map(str, paths))}\n", "utf-8")
    pool = ChildPool(settings_of(), 1, MISBEHAVING)
    try:
        return json.loads(pool.examine(place_of(path)).examination.detail)
    finally:
        pool.close()


def test_the_listener_counts(listener):
    port, calls, _ = listener
    socket.create_connection(("127.0.0.1", port)).close()
    for _ in range(50):
        if calls:
            break
        threading.Event().wait(0.05)
    assert len(calls) == 1


def test_a_decoder_taken_over_reaches_no_address_and_starts_no_program(tmp_path, listener, door):
    if not door["network"]:
        pytest.skip("this kernel has no seccomp filter for us")
    port, calls, datagrams = listener
    endings = reached(tmp_path / "attack", port)
    names = ("tcp", "udp", "unix", "pair", "raw connect", "http", "program", "shell")
    assert {name: endings[name] for name in names} == dict.fromkeys(names, "PermissionError")
    assert calls == []
    with pytest.raises(BlockingIOError):
        datagrams.recv(10)


def test_a_decoder_taken_over_opens_no_other_file(tmp_path, listener, door):
    if not door["files"]:
        pytest.skip("this kernel has no Landlock")
    neighbour = tmp_path / "neighbour.jpg"
    neighbour.write_bytes(b"private")
    paths = ["/etc/passwd", PROJECT / "pyproject.toml", PROJECT / "configs" / "__init__.py", neighbour, "/dev/zero"]
    endings = reached(tmp_path / "attack", listener[0], *(path for path in paths if Path(path).exists()))
    assert endings["write"] == endings["list"] == "PermissionError"
    tried = {name: ending for name, ending in endings.items() if name.startswith("/")}
    assert len(tried) >= 4
    assert set(tried.values()) == {"PermissionError"}


def dash_manifest(port):
    return f'<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>'.encode()


def test_no_trap_makes_a_child_call_anyone(tmp_path, listener):
    port, calls, datagrams = listener
    victim = tmp_path / "victim.mp4"
    videos.video(victim, seconds=0.2)
    addresses = (f"http://127.0.0.1:{port}/one.ts", f"tcp://127.0.0.1:{port}", f"file://{victim}", str(victim))
    videos.video(tmp_path / "last.mp4", seconds=0.2, faststart=False)
    svg = broken.SVG.replace(b"<circle", f'<image href="http://127.0.0.1:{port}/a.png"/><circle'.encode())
    traps = {
        "playlist.mp4": broken.hls_playlist(*addresses),
        "script.mkv": broken.concat_script(*addresses),
        "listen.mp4": broken.stream_description(port),
        "drawing.jpg": svg,
        "manifest.mp4": dash_manifest(port),
    }
    pool = ChildPool(settings_of(), 1)
    try:
        for name, content in traps.items():
            (tmp_path / name).write_bytes(content)
            found = pool.examine(place_of(tmp_path / name)).examination
            assert (found.outcome, found.reason) == (Outcome.NOT_CHECKED, Reason.NAMED_AS_MEDIA)
        elsewhere = tmp_path / "elsewhere.mp4"
        elsewhere.write_bytes(with_external_media((tmp_path / "last.mp4").read_bytes(), victim))
        assert pool.examine(place_of(elsewhere)).examination.outcome is Outcome.FAILED
    finally:
        pool.close()
    assert calls == []
    with pytest.raises(BlockingIOError):
        datagrams.recv(10)


def test_behind_the_door_every_decoder_still_works(tmp_path):
    names = ["jpeg", "png", "heic", "moving avif", "jpeg 2000", "fax tiff", "moving webp"]
    places = []
    for name in names:
        path = tmp_path / name
        path.write_bytes(picture_bytes(name))
        places.append(place_of(path))
    for file_name, codec in (("a.mp4", "libx264"), ("b.webm", "libvpx-vp9"), ("c.mp4", "libsvtav1")):
        videos.video(tmp_path / file_name, codec=codec, seconds=0.4)
        places.append(place_of(tmp_path / file_name))
    icc = tmp_path / "icc.jpg"
    icc.write_bytes(pictures.jpeg(pictures.generated_picture(1), icc=pictures.icc_profile()))
    places.append(place_of(icc))
    pool = ChildPool(settings_of(), 1)
    try:
        found = {place.path: pool.examine(place).examination for place in places}
    finally:
        pool.close()
    assert {path: one.detail for path, one in found.items() if one.outcome is not Outcome.EXAMINED} == {}


LIMITED = """
import resource, sys
from transforms.examine import sandbox
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (50, 50))
sandbox.limit_resources(8 << 30)
sandbox.grant_cpu_seconds(100)
assert resource.getrlimit(resource.RLIMIT_AS) == (1 << 30, 1 << 30)
assert resource.getrlimit(resource.RLIMIT_CPU) == (50, 50)
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
sandbox.limit_resources(1 << 29)
sandbox.grant_cpu_seconds(7)
assert resource.getrlimit(resource.RLIMIT_AS)[0] == 1 << 29
assert resource.getrlimit(resource.RLIMIT_CPU)[0] <= 9
"""


def test_limits_that_the_machine_sets_already_are_kept():
    # Where a batch system bounds its jobs, raising its bounds is refused, and a child must start all the same.
    subprocess.run([sys.executable, "-c", LIMITED], check=True, cwd=PROJECT)


def test_the_parent_keeps_its_own_rights(door):
    assert Path("/etc/passwd").exists()
    socket.socketpair()[0].close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0
    os.close(os.open("/etc/passwd", os.O_RDONLY))


def test_libraries_may_lie_outside_of_the_prefix_and_nothing_else_of_the_path_is_opened(tmp_path, monkeypatch):
    packages, own = tmp_path / "lib" / "site-packages", tmp_path / "work"
    packages.mkdir(parents=True)
    own.mkdir()
    monkeypatch.setattr(sys, "path", [str(own), str(packages)])
    folders = sandbox._readable_folders()
    assert packages in folders
    assert own not in folders
