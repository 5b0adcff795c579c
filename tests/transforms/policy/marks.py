"""Marks and items as the tables hold them, for the tests of policies."""

from dataclasses import replace

from transforms.policy.facts import ItemFacts, MarkFact

C2PA = MarkFact(
    "c2pa",
    "c2pa",
    "c2pa.action",
    "ai",
    "cryptographic",
    integrity="trusted",
    signer_trust="trusted",
    value="trainedAlgorithmicMedia",
    facts={
        "role": "active",
        "signer": "A Provider",
        "generator": "A System 1.2",
        "time_stamp": "2026-09-01T10:00:00Z",
        "manifest": "urn:c2pa:1",
    },
)
BROKEN = replace(C2PA, mark_id="broken", mark_class="declared", integrity="invalid", signer_trust="untrusted")
CAPTURE = replace(C2PA, mark_id="capture", says="capture", value="digitalCapture")
CAMERA = MarkFact("camera", "exif", "camera.make_model", "capture", "declared")
IPTC = MarkFact("iptc", "xmp", "iptc.digital_source_type", "ai", "declared", value="trainedAlgorithmicMedia")
EDITED = replace(IPTC, mark_id="edited", says="ai_part", value="compositeWithTrainedAlgorithmicMedia")
AIGC = MarkFact(
    "aigc", "tc260", "tc260.aigc", "ai", "declared", facts={"copies": "1", "certainty": "is", "produce_id": "7"}
)
GUESS = replace(AIGC, mark_id="guess", facts={"copies": "1", "certainty": "suspected"})
SIDECAR = replace(IPTC, mark_id="sidecar", beside=True)
PARAMETERS = MarkFact("parameters", "png_text", "generator.automatic1111", "ai", "implicit")
WATERMARK = MarkFact("watermark", "watermark", "watermark.sdxl", "ai", "heuristic", facts={"generator": "SDXL"})
SOFT_BINDING = MarkFact("binding", "c2pa", "c2pa.soft_binding", "unknown", "cryptographic", integrity="trusted")
LABEL = MarkFact(
    "label",
    "visible_label",
    "label.text",
    "ai",
    "declared",
    language="zh",
    exactness="exact",
    height_ratio=0.06,
    contrast=120.0,
    first_ms=0.0,
    shown_ms=8000.0,
    value="AI生成",
)
ENGLISH = replace(LABEL, mark_id="english", language="en", value="Made with AI")
BARE = replace(LABEL, mark_id="bare", kind="icon.eu_ai", language="en", value="AI", exactness="probable")
CAPTION = MarkFact("caption", "caption", "caption.sidecar", "ai", "declared", language="ru", value="Создано ИИ")
DENIAL = replace(LABEL, mark_id="denial", says="not_ai", value="Not made with AI", language="en")
WORDMARK = MarkFact("wordmark", "visible_label", "trace.wordmark", "ai", "heuristic", value="Midjourney")


def picture(*marks: MarkFact, **facts: object) -> ItemFacts:
    """A picture of which all was examined and in which a detector saw nothing, published when all laws held."""
    known = {
        "outcome": "examined",
        "media_type": "image/png",
        "levels": ("none",),
        "depicts_person": False,
        "published_at": "2026-12-10",
    }
    return ItemFacts(**{**known, "marks": marks, **facts})  # type: ignore[arg-type]


def film(*marks: MarkFact, **facts: object) -> ItemFacts:
    """A film likewise."""
    return picture(*marks, media_type="video/mp4", **facts)
