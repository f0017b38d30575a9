-- A digest every Monday: one was said, one had nothing to say, and the next is planned.
INSERT INTO schedule (team, channel, weekday, minute, zone, set_at, off_at) VALUES
    ('local', 'general', 1, 540, 'Europe/Berlin', 1795393203571, NULL);
INSERT INTO digest (team, week, channel, due_at, made_at, post_key, outcome, ended_at) VALUES
    ('local', '2026-W46', 'general', 1794211200000, 1794211201000, NULL, 'empty', 1794211201000),
    ('local', '2026-W47', 'general', 1794816000000, 1794816001000, '0bwm2p7x9k4c1d8e5f6g7h8j1', 'sent', 1794816002000);
INSERT INTO outbox (team, lane, seq, post_key, kind, body, due_at, attempts, created_at) VALUES
    ('local', 'weekly digest', 1, '0bwm2p7x9k4c1d8e5f6g7h8j2', 'digest', '2026-W48', 1795420800000, 0, 1794816001000);
