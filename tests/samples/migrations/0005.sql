-- A second failure of the message that was heard before, and the channel's last answer to the first.
INSERT INTO occurrence (team, channel, message, ordinal, fingerprint, code, cause, host, scope, package, operation, seen_at, diagnosis)
SELECT team, channel, message, 1, 'v1-bbbbbbbbbbbbbbbb', 'E401', NULL, 'npm.acme.example', '@acme', NULL, 'install', heard_at, NULL FROM heard;
