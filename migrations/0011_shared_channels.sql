-- Channels that people of other organisations read, and since when that is known: what the team remembers is kept from them once.
CREATE TABLE shared_channel (
    team TEXT NOT NULL,
    channel TEXT NOT NULL,
    shared_at BIGINT NOT NULL,
    PRIMARY KEY (team, channel)
);
