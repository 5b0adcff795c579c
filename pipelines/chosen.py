"""What a scan looks with: the detectors that a person named, side by side, and the face finder."""

import hashlib
from collections.abc import Sequence

from pipelines.errors import UsageError
from transforms.detect.package import DetectorError, DetectorPackage, load_package
from transforms.examine.face_model import FACE_MODEL_SHA256, read_face_model
from transforms.records import DetectorInfo


def load_detectors(chosen: Sequence[str]) -> dict[str, DetectorPackage]:
    """Reads the packages by the names or folders that were given, in that order.

    Raises:
        UsageError: One cannot be used, or two go by one name, under which their rows could not be told apart.
    """
    packages: dict[str, DetectorPackage] = {}
    places: dict[str, str] = {}
    for place in chosen:
        try:
            package = load_package(place)
        except DetectorError as error:
            raise UsageError(str(error)) from error
        name = package.config.name
        if name in places:
            raise UsageError(
                f"Two detectors are called {name}: {places[name]} and {place}. Rows name the detector, so give one of "
                "them another name in its detector.yaml, or name it once."
            )
        places[name] = place
        packages[place] = package
    if not packages:
        raise UsageError("A scan needs at least one detector. Name one with --detector.")
    return packages


def check_face_model() -> None:
    """Makes sure that examiner children will be able to start with the face finder.

    Raises:
        UsageError: Its network is missing or damaged.
    """
    try:
        digest = hashlib.sha256(read_face_model()).hexdigest()
    except OSError as error:
        raise UsageError(f"The face model cannot be read: {error}. Install Aiqyn again.") from error
    if digest != FACE_MODEL_SHA256:
        raise UsageError(f"The face model is damaged: its SHA-256 is {digest}. Install Aiqyn again.")


def info_of(package: DetectorPackage) -> DetectorInfo:
    """What rows say of a package."""
    return DetectorInfo(package.config.name, package.config.version, package.digest)
