"""What a scan looks with: the detectors that a person named, side by side, and the face finder."""

import hashlib
from collections.abc import Mapping, Sequence

import configs
from pipelines.errors import UsageError
from pipelines.members import members_among
from transforms.detect.package import DetectorError, DetectorPackage, FusionPackage, Package, load_any
from transforms.examine.face_model import FACE_MODEL_SHA256, read_face_model
from transforms.examine.settings import DetectorNeeds
from transforms.records import DetectorChoice, DetectorInfo

Packages = Mapping[str, DetectorPackage | FusionPackage]
"""By the name or folder that a person gave, in that order."""


def load_detectors(chosen: Sequence[str]) -> dict[str, DetectorPackage | FusionPackage]:
    """Reads the packages by the names or folders that were given, in that order.

    Raises:
        UsageError: One cannot be used, two go by one name, under which their rows could not be told apart, or a fusion
            does not find its members.
    """
    packages: dict[str, DetectorPackage | FusionPackage] = {}
    places: dict[str, str] = {}
    for place in chosen:
        try:
            package = load_any(place)
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
    _check_members(packages)
    return packages


def choices_of(packages: Packages) -> tuple[DetectorChoice, ...]:
    """What workers are told of the detectors: shipped ones by name, others by a path that holds in any folder."""
    shipped = configs.ROOT / "detectors"
    return tuple(
        DetectorChoice(
            place if package.directory.parent == shipped else str(package.directory.resolve()),
            info_of(package),
            is_fusion=isinstance(package, FusionPackage),
        )
        for place, package in packages.items()
    )


def needs_of(packages: Packages) -> tuple[DetectorNeeds, ...]:
    """What examiner children are told: of fusions nothing, for these look at no picture."""
    networks = (package for package in packages.values() if isinstance(package, DetectorPackage))
    return tuple(DetectorNeeds(package.config.input, package.config.scope) for package in networks)


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


def info_of(package: Package) -> DetectorInfo:
    """What rows say of a package."""
    return DetectorInfo(package.config.name, package.config.version, package.digest)


def check_device(name: str) -> None:
    """Refuses a device that is not there.

    Raises:
        UsageError: With what to do.
    """
    from transforms.detect.device import choose_device

    try:
        choose_device(name)
    except DetectorError as error:
        raise UsageError(str(error)) from error


def _check_members(packages: Packages) -> None:
    """Has each fusion find its members, and the very packages that it was measured with, among the detectors."""
    networks = [package for package in packages.values() if isinstance(package, DetectorPackage)]
    for package in packages.values():
        if isinstance(package, FusionPackage):
            try:
                members_among(package.config, networks, "--detector")
            except DetectorError as error:
                raise UsageError(str(error)) from error
