-- The places that a policy has to judge: those without a verdict of this content of its file, with what a verdict is made of.
-- Of their marks only those that policies look at: most photographs have others, a camera's fields, that tell them nothing.
-- Places are named by 16 bytes, so that what is known of millions fits into little memory.
WITH known AS (
    SELECT md5_number(concat_ws(chr(31), segment_id, uri, member_path)) AS place, max_by(
        policy_sha256 = $sha256 AND judged_with IS NOT DISTINCT FROM $judged_with AND NOT ($is_asked AND as_of <> $as_of)
        AND (decided_by = 'published' OR len(list_filter($days, lambda day:
             day > least(as_of, $as_of) AND day <= greatest(as_of, $as_of))) = 0),
        sequence
    ) AS is_current
    FROM stored_verdicts WHERE policy = $policy GROUP BY ALL
),
due AS (
    SELECT md5_number(concat_ws(chr(31), segment_id, uri, member_path)) AS place FROM items_latest WHERE outcome <> 'gone'
    EXCEPT
    SELECT place FROM known WHERE is_current
),
now AS (
    SELECT item.* FROM items AS item SEMI JOIN due
        ON due.place = md5_number(concat_ws(chr(31), item.segment_id, item.uri, item.member_path))
),
-- Numbers are as fine as reasons tell them, and of facts that need only be there the value is left out: so that items which a
-- policy cannot tell apart have one text, and are judged once. Their marks are told apart by mark_ids, in the same order.
marked AS (
    SELECT uri, member_path,
           list(mark ORDER BY mark.kind, mark.layer, mark.says, mark.height_ratio, mark.value, mark_id) AS marks,
           list(mark_id ORDER BY mark.kind, mark.layer, mark.says, mark.height_ratio, mark.value, mark_id) AS mark_ids
    FROM (
        SELECT uri, member_path, mark_id, {
            layer: layer, kind: kind, says: says, mark_class: "class", integrity: integrity, signer_trust: signer_trust,
            language: language, exactness: exactness, height_ratio: round(height_ratio, 3), contrast: round(contrast),
            first_ms: round(first_ms, -2), shown_ms: round(shown_ms, -2), beside: beside,
            value: CASE WHEN exactness IS NOT NULL THEN left(value, 100) END, facts: map_from_entries(list_transform(
                list_filter(map_entries(coalesce(facts, MAP {})), lambda one: one.value <> '' AND list_contains($facts, one.key)),
                lambda one: {k: one.key, v: CASE WHEN one.key IN ('copies', 'certainty') THEN one.value ELSE 'present' END}
            ))
        } AS mark
        FROM item_marks
        WHERE says IN ('ai', 'ai_part', 'not_ai') OR (says = 'capture' AND "class" IN ('cryptographic', 'declared'))
           OR layer = 'watermark' OR kind IN ('tc260.aigc', 'c2pa.soft_binding')
    )
    GROUP BY ALL
)
SELECT now.scan_id, now.segment_id, now.content_sha256, now.uri, now.member_path, now.examination,
       coalesce(marked.mark_ids, []) AS mark_ids, to_json({
    outcome: now.outcome, reason: now.reason,
    media_type: CASE WHEN now.media_type LIKE 'video/%' THEN 'video/' WHEN now.media_type IS NOT NULL THEN 'image/' END,
    levels: list_transform(now.scores, lambda one: one.level),
    layers: list_sort(list_distinct(list_transform(
        list_filter(now.layers, lambda note: note.layer <> 'caption' OR NOT starts_with(coalesce(note.detail, ''), 'bad_')),
        lambda note: [note.layer, note.status]
    ))),
    depicts_person: now.depicts_person, presented_as_product: now.presented_as_product,
    publisher: left(now.publisher, 100),
    -- The day is all that counts; where an offset is told, the judge makes it that of UTC.
    published_at: CASE WHEN regexp_matches(now.published_at, 'T.*[+-]\d\d:?\d\d$') THEN now.published_at ELSE left(now.published_at, 10) END,
    captured_at: CASE WHEN regexp_matches(now.captured_at, 'T.*[+-]\d\d:?\d\d$') THEN now.captured_at ELSE left(now.captured_at, 10) END,
    marks: coalesce(marked.marks, [])
})::VARCHAR AS facts
FROM now LEFT JOIN marked ON marked.uri = now.uri AND marked.member_path IS NOT DISTINCT FROM now.member_path
