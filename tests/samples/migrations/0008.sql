INSERT INTO discord_guild (team, met_at, left_at) VALUES ('discord:1100', 1750000000000, NULL);
INSERT INTO discord_guild (team, met_at, left_at) VALUES ('discord:1101', 1750000000000, 1750000001000);
INSERT INTO discord_shard (team, shard, shards, session, resume_url, seq, live_until)
VALUES ('discord:bot-1200', 0, 1, 'a1b2', 'wss://gateway.example', 42, 1750000000000);
INSERT INTO discord_commands (team, hash) VALUES ('discord:bot-1200', '00112233445566778899aabbccddeeff');
