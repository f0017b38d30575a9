-- Another person met the error on the next day.
INSERT INTO error_day (team, day, channel, fingerprint, who, private_at, seen) VALUES
    ('local', 20781, 'general', 'v1-3a259bd957dd75be', 'c8a1b0d2e4f60718293a4b5c6d7e8f90', NULL, 2);
