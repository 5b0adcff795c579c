-- What analysts ask, over what is known now: places that are gone are in none of these.

-- One row for each content, that of the place which stands for it: examined before others, then known last, then first in
-- order. What could not be hashed is a content of its own in each of its places.
CREATE VIEW contents_latest AS
SELECT count(*) OVER (PARTITION BY content) AS places, item.* EXCLUDE (content, sequence)
FROM (
    SELECT coalesce(items_latest.content_sha256, concat_ws(chr(31), uri, member_path)) AS content, segment.sequence,
           items_latest.*
    FROM items_latest JOIN stored_segments AS segment USING (segment_id)
    WHERE outcome <> 'gone'
) AS item
QUALIFY row_number() OVER (
    PARTITION BY content ORDER BY outcome <> 'examined', sequence DESC, uri, member_path NULLS FIRST
) = 1;

-- Every place of bytes that lie in several.
CREATE VIEW duplicates AS
SELECT count(*) OVER (PARTITION BY content_sha256) AS places, items_latest.*
FROM items_latest
WHERE outcome <> 'gone' AND content_sha256 IS NOT NULL
QUALIFY places > 1;

-- Why places were not examined. What is no gap was not to be examined: no media, containers, what was to be skipped.
CREATE VIEW failures AS
SELECT outcome, reason, reason NOT IN ('not_media', 'container', 'near_duplicate') AS is_gap, count(*) AS items,
       count(DISTINCT content_sha256) AS contents, sum(size_bytes)::BIGINT AS size_bytes,
       arg_min(detail, concat_ws('!/', uri, member_path)) AS detail, min(concat_ws('!/', uri, member_path)) AS example
FROM items_latest
WHERE outcome NOT IN ('examined', 'gone')
GROUP BY ALL
ORDER BY is_gap DESC, items DESC, reason;

-- How far each layer of the examination came with the media. Where it noted nothing it either read all or was off in the
-- scan's profile, which rows do not tell; of detectors and faces they do.
CREATE VIEW layer_coverage AS
WITH media AS (
    SELECT place(segment_id, uri, member_path) AS place, media_type, outcome, scores, layers, depicts_person
    FROM items_latest WHERE outcome <> 'gone' AND (reason IS NULL OR reason NOT IN ('container', 'not_media'))
), known AS (
    SELECT unnest(['frames', 'marks', 'c2pa', 'watermark', 'visible_label', 'caption', 'faces']) AS layer
    UNION SELECT 'detector:' || unnest(scores).detector FROM media
    UNION SELECT unnest(layers).layer FROM media
), told AS (
    SELECT place, layer, outcome, scores, depicts_person,
           list_filter(layers, lambda note: note.layer = known.layer) AS notes
    FROM media CROSS JOIN known
    WHERE layer <> 'watermark' OR media_type LIKE 'image/%' OR outcome <> 'examined'
)
SELECT layer, note.status, count(DISTINCT place) AS items, min(note.detail) AS example
FROM (
    SELECT place, layer, unnest(CASE WHEN len(notes) > 0 THEN [{status: one.status, detail: one.detail} FOR one IN notes]
        ELSE [{status: CASE
            WHEN outcome <> 'examined' THEN 'not_examined'
            WHEN layer = 'faces' THEN CASE WHEN depicts_person IS NULL THEN 'not_checked' ELSE 'read' END
            WHEN starts_with(layer, 'detector:') THEN CASE WHEN list_contains(
                [one.detector FOR one IN scores IF one.calibrated IS NOT NULL], substr(layer, 10)
            ) THEN 'read' ELSE 'not_checked' END
            ELSE 'no_note' END, detail: NULL}] END) AS note
    FROM told
)
GROUP BY ALL
ORDER BY ALL;

-- Every place but containers under every policy of the store, with its verdict, null where it has none yet.
CREATE VIEW items_judged AS
SELECT policies.policy, verdict.outcome AS verdict, verdict.synthesis, verdict.scope, verdict.machine_mark,
       verdict.visible_warning, verdict.reasons, verdict.evidence, verdict.decided_on, verdict.decided_by,
       verdict.suppressed_by, item.* REPLACE (verdict.review AS review)
FROM items_latest AS item LEFT JOIN (SELECT DISTINCT policy FROM verdicts_latest) AS policies ON true
LEFT JOIN verdicts_latest AS verdict
    ON verdict.policy = policies.policy AND verdict.segment_id = item.segment_id AND verdict.uri = item.uri
    AND verdict.member_path IS NOT DISTINCT FROM item.member_path
WHERE item.outcome <> 'gone' AND item.reason IS DISTINCT FROM 'container';

-- What each publisher, as the context table names it, has on air; null where the table names none. Verdicts that someone
-- answers for are counted as suppressed only.
CREATE VIEW by_publisher AS
SELECT publisher, policy, count(*) AS items, count(DISTINCT content_sha256) AS contents,
       count(*) FILTER (outcome = 'examined') AS examined, count(*) FILTER (stands = 'disclosed') AS disclosed,
       count(*) FILTER (stands = 'partly_disclosed') AS partly_disclosed, count(*) FILTER (stands = 'not_disclosed') AS not_disclosed,
       count(*) FILTER (stands = 'review') AS review, count(*) FILTER (stands = 'out_of_scope') AS out_of_scope,
       count(*) FILTER (stands = 'not_assessable') AS not_assessable, count(suppressed_by) AS suppressed
FROM (SELECT CASE WHEN suppressed_by IS NULL THEN verdict END AS stands, * FROM items_judged)
WHERE reason IS DISTINCT FROM 'not_media'
GROUP BY ALL
ORDER BY publisher NULLS LAST, policy;

-- The same for each week, which begins on Monday: that of publication where the context table tells it, else that in which
-- a scan first saw the place. When it was captured tells neither: an old photograph may be on air today.
CREATE VIEW by_week AS
WITH first_seen AS (
    SELECT uri, member_path, min(segment.committed_at)::DATE AS day
    FROM items JOIN stored_segments AS segment USING (segment_id) WHERE outcome <> 'gone' GROUP BY ALL
), dated AS (
    SELECT TRY_CAST(left(published_at, 10) AS DATE) AS published, coalesce(published, first_seen.day) AS day,
           CASE WHEN suppressed_by IS NULL THEN verdict END AS stands, item.*
    FROM items_judged AS item LEFT JOIN first_seen
        ON first_seen.uri = item.uri AND first_seen.member_path IS NOT DISTINCT FROM item.member_path
    WHERE reason IS DISTINCT FROM 'not_media'
)
SELECT date_trunc('week', day)::DATE AS week, CASE WHEN published IS NULL THEN 'first_seen' ELSE 'published' END AS dated_by,
       policy, count(*) AS items, count(DISTINCT content_sha256) AS contents,
       count(*) FILTER (outcome = 'examined') AS examined, count(*) FILTER (stands = 'disclosed') AS disclosed,
       count(*) FILTER (stands = 'partly_disclosed') AS partly_disclosed, count(*) FILTER (stands = 'not_disclosed') AS not_disclosed,
       count(*) FILTER (stands = 'review') AS review, count(*) FILTER (stands = 'out_of_scope') AS out_of_scope,
       count(*) FILTER (stands = 'not_assessable') AS not_assessable, count(suppressed_by) AS suppressed
FROM dated
GROUP BY ALL
ORDER BY week, dated_by, policy;

-- What is missing of a disclosure, for which nobody answers: a row for each reason of the verdict, with its article.
CREATE VIEW undisclosed AS
SELECT policy, verdict, uri, member_path, reason.code, reason.article, reason.detail, reason.marks, synthesis, scope,
       machine_mark, visible_warning, content_sha256, media_type, title, publisher, published_at, url, segment_id
FROM (SELECT * EXCLUDE (reason, detail) FROM items_judged) AS item
LEFT JOIN LATERAL (SELECT unnest(item.evidence) AS reason) ON true
WHERE verdict IN ('not_disclosed', 'partly_disclosed') AND suppressed_by IS NULL;

-- What a person should look at first: contents by what a decision is worth, which is the chance that it matters times the
-- places that it settles, those of near-duplicates included.
CREATE VIEW review_queue AS
WITH waiting AS (
    SELECT chance(synthesis, evidence, best) AS chance, *
    FROM (SELECT list_max([one.calibrated FOR one IN scores]) AS best, * FROM items_judged)
    WHERE verdict IN ('review', 'not_disclosed') AND suppressed_by IS NULL AND content_sha256 IS NOT NULL
      AND (review IS NULL OR review IN ('unsure', 'disputed'))
), contents AS (
    SELECT content_sha256, coalesce(max(duplicate_of), content_sha256) AS representative,
           count(DISTINCT place(segment_id, uri, member_path)) AS places, max(chance) AS chance, max(best) AS score,
           list_sort(list_distinct(list(policy))) AS policies, min(verdict) AS verdict,
           list_sort(list_distinct(flatten(list(reasons)))) AS reasons,
           unnest(min({uri: uri, member_path: coalesce(member_path, ''), media_type: media_type}))
    FROM waiting GROUP BY content_sha256
), reached AS (
    SELECT sum(places) OVER (PARTITION BY representative)::BIGINT - places AS alike, chance * (places + alike) AS value, *
    FROM contents
)
SELECT row_number() OVER (ORDER BY value DESC, content_sha256) AS position, value, chance, places, alike, content_sha256,
       uri, nullif(member_path, '') AS member_path, media_type, verdict, policies, reasons, score
FROM reached
ORDER BY position;
