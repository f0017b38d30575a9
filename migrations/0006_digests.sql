-- When a team's weekly digest comes, and what became of each.
CREATE TABLE schedule (
    team TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    -- 1 for Monday to 7 for Sunday.
    weekday BIGINT NOT NULL,
    -- Minutes since local midnight.
    minute BIGINT NOT NULL,
    -- An IANA name.
    zone TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    off_at BIGINT
);

-- One row for each team and local week: that a week has one digest at most is the key's doing.
CREATE TABLE digest (
    team TEXT NOT NULL,
    -- By ISO 8601, as 2026-W47: sorts by time.
    week TEXT NOT NULL,
    channel TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    -- Of the outbox row that says it.
    post_key TEXT,
    -- sent, empty or late; absent: it is being said.
    outcome TEXT,
    ended_at BIGINT,
    PRIMARY KEY (team, week)
);
CREATE INDEX digest_by_key ON digest (team, post_key);

-- Rows of the outbox that are not said themselves: when they are due, others are made of them.
CREATE INDEX outbox_by_digest ON outbox (due_at) WHERE kind = 'digest';
CREATE INDEX outbox_by_followup ON outbox (due_at) WHERE kind = 'followup';

-- Answers led by a saved fix of which somebody said that they fixed it.
ALTER TABLE channel_day ADD COLUMN helped BIGINT NOT NULL DEFAULT 0;
