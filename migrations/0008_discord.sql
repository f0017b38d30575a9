-- Servers that the bot is or was in.
CREATE TABLE discord_guild (
    team TEXT PRIMARY KEY,
    met_at BIGINT NOT NULL,
    -- Since when it is not in it any more; what is stored goes some days later.
    left_at BIGINT
);

-- Where each part of the bot's connection stands, so that a restart goes on from there. The team is the bot's own.
CREATE TABLE discord_shard (
    team TEXT NOT NULL,
    shard BIGINT NOT NULL,
    -- Of how many; with another number, everything begins anew.
    shards BIGINT NOT NULL,
    session TEXT,
    resume_url TEXT,
    -- The last event that was dealt with.
    seq BIGINT,
    -- Everything up to this time was heard.
    live_until BIGINT,
    PRIMARY KEY (team, shard, shards)
);

-- The commands that Discord was told about last. The team is the bot's own.
CREATE TABLE discord_commands (
    team TEXT PRIMARY KEY,
    hash TEXT NOT NULL
);
