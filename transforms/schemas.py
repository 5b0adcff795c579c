"""Arrow schemas of the audit tables. Add columns freely; rename none: other people's scripts rely on them."""

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
_COUNTS = [
    ("examined", pa.int64()),
    ("failed", pa.int64()),
    ("not_checked", pa.int64()),
    ("gone", pa.int64()),
]
_SCORE = pa.struct(
    [
        ("detector", pa.string()),
        ("digest", pa.string()),
        ("raw", pa.float64()),
        ("calibrated", pa.float64()),
        ("level", pa.string()),
        ("face_raw", pa.float64()),
        ("face_calibrated", pa.float64()),
    ]
)
_FACE = pa.struct(
    [
        ("x", pa.int32()),
        ("y", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("confidence", pa.float64()),
        ("score", pa.float64()),
        ("raw", pa.float64()),
    ]
)
_REASON = pa.struct(
    [("code", pa.string()), ("article", pa.string()), ("marks", pa.list_(pa.string())), ("detail", pa.string())]
)
_NOTE = pa.struct([("layer", pa.string()), ("status", pa.string()), ("detail", pa.string())])
_DETECTOR = pa.struct([("name", pa.string()), ("version", pa.string()), ("digest", pa.string())])
_VERSIONS = pa.map_(pa.string(), pa.string())
_SECONDS = pa.map_(pa.string(), pa.float64())

ITEMS = pa.schema(
    [
        ("scan_id", pa.string()),
        ("segment_id", pa.string()),
        ("source", pa.string()),
        ("uri", pa.string()),
        ("member_path", pa.string()),
        ("content_sha256", pa.string()),
        ("size_bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("media_type", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("duration_ms", pa.float64()),
        ("perceptual_hash", pa.string()),
        ("captured_at", pa.string()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("frames_examined", pa.int32()),
        ("score", pa.float64()),
        ("scores", pa.list_(_SCORE)),
        ("layers", pa.list_(_NOTE)),
        ("examination", pa.string()),
        ("examined_at", TIMESTAMP),
        ("depicts_person", pa.bool_()),
        ("faces_max", pa.int32()),
        ("beside", pa.string()),
        ("title", pa.string()),
        ("caption", pa.string()),
        ("description", pa.string()),
        ("published_at", pa.string()),
        ("publisher", pa.string()),
        ("url", pa.string()),
        ("presented_as_product", pa.bool_()),
        ("members", pa.int64()),
        ("etag", pa.string()),
        ("duplicate_of", pa.string()),
    ]
)

FRAMES = pa.schema(
    [
        ("scan_id", pa.string()),
        ("segment_id", pa.string()),
        ("content_sha256", pa.string()),
        ("frame_index", pa.int32()),
        ("timestamp_ms", pa.float64()),
        ("detector", pa.string()),
        ("detector_digest", pa.string()),
        ("score", pa.float64()),
        ("raw", pa.float64()),
        ("error", pa.string()),
        ("not_assessable", pa.string()),
        ("face_count", pa.int32()),
        ("faces", pa.list_(_FACE)),
    ]
)

MARKS = pa.schema(
    [
        ("scan_id", pa.string()),
        ("segment_id", pa.string()),
        ("content_sha256", pa.string()),
        ("layer", pa.string()),
        ("kind", pa.string()),
        ("says", pa.string()),
        ("class", pa.string()),
        ("locator", pa.string()),
        ("value", pa.string()),
        ("value_sha256", pa.string()),
        ("integrity", pa.string()),
        ("signer_trust", pa.string()),
        ("tool", pa.string()),
        ("offset", pa.int64()),
        ("facts", pa.map_(pa.string(), pa.string())),
        ("examination", pa.string()),
        ("place_uri", pa.string()),
        ("place_member_path", pa.string()),
        ("language", pa.string()),
        ("exactness", pa.string()),
        ("box_x", pa.int32()),
        ("box_y", pa.int32()),
        ("box_width", pa.int32()),
        ("box_height", pa.int32()),
        ("height_ratio", pa.float64()),
        ("contrast", pa.float64()),
        ("first_ms", pa.float64()),
        ("last_ms", pa.float64()),
        ("shown_ms", pa.float64()),
        ("mark_id", pa.string()),
    ]
)

VERDICTS = pa.schema(
    [
        ("scan_id", pa.string()),
        ("segment_id", pa.string()),
        ("content_sha256", pa.string()),
        ("policy", pa.string()),
        ("policy_sha256", pa.string()),
        ("as_of", pa.date32()),
        ("synthesis", pa.string()),
        ("scope", pa.string()),
        ("machine_mark", pa.string()),
        ("visible_warning", pa.string()),
        ("outcome", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("uri", pa.string()),
        ("member_path", pa.string()),
        ("decided_on", pa.date32()),
        ("decided_by", pa.string()),
        ("evidence", pa.list_(_REASON)),
        ("examination", pa.string()),
        ("suppressed_by", pa.string()),
        ("judged_with", pa.string()),
        ("judgement", pa.string()),
        ("sequence", pa.int64()),
        ("judged_at", TIMESTAMP),
    ]
)

NEAR_DUPLICATES = pa.schema(
    [
        ("scan_id", pa.string()),
        ("content_sha256", pa.string()),
        ("duplicate_of", pa.string()),
        ("sequence", pa.int64()),
        ("marked_at", TIMESTAMP),
    ]
)

REVIEWS = pa.schema(
    [
        ("review_id", pa.string()),
        ("content_sha256", pa.string()),
        ("policy", pa.string()),
        ("decision", pa.string()),
        ("reviewer", pa.string()),
        ("note", pa.string()),
        ("uri", pa.string()),
        ("member_path", pa.string()),
        ("policy_sha256", pa.string()),
        ("judgement", pa.string()),
        ("verdict_outcome", pa.string()),
        ("sequence", pa.int64()),
        ("decided_at", TIMESTAMP),
    ]
)

SEGMENTS = pa.schema(
    [
        ("scan_id", pa.string()),
        ("segment_id", pa.string()),
        ("items", pa.int64()),
        ("frames", pa.int64()),
        *_COUNTS,
        ("reused", pa.int64()),
        ("deferred", pa.int64()),
        ("sequence", pa.int64()),
        ("seconds", _SECONDS),
        ("versions", _VERSIONS),
        ("detectors", pa.list_(_DETECTOR)),
        ("examination", pa.string()),
        ("config_digest", pa.string()),
        ("runner", pa.string()),
        ("started_at", TIMESTAMP),
        ("committed_at", TIMESTAMP),
    ]
)

SCANS = pa.schema(
    [
        ("scan_id", pa.string()),
        ("status", pa.string()),
        ("exit_status", pa.int32()),
        ("part", pa.string()),
        ("started_at", TIMESTAMP),
        ("finished_at", TIMESTAMP),
        ("sources", pa.list_(pa.string())),
        ("inputs", pa.int64()),
        ("unchanged", pa.int64()),
        ("left_out", pa.int64()),
        ("planned", pa.int64()),
        *_COUNTS,
        ("reused", pa.int64()),
        ("segments", pa.int64()),
        ("seconds", _SECONDS),
        ("versions", _VERSIONS),
        ("detectors", pa.list_(_DETECTOR)),
        ("examination", pa.string()),
        ("config_digest", pa.string()),
        ("runner", pa.string()),
        ("verdicts", pa.int64()),
        ("recorded_at", TIMESTAMP),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "items": ITEMS,
    "frames": FRAMES,
    "marks": MARKS,
    "verdicts": VERDICTS,
    "near_duplicates": NEAR_DUPLICATES,
    "reviews": REVIEWS,
    "segments": SEGMENTS,
    "scans": SCANS,
}
"""Every table of a store."""
