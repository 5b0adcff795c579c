-- What a reviewer's desk holds: the contents that wait for a person under one policy or were decided on, and all that is
-- known of them. Each table takes the place of the view of its name, so that the views above it stand over it.

CREATE TEMP TABLE stored_reviews AS SELECT * FROM stored_reviews WHERE policy = getvariable('policy');

-- Every verdict of a content of which one waits: places differ in the text beside them.
CREATE TEMP TABLE verdicts_latest AS
SELECT * EXCLUDE (review) FROM verdicts_latest
WHERE policy = getvariable('policy') AND content_sha256 IS NOT NULL
QUALIFY bool_or(
    (outcome IN ('review', 'not_disclosed', 'partly_disclosed') AND suppressed_by IS NULL)
    OR content_sha256 IN (SELECT content_sha256 FROM reviews_latest)
) OVER (PARTITION BY content_sha256);

CREATE TEMP TABLE places_latest AS
SELECT * FROM places_latest WHERE content_sha256 IN (SELECT content_sha256 FROM verdicts_latest);

-- One row a content, the place that is least disclosed first; those that the view review_queue names first, in its order.
CREATE TEMP TABLE queue AS
SELECT row_number() OVER (
    ORDER BY outcome IN ('review', 'not_disclosed') DESC, chance * (places + alike) DESC, content_sha256
) AS "position", * EXCLUDE (chance, alike)
FROM (
    SELECT sum(places) OVER (PARTITION BY representative, outcome IN ('review', 'not_disclosed')) - places AS alike,
           * EXCLUDE (representative)
    FROM (
        SELECT verdict.content_sha256, verdict.uri, verdict.member_path, verdict.outcome, verdict.synthesis,
               verdict.policy_sha256, verdict.judgement, item.score, item.media_type,
               count(*) OVER (PARTITION BY verdict.content_sha256) AS places,
               coalesce(item.duplicate_of, item.content_sha256) AS representative,
               chance(verdict.synthesis, verdict.evidence, list_max([one.calibrated FOR one IN item.scores])) AS chance
        FROM verdicts_latest AS verdict JOIN items_latest AS item
            ON item.uri = verdict.uri AND item.member_path IS NOT DISTINCT FROM verdict.member_path
        QUALIFY row_number() OVER (
            PARTITION BY verdict.content_sha256
            ORDER BY coalesce(list_position(['review', 'not_disclosed', 'partly_disclosed'], verdict.outcome), 9),
                     verdict.uri, verdict.member_path NULLS FIRST
        ) = 1
    )
);

CREATE TEMP TABLE items_latest AS SELECT * FROM items_latest;
CREATE TEMP TABLE item_marks AS SELECT * FROM item_marks;
CREATE TEMP TABLE frames AS SELECT * FROM frames WHERE content_sha256 IN (SELECT content_sha256 FROM queue);
CREATE TEMP TABLE frames_latest AS
SELECT content_sha256, timestamp_ms, detector_digest, score FROM frames_latest;
DROP TABLE frames;
