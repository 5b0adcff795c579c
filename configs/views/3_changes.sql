-- What changed between two scans. A scan stands for what the store knew when it ended, of all places, also of those that
-- it did not look at. Commits are numbered, since clocks jump; only a scan without a commit is placed by the time.

-- The last segment that counts, 0 where no scan is named; one that was killed has an end, too.
CREATE MACRO last_segment(scan) AS (
    SELECT CASE WHEN any_value(asked.scan_id) IS NOT NULL AND count(told.scan_id) = 0
        THEN error(concat('There is no scan ', any_value(asked.scan_id), '. See: aiqyn scans'))
        ELSE coalesce(
            max(segment.sequence) FILTER (segment.scan_id = told.scan_id),
            max(segment.sequence) FILTER (segment.committed_at <= told.recorded_at),
            0
        ) END
    FROM (SELECT scan AS scan_id) AS asked LEFT JOIN scans AS told USING (scan_id)
    LEFT JOIN stored_segments AS segment ON true
);

-- The last commit of verdicts that counts: scans that came to their end recorded it.
CREATE MACRO last_verdicts(scan) AS (
    SELECT coalesce(
        max(told.verdicts), max(verdict.sequence) FILTER (verdict.judged_at <= told.recorded_at), 0
    )
    FROM (SELECT scan AS scan_id) AS asked LEFT JOIN scans AS told USING (scan_id)
    LEFT JOIN (SELECT DISTINCT sequence, judged_at FROM stored_verdicts) AS verdict ON told.verdicts IS NULL
);

-- The last row of each place at the end of a scan, without places that were gone.
CREATE MACRO places_at(scan) AS TABLE
SELECT * FROM (
    SELECT items.*
    FROM items JOIN stored_segments AS segment USING (segment_id)
    WHERE segment.sequence <= last_segment(scan)
    QUALIFY row_number() OVER (PARTITION BY items.uri, items.member_path ORDER BY segment.sequence DESC) = 1
)
WHERE outcome <> 'gone';

-- What each policy made of them then.
CREATE MACRO verdicts_at(scan) AS TABLE
SELECT verdicts.*
FROM verdicts SEMI JOIN places_at(scan) AS place
    ON place.segment_id = verdicts.segment_id AND place.uri = verdicts.uri
    AND place.member_path IS NOT DISTINCT FROM verdicts.member_path
WHERE verdicts.sequence <= last_verdicts(scan)
QUALIFY row_number() OVER (
    PARTITION BY verdicts.uri, verdicts.member_path, verdicts.policy ORDER BY verdicts.sequence DESC
) = 1;

-- A row for each thing that changed: a place is new or gone; or it has another content, outcome or verdict.
CREATE MACRO changes(scan_a, scan_b) AS TABLE
WITH pair AS (
    SELECT coalesce(was.uri, now.uri) AS uri, coalesce(was.member_path, now.member_path) AS member_path,
           was.uri IS NULL AS is_new, now.uri IS NULL AS is_gone,
           was.content_sha256 AS content_before, now.content_sha256 AS content_after,
           concat_ws(': ', was.outcome, was.reason) AS before, concat_ws(': ', now.outcome, now.reason) AS after
    FROM places_at(scan_a) AS was FULL JOIN places_at(scan_b) AS now
        ON was.uri = now.uri AND was.member_path IS NOT DISTINCT FROM now.member_path
), verdict AS (
    SELECT coalesce(was.uri, now.uri) AS uri, coalesce(was.member_path, now.member_path) AS member_path,
           coalesce(was.policy, now.policy) AS policy, was.outcome AS before, now.outcome AS after
    FROM verdicts_at(scan_a) AS was FULL JOIN verdicts_at(scan_b) AS now
        ON was.uri = now.uri AND was.member_path IS NOT DISTINCT FROM now.member_path AND was.policy = now.policy
    WHERE was.outcome IS DISTINCT FROM now.outcome
)
SELECT 'new' AS change, uri, member_path, NULL::VARCHAR AS policy, NULL::VARCHAR AS before, after FROM pair WHERE is_new
UNION ALL SELECT 'gone', uri, member_path, NULL, before, NULL FROM pair WHERE is_gone
UNION ALL SELECT 'content', uri, member_path, NULL, content_before, content_after
    FROM pair WHERE NOT is_new AND NOT is_gone AND content_before IS DISTINCT FROM content_after
UNION ALL SELECT 'outcome', uri, member_path, NULL, before, after
    FROM pair WHERE NOT is_new AND NOT is_gone AND before <> after
UNION ALL SELECT 'verdict', verdict.uri, verdict.member_path, policy, verdict.before, verdict.after
    FROM verdict JOIN pair
        ON verdict.uri = pair.uri AND verdict.member_path IS NOT DISTINCT FROM pair.member_path
    WHERE NOT is_new AND NOT is_gone
ORDER BY ALL;

-- Of the last scan over the one before it; a scan that has not ended is none yet.
CREATE VIEW changes_latest AS
FROM changes(
    (SELECT scan_id FROM scans WHERE status <> 'running' ORDER BY started_at DESC, scan_id DESC LIMIT 1 OFFSET 1),
    (SELECT scan_id FROM scans WHERE status <> 'running' ORDER BY started_at DESC, scan_id DESC LIMIT 1)
);
