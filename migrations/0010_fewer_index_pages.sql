-- Each finding changes a page of each index: here go one that nobody reads, and the rows that nobody looks for of two others.
DROP INDEX error_by_seen;

DROP INDEX error_by_resolved;
CREATE INDEX error_by_resolved ON error (team, resolved_at) WHERE resolved_at IS NOT NULL;

-- What public channels met last is read from error itself.
DROP INDEX error_channel_by_last;
CREATE INDEX error_channel_by_last ON error_channel (team, channel, last_at) WHERE private_at IS NOT NULL;
