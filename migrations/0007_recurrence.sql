-- How the errors of a team stand, as far as public channels tell. An error that stayed away for 14 days counts as resolved without
-- a change here; see store::recurrence.

-- new, recurring, resolved or reopened; absent: only private channels met it.
ALTER TABLE error ADD COLUMN state TEXT;
-- Since when.
ALTER TABLE error ADD COLUMN state_at BIGINT;
-- When a public channel met it first.
ALTER TABLE error ADD COLUMN public_at BIGINT;
-- When it came, or came back: from then on the time to a fix is counted.
ALTER TABLE error ADD COLUMN opened_at BIGINT;
-- When somebody said that it was fixed, the last time.
ALTER TABLE error ADD COLUMN resolved_at BIGINT;
-- Keyed hash of whoever met it first.
ALTER TABLE error ADD COLUMN first_by TEXT;
-- Under which id the platform knows a fix's author, who is asked to look at it when it fails.
ALTER TABLE fix ADD COLUMN author_id TEXT;
CREATE INDEX error_by_resolved ON error (team, resolved_at);

UPDATE error SET state = CASE WHEN seen > 1 THEN 'recurring' ELSE 'new' END, state_at = last_at, public_at = first_at,
    opened_at = first_at WHERE seen > 0;
