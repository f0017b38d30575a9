-- What a team's conversation needs to be remembered. Times are milliseconds since 1970 (UTC); a yes is the time since which
-- it holds. Every table carries the team. The same text runs on SQLite and on PostgreSQL.

-- Facts about the database itself: the key of the people's hashes.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE team (
    team TEXT PRIMARY KEY,
    -- JSON; see store::teams.
    settings TEXT NOT NULL,
    -- The number that the next saved fix gets.
    next_fix BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE channel (
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- auto, mention or off; absent: the platform's default.
    mode TEXT,
    -- Since when posts of other bots are answered.
    bots_at BIGINT,
    muted_until BIGINT,
    PRIMARY KEY (team, channel)
);

-- An error that is not to be answered in a channel.
CREATE TABLE mute (
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    muted_at BIGINT NOT NULL,
    -- Absent: for good.
    until BIGINT,
    PRIMARY KEY (team, channel, fingerprint)
);

-- A message that held a failure or a secret. Its text is not here.
CREATE TABLE heard (
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    message TEXT NOT NULL,
    thread TEXT,
    -- Keyed hash of the author.
    who TEXT NOT NULL,
    -- What was found, to tell an edit that changes the diagnosis from one that does not.
    gist TEXT NOT NULL,
    private_at BIGINT,
    heard_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (team, channel, message)
);
CREATE INDEX heard_by_who ON heard (team, who);

-- One failure of a message.
CREATE TABLE occurrence (
    id TEXT PRIMARY KEY,
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
    who TEXT NOT NULL,
    private_at BIGINT,
    seen_at BIGINT NOT NULL,
    -- JSON: fields, ranked causes and the redacted decisive lines. Absent once the message was deleted.
    diagnosis TEXT,
    UNIQUE (team, channel, message, ordinal)
);
CREATE INDEX occurrence_by_fingerprint ON occurrence (team, fingerprint, seen_at);
CREATE INDEX occurrence_by_who ON occurrence (team, who);

-- An error of a team: what it is, and how often public channels met it.
CREATE TABLE error (
    team TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    code TEXT NOT NULL,
    cause TEXT,
    host TEXT,
    scope TEXT,
    package TEXT,
    operation TEXT,
    seen BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (team, fingerprint)
);
CREATE INDEX error_by_last ON error (team, last_at);
CREATE INDEX error_by_seen ON error (team, seen);

-- The same by channel, private ones included.
CREATE TABLE error_channel (
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    private_at BIGINT,
    seen BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (team, channel, fingerprint)
);
CREATE INDEX error_channel_by_last ON error_channel (team, channel, last_at);

-- Who met an error, to count people.
CREATE TABLE error_person (
    team TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (team, fingerprint, who)
);
CREATE INDEX error_person_by_who ON error_person (team, who);

-- Counts by UTC day (days since 1970), for digests.
CREATE TABLE error_day (
    team TEXT NOT NULL,
    day BIGINT NOT NULL,
    channel TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    private_at BIGINT,
    seen BIGINT NOT NULL,
    PRIMARY KEY (team, day, channel, fingerprint)
);

-- Counts by UTC day and channel, for statistics.
CREATE TABLE channel_day (
    team TEXT NOT NULL,
    day BIGINT NOT NULL,
    channel TEXT NOT NULL,
    private_at BIGINT,
    seen BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    fixed BIGINT NOT NULL,
    unhelpful BIGINT NOT NULL,
    false_answers BIGINT NOT NULL,
    secrets BIGINT NOT NULL,
    PRIMARY KEY (team, day, channel)
);

-- An answer to a message, and how the conversation about it stands.
CREATE TABLE reply (
    id TEXT PRIMARY KEY,
    -- answer, or pointer: one line that names an earlier answer.
    kind TEXT NOT NULL,
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    message TEXT NOT NULL,
    thread TEXT,
    fingerprint TEXT NOT NULL,
    -- The platform's id of the answer, once it is posted.
    answer TEXT,
    -- JSON; see store::replies.
    state TEXT NOT NULL,
    -- fixed, dismissed, false or withdrawn.
    outcome TEXT,
    replied_at BIGINT NOT NULL,
    UNIQUE (team, channel, message)
);
CREATE INDEX reply_by_place ON reply (team, channel, fingerprint, replied_at);
CREATE INDEX reply_by_hour ON reply (team, channel, replied_at);

-- What people made of an answer; one row for each person and kind.
CREATE TABLE feedback (
    team TEXT NOT NULL,
    reply TEXT NOT NULL,
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT,
    fix BIGINT,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (team, reply, who, kind)
);
CREATE INDEX feedback_by_who ON feedback (team, who);

CREATE TABLE fix (
    team TEXT NOT NULL,
    -- Counted by the team, from 1.
    id BIGINT NOT NULL,
    -- package, scope or registry.
    breadth TEXT NOT NULL,
    value TEXT NOT NULL,
    -- The code family: E401, E403 ...
    family TEXT NOT NULL,
    -- The cause that was diagnosed when it was saved.
    cause TEXT,
    text TEXT NOT NULL,
    -- The text and the key in lower case, for searching.
    folded TEXT NOT NULL,
    author TEXT NOT NULL,
    -- Keyed hash of the author.
    who TEXT NOT NULL,
    -- The private channel it is kept to.
    channel TEXT,
    uses BIGINT NOT NULL,
    helped BIGINT NOT NULL,
    -- Not helped, since it last helped or was edited.
    failed BIGINT NOT NULL,
    saved_at BIGINT NOT NULL,
    edited_at BIGINT,
    helped_at BIGINT,
    PRIMARY KEY (team, id)
);
CREATE INDEX fix_by_value ON fix (team, family, value);
CREATE INDEX fix_by_who ON fix (team, who);

-- What a fix said before an edit.
CREATE TABLE fix_edit (
    team TEXT NOT NULL,
    fix BIGINT NOT NULL,
    -- Counted from 1.
    edition BIGINT NOT NULL,
    text TEXT NOT NULL,
    editor TEXT NOT NULL,
    who TEXT NOT NULL,
    edited_at BIGINT NOT NULL,
    PRIMARY KEY (team, fix, edition)
);

-- Platform events that were acted on: commands, clicks, edits and deletions.
CREATE TABLE inbox (
    team TEXT NOT NULL,
    event TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (team, event)
);
CREATE INDEX inbox_by_time ON inbox (received_at);

-- A destination, with its lease and its pace.
CREATE TABLE lane (
    team TEXT NOT NULL,
    lane TEXT NOT NULL,
    platform TEXT NOT NULL,
    -- The number of the last row put in.
    seq BIGINT NOT NULL,
    -- When the earliest row is due; absent: nothing waits.
    due_at BIGINT,
    -- Which worker holds it.
    owner TEXT,
    -- Nobody may take it before: the lease of its owner or, without one, the platform's pace or a wait after a failure.
    leased_until BIGINT,
    PRIMARY KEY (team, lane)
);
CREATE INDEX lane_by_due ON lane (platform, due_at);

-- What is to be said. A row goes when it is said.
CREATE TABLE outbox (
    team TEXT NOT NULL,
    lane TEXT NOT NULL,
    -- The order within the lane.
    seq BIGINT NOT NULL,
    -- Goes with the post, so that its echo can be told from others; at most 25 characters.
    post_key TEXT NOT NULL,
    -- post, edit, remove or notice.
    kind TEXT NOT NULL,
    -- The answer that is posted, edited or removed.
    reply TEXT,
    -- JSON; see store::outbox.
    body TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Since when a worker has been sending it: after a crash nobody knows whether it was said.
    sending_at BIGINT,
    -- Since when it has been set aside, and why.
    parked_at BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (team, lane, seq)
);
CREATE UNIQUE INDEX outbox_by_key ON outbox (post_key);
CREATE INDEX outbox_by_parked ON outbox (parked_at);
