-- What a verdict is made of, of the places that a policy has to judge: places_latest and marks hold these and no others.
-- Numbers are as fine as reasons tell them, and of facts that need only be there the value is left out: so that items which a
-- policy cannot tell apart have one text, and are judged once. Their marks are told apart by mark_ids, in the same order.
WITH marked AS (
    SELECT uri, member_path,
           list(mark ORDER BY mark.kind, mark.layer, mark.says, mark.height_ratio, mark.value, mark_id) AS marks,
           list(mark_id ORDER BY mark.kind, mark.layer, mark.says, mark.height_ratio, mark.value, mark_id) AS mark_ids
    FROM (
        SELECT uri, member_path, mark_id, {
            layer: layer, kind: kind, says: says, mark_class: "class", integrity: integrity, signer_trust: signer_trust,
            language: language, exactness: exactness, height_ratio: round(height_ratio, 3), contrast: round(contrast),
            first_ms: round(first_ms, -2), shown_ms: round(shown_ms, -2), beside: beside,
            value: CASE WHEN exactness IS NOT NULL THEN value END, facts: map_from_entries(list_transform(
                list_filter(map_entries(coalesce(facts, MAP {})), lambda one: one.value <> '' AND list_contains($facts, one.key)),
                lambda one: {k: one.key, v: CASE WHEN one.key IN ('copies', 'certainty') THEN one.value ELSE 'present' END}
            ))
        } AS mark
        FROM item_marks
    )
    GROUP BY ALL
)
SELECT item.scan_id, item.segment_id, item.content_sha256, item.uri, item.member_path, item.examination,
       coalesce(marked.mark_ids, []) AS mark_ids, to_json({
    outcome: item.outcome, reason: item.reason,
    media_type: CASE WHEN item.media_type LIKE 'video/%' THEN 'video/' WHEN item.media_type IS NOT NULL THEN 'image/' END,
    levels: list_transform(item.scores, lambda one: one.level),
    layers: list_sort(list_distinct(list_transform(
        list_filter(item.layers, lambda note: note.layer <> 'caption' OR NOT starts_with(coalesce(note.detail, ''), 'bad_')),
        lambda note: [note.layer, note.status]
    ))),
    depicts_person: item.depicts_person, presented_as_product: item.presented_as_product,
    publisher: left(item.publisher, 100),
    -- The day is all that counts; where an offset is told, the judge makes it that of UTC.
    published_at: CASE WHEN regexp_matches(item.published_at, 'T.*[+-]\d\d:?\d\d$') THEN item.published_at ELSE left(item.published_at, 10) END,
    captured_at: CASE WHEN regexp_matches(item.captured_at, 'T.*[+-]\d\d:?\d\d$') THEN item.captured_at ELSE left(item.captured_at, 10) END,
    marks: coalesce(marked.marks, [])
})::VARCHAR AS facts
FROM places_latest AS item LEFT JOIN marked ON marked.uri = item.uri AND marked.member_path IS NOT DISTINCT FROM item.member_path
