"""Names of properties as rules compare them: writers differ in case, spaces, hyphens and prefixes."""

from transforms.marks.pieces import Property

_MOST_CHARACTERS = 200


def normal_name(name: str) -> str:
    """A name without case and punctuation but ``©``, which begins keys of QuickTime: ``By-line`` is ``byline``."""
    return "".join(c for c in name[:_MOST_CHARACTERS].casefold() if c.isalnum() or c == "©")


def names_of(prop: Property) -> tuple[str, ...]:
    """The normal names under which a property may be known.

    The last step of an XMP path without its index; and what stands behind the last dot, colon or slash of a key, since
    QuickTime writes ``com.apple.quicktime.software`` for what others call ``Software``.

    Returns:
        One or two names; the empty name for a text without a key.
    """
    leaf = prop.name.rsplit("/", 1)[-1].split("[", 1)[0] if prop.layer == "xmp" else prop.name
    whole, last = normal_name(leaf), normal_name(leaf.replace(":", ".").replace("/", ".").rsplit(".", 1)[-1])
    return (whole,) if last in {whole, ""} else (whole, last)
