-- Less is written for each finding. Keys made of text that begins anywhere are what costs most: each new one changes a page
-- of its own.

-- A failure is found by its message, and its author and privacy are the message's.
CREATE TABLE failure (
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    message TEXT NOT NULL,
    -- Its place among the failures of the message, from 0.
    ordinal BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    code TEXT NOT NULL,
    cause TEXT,
    host TEXT,
    scope TEXT,
    package TEXT,
    operation TEXT,
    seen_at BIGINT NOT NULL,
    -- JSON: fields, ranked causes and the redacted decisive lines. Absent once the message was deleted.
    diagnosis TEXT,
    PRIMARY KEY (team, channel, message, ordinal)
);
INSERT INTO failure (team, channel, message, ordinal, fingerprint, code, cause, host, scope, package, operation, seen_at, diagnosis)
SELECT team, channel, message, ordinal, fingerprint, code, cause, host, scope, package, operation, seen_at, diagnosis
FROM occurrence;
DROP TABLE occurrence;
ALTER TABLE failure RENAME TO occurrence;

-- The last full answer to an error in a channel stands with the channel's counts of it.
ALTER TABLE error_channel ADD COLUMN reply TEXT;
UPDATE error_channel SET reply = (
    SELECT reply.id FROM reply
    WHERE reply.team = error_channel.team AND reply.channel = error_channel.channel
    AND reply.fingerprint = error_channel.fingerprint AND reply.kind = 'answer'
    ORDER BY reply.replied_at DESC, reply.id DESC LIMIT 1
);
DROP INDEX reply_by_place;

-- Few rows are ever set aside.
DROP INDEX outbox_by_parked;
CREATE INDEX outbox_by_parked ON outbox (parked_at) WHERE parked_at IS NOT NULL;
