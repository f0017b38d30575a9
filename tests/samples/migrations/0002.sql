-- An error that only a private channel has met, described there.
INSERT INTO error (team, fingerprint, code, host, seen, first_at, last_at) VALUES
    ('local', 'v1-aaaaaaaaaaaaaaaa', 'E401', 'npm.acme.example', 0, 1795393203546, 1795393203546);
INSERT INTO error_channel (team, channel, fingerprint, private_at, seen, first_at, last_at, cause, scope, package) VALUES
    ('local', 'secret', 'v1-aaaaaaaaaaaaaaaa', 1795393203546, 2, 1795393203546, 1795393203546, NULL, '@acme', '@acme/takeover');
