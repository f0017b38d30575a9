-- What somebody was answered alone and may yet share with their channel.
CREATE TABLE draft (
    team TEXT NOT NULL,
    id TEXT NOT NULL,
    -- JSON; see bot::say.
    body TEXT NOT NULL,
    drafted_at BIGINT NOT NULL,
    PRIMARY KEY (team, id)
);
CREATE INDEX draft_by_time ON draft (drafted_at);

-- Commands that are given in a thread are about its last answer.
CREATE INDEX reply_by_thread ON reply (team, channel, thread) WHERE thread IS NOT NULL;
