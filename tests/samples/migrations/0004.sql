-- A workspace that has the bot, one that had it, and an installation under way.
INSERT INTO install (team, enterprise, name, url, app, bot_user, bot_id, scopes, installer, token, installed_at, gone_at) VALUES
    ('slack:T0ACME', NULL, 'Acme', 'https://acme.slack.com/', 'A0NPMFIX', 'U0NPMFIX', 'B0NPMFIX', 'chat:write,commands',
     '00112233445566778899aabbccddeeff', '0badc0de.c2VhbGVkIHdpdGggYSBrZXkgdGhhdCBub2JvZHkgaGFz', 1795393203546, NULL),
    ('slack:E0GLOBEX', 'E0GLOBEX', 'Globex', NULL, 'A0NPMFIX', 'W0NPMFIX', NULL, 'chat:write,commands',
     NULL, NULL, 1795393203546, 1795397203546);
INSERT INTO install_begun (state, cookie, begun_at) VALUES
    ('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
     '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752', 1795393203546);
