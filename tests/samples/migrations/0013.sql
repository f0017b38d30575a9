-- The digest of the next week is on its way.
INSERT INTO digest (team, week, channel, due_at, made_at, post_key) VALUES
    ('local', '2026-W48', 'general', 1795420800000, 1795420801000, '0bwm2p7x9k4c1d8e5f6g7h8j3');
