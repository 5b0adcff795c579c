"""Whether a fusion's members are at hand, and are those that it was measured with."""

from collections.abc import Iterable

import configs
from transforms.detect.package import CONFIG_NAME, DetectorError, DetectorPackage, FusionConfig, Member


def members_among(fusion: FusionConfig, packages: Iterable[DetectorPackage], option: str) -> list[DetectorPackage]:
    """A fusion's members, in its order.

    Args:
        fusion: Which names and pins its members.
        packages: The packages that a person named.
        option: How a person names a package, such as `--detector`, for the error.

    Raises:
        DetectorError: `missing_member` with what to add, `other_member` where a package goes by a member's name and is
            another one.
    """
    given = {package.config.name: package for package in packages}
    found = []
    for member in fusion.fuses:
        if member.name not in given:
            raise DetectorError("missing_member", _missing(fusion, member, option))
        package = given[member.name]
        if package.digest != member.digest:
            raise DetectorError(
                "other_member",
                f"{fusion.name} fuses the {member.name} of digest {member.digest[:12]}…, and the one named here has "
                f"{package.digest[:12]}…. The fusion's weights and thresholds hold for the former only: name that "
                "package, or fuse anew with 'aiqyn detector fuse'.",
            )
        found.append(package)
    return found


def _missing(fusion: FusionConfig, member: Member, option: str) -> str:
    names = " and ".join(one.name for one in fusion.fuses)
    told = f"{fusion.name} fuses {names}, and {member.name} is not named here. Add {option}"
    if (configs.ROOT / "detectors" / member.name / CONFIG_NAME).is_file():
        return f"{told} {member.name}."
    if (configs.ROOT / "heads" / member.name / CONFIG_NAME).is_file():
        return f"{told} DIR, the folder that 'aiqyn detector assemble {member.name} --wheel WHEEL --out DIR' writes."
    return f"{told} DIR, the folder of {member.name}."
