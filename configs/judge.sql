-- The places that a policy has to judge: those without a verdict of this content of its file, with what a verdict is made of.
-- Of their marks only those that policies look at: most photographs have others, a camera's fields, that tell them nothing.
WITH known AS (
    SELECT segment_id, uri, member_path, max_by({
        policy_sha256: policy_sha256, judged_with: judged_with, as_of: as_of, decided_by: decided_by
    }, sequence) AS last
    FROM stored_verdicts WHERE policy = $policy GROUP BY ALL
),
now AS (
    SELECT item.* FROM items_latest AS item
    LEFT JOIN known
        ON known.segment_id = item.segment_id AND known.uri = item.uri
        AND known.member_path IS NOT DISTINCT FROM item.member_path
    WHERE item.outcome <> 'gone' AND (
        known.uri IS NULL OR known.last.policy_sha256 <> $sha256 OR known.last.judged_with IS DISTINCT FROM $judged_with
        OR ($is_asked AND known.last.as_of <> $as_of)
        OR (known.last.decided_by <> 'published' AND len(list_filter($days, lambda day:
            day > least(known.last.as_of, $as_of) AND day <= greatest(known.last.as_of, $as_of))) > 0)
    )
),
marked AS (
    SELECT uri, member_path, list({
        mark_id: mark_id, layer: layer, kind: kind, says: says, mark_class: "class", integrity: integrity,
        signer_trust: signer_trust, language: language, exactness: exactness, height_ratio: height_ratio,
        contrast: contrast, first_ms: first_ms, shown_ms: shown_ms, value: left(value, 100),
        beside: beside, facts: facts
    } ORDER BY mark_id, locator) AS marks
    FROM item_marks
    WHERE says IN ('ai', 'ai_part', 'not_ai') OR (says = 'capture' AND "class" IN ('cryptographic', 'declared'))
       OR layer = 'watermark' OR kind IN ('tc260.aigc', 'c2pa.soft_binding')
    GROUP BY ALL
)
SELECT now.scan_id, now.segment_id, now.content_sha256, now.uri, now.member_path, now.examination, to_json({
    outcome: now.outcome, reason: now.reason,
    media_type: CASE WHEN now.media_type LIKE 'video/%' THEN 'video/' WHEN now.media_type IS NOT NULL THEN 'image/' END,
    levels: list_transform(now.scores, lambda one: one.level),
    layers: list_sort(list_distinct(list_transform(
        list_filter(now.layers, lambda note: note.layer <> 'caption' OR NOT starts_with(coalesce(note.detail, ''), 'bad_')),
        lambda note: [note.layer, note.status]
    ))),
    depicts_person: now.depicts_person, presented_as_product: now.presented_as_product,
    published_at: left(now.published_at, 10), captured_at: left(now.captured_at, 10),
    marks: coalesce(marked.marks, [])
})::VARCHAR AS facts
FROM now LEFT JOIN marked ON marked.uri = now.uri AND marked.member_path IS NOT DISTINCT FROM now.member_path
