-- The places that a policy has to judge: those without a verdict of this content of its file, containers apart. They are
-- named by 16 bytes and by their segment's number, so that what is known of millions fits into little memory.
WITH known AS (
    SELECT segment_id, uri, member_path, max_by(
        policy_sha256 = $sha256 AND judged_with IS NOT DISTINCT FROM $judged_with AND NOT ($is_asked AND as_of <> $as_of)
        AND (decided_by = 'published' OR len(list_filter($days, lambda day:
             day > least(as_of, $as_of) AND day <= greatest(as_of, $as_of))) = 0),
        sequence
    ) AS is_current
    FROM verdicts GROUP BY ALL
)
SELECT place(segment_id, uri, member_path) AS place, segment.sequence
FROM places_latest JOIN stored_segments AS segment USING (segment_id) ANTI JOIN (FROM known WHERE is_current) AS known
    ON known.segment_id = places_latest.segment_id AND known.uri = places_latest.uri
    AND known.member_path IS NOT DISTINCT FROM places_latest.member_path
WHERE places_latest.outcome <> 'gone' AND places_latest.reason IS DISTINCT FROM 'container'
