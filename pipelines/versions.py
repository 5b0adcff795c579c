"""What of the installed packages rows depend on."""

import functools
import importlib.metadata

_VERSIONED = (
    "aiqyn",
    "apache-beam",
    "torch",
    "opencv-python-headless",
    "pillow",
    "numpy",
    "pi-heif",
    "av",
    "c2pa-python",
    "onnxruntime",
    "rapidfuzz",
    "pyarrow",
)


def installed_versions() -> dict[str, str | None]:
    """By package its version; None where it is not installed."""
    return {name: _version(name) for name in _VERSIONED}


@functools.cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
