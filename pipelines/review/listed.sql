-- What was decided, and the queue with it; made anew after each decision. Whoever is unsure has decided, too.
CREATE OR REPLACE TEMP TABLE reviews_latest AS SELECT * FROM memory.main.reviews_latest;
CREATE OR REPLACE TEMP TABLE decisions AS SELECT * FROM memory.main.decisions;

CREATE OR REPLACE TEMP TABLE listed AS
SELECT queue.*, mine.decision AS mine, decided.decision AS together, coalesce(decided.reviewers, 0) AS reviewers
FROM queue
LEFT JOIN (SELECT * FROM reviews_latest WHERE reviewer = getvariable('reviewer')) AS mine USING (content_sha256)
LEFT JOIN decisions AS decided USING (content_sha256);
