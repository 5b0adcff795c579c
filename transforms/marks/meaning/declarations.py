"""Fields that are meant as a statement about AI: those of IPTC 2025.1, Google's credit lines, and a link to a manifest.

Sources: IPTC Photo Metadata Standard 2025.1 (Iptc4xmpExt); credit lines as Google's editors write them beside
``DigitalSourceType``; ``dcterms:provenance``, C2PA specification 2.2, 11.4 (a manifest that lies elsewhere).
"""

from transforms.marks.mark import Mark, MarkClass, Says, sha256_text
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.names import names_of
from transforms.marks.pieces import Property

_DUBLIN_CORE_TERMS = "http://purl.org/dc/terms/"
FIELD_KINDS = {
    "aisystemused": "iptc.ai_system_used",
    "aisystemversionused": "iptc.ai_system_version_used",
    "aipromptinformation": "iptc.ai_prompt_information",
    "aipromptwritername": "iptc.ai_prompt_writer_name",
    "aigeneratedcontent": "iptc.ai_generated_content",
    "aiprompt": "iptc.ai_prompt",
}
_UNOFFICIAL = frozenset({"aigeneratedcontent", "aiprompt"})
_PROMPTS = frozenset({"aipromptinformation", "aiprompt"})
_NO = frozenset({"no", "false", "0", "none", "n/a", "na", "-", "not applicable"})
_CREDITS = {"made with google ai": Says.AI, "edited with google ai": Says.AI_PART}


def read_ai_field(prop: Property, source_says: Says | None, *, keep_prompts: bool) -> Mark | None:
    """The mark of an IPTC AI field, or of the two wrong spellings that are seen; None for another or an empty one.

    Args:
        prop: The property; only XMP has these fields.
        source_says: What the file's digital source types say together: with ``ai_part`` and no ``ai`` among them, the
            system that is named made a part, not the whole.
        keep_prompts: Whether a prompt may be shown.
    """
    name = next((name for name in names_of(prop) if name in FIELD_KINDS), None)
    if prop.layer != "xmp" or name is None or not prop.value:
        return None
    facts = {"spelling": "unofficial"} if name in _UNOFFICIAL else {}
    says = Says.AI_PART if source_says is Says.AI_PART else Says.AI
    if prop.value.strip().casefold() in _NO:
        says = Says.NOT_AI if name == "aigeneratedcontent" else Says.UNKNOWN
    shown = None
    if name in _PROMPTS:
        facts |= {"prompt_sha256": sha256_text(prop.value), "prompt_chars": str(len(prop.value))}
        shown = None if keep_prompts else f"[prompt: {len(prop.value)} characters]"
    elif name == "aisystemused":
        facts["model"] = prop.value
    return mark_of(prop, FIELD_KINDS[name], says, MarkClass.DECLARED, facts, shown=shown)


def read_credit(prop: Property) -> Mark | None:
    """The mark of a credit line of Google's editors in XMP or IIM; None for any other property."""
    if prop.layer not in {"xmp", "iptc"} or "credit" not in names_of(prop):
        return None
    says = _CREDITS.get(" ".join(prop.value[:100].casefold().split()).rstrip("."))
    return None if says is None else mark_of(prop, "credit.google_ai", says, MarkClass.DECLARED)


def read_remote_reference(prop: Property) -> Mark | None:
    """The mark of a link to a C2PA manifest outside the file; None for any other property. Nothing is fetched."""
    if prop.namespace != _DUBLIN_CORE_TERMS or "provenance" not in names_of(prop):
        return None
    if not prop.value.casefold().startswith(("http://", "https://")):
        return None
    return mark_of(prop, "c2pa.remote_reference", Says.UNKNOWN, MarkClass.DECLARED, integrity="remote_not_fetched")
