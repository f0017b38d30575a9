-- One conversation, as the first version kept it: a row in every table.
INSERT INTO channel (team, channel, mode, bots_at, muted_until) VALUES
    ('local', 'general', NULL, 1795393203569, NULL);
INSERT INTO channel_day (team, day, channel, private_at, seen, answered, fixed, unhelpful, false_answers, secrets) VALUES
    ('local', 20780, 'general', NULL, 1, 1, 0, 1, 0, 0);
INSERT INTO error (team, fingerprint, code, cause, host, scope, package, operation, seen, first_at, last_at) VALUES
    ('local', 'v1-3a259bd957dd75be', 'E403', 'github_packages_token_scopes', 'npm.pkg.github.com', '@acme', '@acme/widget', 'install', 1, 1795393203546, 1795393203546);
INSERT INTO error_channel (team, channel, fingerprint, private_at, seen, first_at, last_at) VALUES
    ('local', 'general', 'v1-3a259bd957dd75be', NULL, 1, 1795393203546, 1795393203546);
INSERT INTO error_day (team, day, channel, fingerprint, private_at, seen) VALUES
    ('local', 20780, 'general', 'v1-3a259bd957dd75be', NULL, 1);
INSERT INTO error_person (team, fingerprint, who) VALUES
    ('local', 'v1-3a259bd957dd75be', 'd561a479158f9a03a5ca11e3a755f003');
INSERT INTO feedback (team, reply, who, kind, cause, fix, given_at) VALUES
    ('local', '01a205c62d60755984b676f0109031b4', 'd561a479158f9a03a5ca11e3a755f003', 'unhelpful', 'github_packages_token_scopes', NULL, 1795393203557);
INSERT INTO fix (team, id, breadth, value, family, cause, text, folded, author, who, channel, uses, helped, failed, saved_at, edited_at, helped_at) VALUES
    ('local', 1, 'scope', '@acme', 'E403', 'github_packages_token_scopes', 'Ask #platform for the role package-reader, then log in again.', 'ask #platform for the role package-reader, then log in again.
e403 @acme', 'alice', 'd561a479158f9a03a5ca11e3a755f003', NULL, 0, 0, 0, 1795393203564, 1795393203566, NULL);
INSERT INTO fix_edit (team, fix, edition, text, editor, who, edited_at) VALUES
    ('local', 1, 1, 'Ask #platform for the role package-reader.', 'alice', 'd561a479158f9a03a5ca11e3a755f003', 1795393203566);
INSERT INTO heard (team, channel, message, thread, who, gist, private_at, heard_at, deleted_at) VALUES
    ('local', 'general', 't-1', NULL, 'd561a479158f9a03a5ca11e3a755f003', 'v1-3a259bd957dd75be github_packages_token_scopes @acme/widget

', NULL, 1795393203546, NULL);
INSERT INTO inbox (team, event, received_at) VALUES
    ('local', 't-2', 1795393203557);
INSERT INTO inbox (team, event, received_at) VALUES
    ('local', 't-3', 1795393203564);
INSERT INTO inbox (team, event, received_at) VALUES
    ('local', 't-4', 1795393203566);
INSERT INTO inbox (team, event, received_at) VALUES
    ('local', 't-5', 1795393203568);
INSERT INTO inbox (team, event, received_at) VALUES
    ('local', 't-6', 1795393203569);
INSERT INTO inbox (team, event, received_at) VALUES
    ('local', 't-7', 1795393203570);
INSERT INTO lane (team, lane, platform, seq, due_at, owner, leased_until) VALUES
    ('local', 'general', 'terminal', 2, NULL, NULL, NULL);
INSERT INTO meta (name, value) VALUES
    ('people', '0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO mute (team, channel, fingerprint, muted_at, until) VALUES
    ('local', 'general', 'v1-0123456789abcdef', 1795393203570, NULL);
INSERT INTO occurrence (id, team, channel, message, ordinal, fingerprint, code, cause, host, scope, package, operation, who, private_at, seen_at, diagnosis) VALUES
    ('01a205c62d60755984b676f126d60448', 'local', 'general', 't-1', 0, 'v1-3a259bd957dd75be', 'E403', 'github_packages_token_scopes', 'npm.pkg.github.com', '@acme', '@acme/widget', 'install', 'd561a479158f9a03a5ca11e3a755f003', NULL, 1795393203546, '{"report":{"client":"npm","client_version":null,"code":"E403","status":403,"method":"GET","url":"https://npm.pkg.github.com/@acme%2fwidget","registry":{"kind":"github-packages","host":"npm.pkg.github.com","url":"https://npm.pkg.github.com/"},"operation":"install","target":"package","scope":"@acme","package":"@acme/widget","version":null,"challenge":null,"sent":null,"places":[],"said":[{"number":1,"text":"npm error code E403"},{"number":2,"text":"npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes."}],"around":[],"first_line":1,"last_line":2},"count":1,"causes":[{"id":"github_packages_token_scopes","confidence":"certain","weight":96,"evidence":[{"number":2,"text":"npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes."}],"set_aside":false},{"id":"generic_403_unknown","confidence":"possible","weight":30,"evidence":[{"number":2,"text":"npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes."}],"set_aside":false},{"id":"github_packages_unsupported_token","confidence":"possible","weight":30,"evidence":[{"number":2,"text":"npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes."}],"set_aside":false},{"id":"wrong_registry_selected","confidence":"possible","weight":24,"evidence":[{"number":2,"text":"npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes."}],"set_aside":false}],"unknown":["place"],"fingerprint":"v1-3a259bd957dd75be"}');
INSERT INTO reply (id, kind, team, channel, message, thread, fingerprint, answer, state, outcome, replied_at) VALUES
    ('01a205c62d60755984b676f0109031b4', 'answer', 'local', 'general', 't-1', NULL, 'v1-3a259bd957dd75be', '03haba30tclw0jux4weva0tlh', '{"answers":{},"tried":["github_packages_token_scopes"],"failed_fixes":[],"fix":null,"seen":1,"last":null}', NULL, 1795393203546);
INSERT INTO team (team, settings, next_fix, created_at) VALUES
    ('local', '{"admins":["3c9d1e6138c79153502b03236c288d89"]}', 2, 1795393203564);
INSERT INTO outbox (team, lane, seq, post_key, kind, body, due_at, attempts, parked_at, error, created_at) VALUES
    ('local', 'general', 3, '0bwm2p7x9k4c1d8e5f6g7h8i9', 'notice', '{}', 1795391658000, 10, 1795391658000, 'no such channel', 1795391658000);
