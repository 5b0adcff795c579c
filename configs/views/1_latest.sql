-- The views an analyst sees. stored_<table> are the tables' files as the Delta logs list them; a row counts only when its
-- segment was committed, which the table of segments alone decides.

-- What names a row of items or of verdicts in 16 bytes.
CREATE MACRO place(segment_id, uri, member_path) AS md5_number(concat_ws(chr(31), segment_id, uri, member_path));

-- How likely it is that AI made an item and its disclosure is missing, so that a person should look: 1 where the file itself
-- tells of AI; else the highest score of a detector, or one half, where findings disagree at least that.
CREATE MACRO chance(synthesis, evidence, score) AS CASE
    WHEN synthesis IN ('declared', 'traced') THEN 1.0
    WHEN synthesis = 'suspected' AND NOT list_contains([one.code FOR one IN evidence], 'sign_found') THEN coalesce(score, 0.5)
    ELSE greatest(coalesce(score, 0.5), 0.5)
END::DOUBLE;

CREATE VIEW segments AS
SELECT * FROM stored_segments;

-- level is what the first detector's answer stands for: null where nothing was examined, and never "clean".
CREATE VIEW items AS
SELECT stored_items.*, scores[1].level AS level FROM stored_items SEMI JOIN stored_segments USING (segment_id);

CREATE VIEW frames AS
SELECT stored_frames.* FROM stored_frames SEMI JOIN stored_segments USING (segment_id);

-- mark_id is what verdicts name marks by; earlier versions wrote none. The same as in transforms/marks/mark.py.
CREATE VIEW marks AS
SELECT stored_marks.* REPLACE (coalesce(mark_id, left(sha256(concat_ws(
    chr(31), content_sha256, layer, kind, locator, "offset", value_sha256, place_uri, place_member_path
)), 16)) AS mark_id)
FROM stored_marks SEMI JOIN stored_segments USING (segment_id);

-- segment_id is that of the row of items which was judged; all that was ever judged stays.
CREATE VIEW verdicts AS
SELECT stored_verdicts.* FROM stored_verdicts SEMI JOIN stored_segments USING (segment_id);

-- A scan is recorded when it starts and again when it ends; the end holds, also where the clock was set back meanwhile.
CREATE VIEW scans AS
SELECT * FROM stored_scans
QUALIFY row_number() OVER (PARTITION BY scan_id ORDER BY status = 'running', recorded_at DESC) = 1;

-- What is known of each place now: its last row, also when the place is gone. Commits are numbered, since clocks jump.
CREATE VIEW places_latest AS
SELECT items.*
FROM items JOIN stored_segments AS segment USING (segment_id)
QUALIFY row_number() OVER (
    PARTITION BY items.uri, items.member_path ORDER BY segment.sequence DESC
) = 1;

-- Which content stands for another that looks the same: as marked last, or null where none does any more.
CREATE VIEW stand_ins AS
SELECT content_sha256, duplicate_of FROM stored_near_duplicates
QUALIFY row_number() OVER (PARTITION BY content_sha256 ORDER BY sequence DESC) = 1;

-- Every decision of a person, also what was decided anew or withdrawn since.
CREATE VIEW reviews AS
SELECT * FROM stored_reviews;

-- What each reviewer says now of each content under each policy.
CREATE VIEW reviews_latest AS
SELECT * FROM (
    FROM reviews
    QUALIFY row_number() OVER (PARTITION BY content_sha256, policy, reviewer ORDER BY "sequence" DESC) = 1
)
WHERE decision <> 'withdrawn';

-- What the reviewers of a content say together: who is unsure does not contradict who is not.
CREATE VIEW decisions AS
SELECT content_sha256, policy, reviewers, decided_at,
       CASE len(said) WHEN 0 THEN 'unsure' WHEN 1 THEN said[1] ELSE 'disputed' END AS decision
FROM (
    SELECT content_sha256, policy, count(*) AS reviewers, max(decided_at) AS decided_at,
           coalesce(list(DISTINCT decision) FILTER (decision <> 'unsure'), []) AS said
    FROM reviews_latest GROUP BY ALL
);

-- With what stands for each: of a picture that was not examined since it looks like another, what stands for that other.
CREATE VIEW items_latest AS
SELECT latest.* REPLACE (
    nullif(coalesce(stand_ins.duplicate_of, latest.duplicate_of), latest.content_sha256) AS duplicate_of
), decided.review
FROM places_latest AS latest
LEFT JOIN stand_ins ON stand_ins.content_sha256 = coalesce(latest.duplicate_of, latest.content_sha256)
LEFT JOIN (
    -- Decided otherwise under another policy: verdicts_latest tells them apart.
    SELECT content_sha256, CASE count(DISTINCT decision) WHEN 1 THEN min(decision) ELSE 'several' END AS review
    FROM decisions GROUP BY ALL
) AS decided ON decided.content_sha256 = latest.content_sha256;

-- Every place of a picture that looks the same as another; the one that stands for a group has no duplicate_of.
CREATE VIEW near_duplicates AS
WITH now AS (SELECT * FROM items_latest WHERE outcome <> 'gone')
SELECT coalesce(duplicate_of, content_sha256) AS representative, now.*
FROM now WHERE duplicate_of IS NOT NULL OR content_sha256 IN (SELECT duplicate_of FROM now);

-- The frames of each content as each detector scored them last: a content that was examined again has older ones, too.
CREATE VIEW frames_latest AS
SELECT frames.*
FROM frames JOIN stored_segments AS segment USING (segment_id)
QUALIFY rank() OVER (
    PARTITION BY frames.content_sha256, frames.detector_digest ORDER BY segment.sequence DESC
) = 1;

-- The marks of each content as it is examined now: those of the examination that its latest row stands for. Beside them
-- the marks of each place, which name it in place_uri: text beside the file, as it was read for the place's latest row.
CREATE VIEW marks_latest AS
SELECT * FROM (
    SELECT marks.*
    FROM marks
    SEMI JOIN (SELECT * FROM places_latest WHERE outcome <> 'gone') AS now
        ON now.content_sha256 = marks.content_sha256 AND now.examination = marks.examination
    JOIN stored_segments AS segment USING (segment_id)
    WHERE marks.place_uri IS NULL
    QUALIFY rank() OVER (
        PARTITION BY marks.content_sha256, marks.examination ORDER BY segment.sequence DESC
    ) = 1
)
UNION ALL
SELECT marks.*
FROM marks
SEMI JOIN (SELECT * FROM places_latest WHERE outcome <> 'gone') AS now
    ON now.segment_id = marks.segment_id AND now.uri = marks.place_uri
    AND now.member_path IS NOT DISTINCT FROM marks.place_member_path;

-- The marks of each place as it is known now: those of its content, and those of the text beside it and no other place.
CREATE VIEW item_marks AS
SELECT item.uri, item.member_path, marks.* EXCLUDE (place_uri, place_member_path),
       marks.place_uri IS NOT NULL AS beside
FROM places_latest AS item JOIN marks_latest AS marks
    ON item.content_sha256 IS NOT DISTINCT FROM marks.content_sha256 AND item.examination = marks.examination
    AND (marks.place_uri IS NULL
         OR (marks.place_uri = item.uri AND marks.place_member_path IS NOT DISTINCT FROM item.member_path))
WHERE item.outcome <> 'gone';

-- What each detector says of the places as they are known now: those without a number stand beside those with a low one.
CREATE VIEW levels AS
SELECT answer.detector, answer.digest AS detector_digest, answer.level, count(*) AS items
FROM (SELECT unnest(scores) AS answer FROM places_latest WHERE outcome <> 'gone')
GROUP BY ALL
ORDER BY ALL;

-- What each policy makes of the places as they are known now: of what was judged of their latest rows, the last.
CREATE VIEW verdicts_latest AS
SELECT verdicts.*, decisions.decision AS review
FROM verdicts LEFT JOIN decisions USING (content_sha256, policy)
SEMI JOIN (SELECT * FROM places_latest WHERE outcome <> 'gone') AS now
    ON now.segment_id = verdicts.segment_id AND now.uri = verdicts.uri
    AND now.member_path IS NOT DISTINCT FROM verdicts.member_path
QUALIFY row_number() OVER (
    PARTITION BY verdicts.uri, verdicts.member_path, verdicts.policy ORDER BY verdicts.sequence DESC
) = 1;
