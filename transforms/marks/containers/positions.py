"""Texts that say where a recording was made: told as present and not read, as GPS positions are in EXIF."""

from typing import Final

_NAMES: Final = {"©xyz", "location", "recording_location"}
_STARTS: Final = ("com.apple.quicktime.location", "location-")


def without_position(name: str, text: str) -> str:
    """The text of a key, or ``present`` where the key is one of position.

    Args:
        name: ``©xyz`` (QuickTime user data), ``com.apple.quicktime.location.ISO6709`` (metadata keys),
            ``LOCATION`` and ``LOCATION-ENG`` (FFmpeg), ``RECORDING_LOCATION`` (Matroska), without case.
        text: Its value.
    """
    plain = name.lower()
    return "present" if plain in _NAMES or plain.startswith(_STARTS) else text
