-- Where the bot is installed in Slack, and with which token.
CREATE TABLE install (
    -- slack:T… for a workspace, slack:E… for an organisation.
    team TEXT PRIMARY KEY,
    -- The organisation that it belongs to, as Slack writes it.
    enterprise TEXT,
    name TEXT,
    url TEXT,
    app TEXT,
    bot_user TEXT NOT NULL,
    bot_id TEXT,
    -- With commas between.
    scopes TEXT NOT NULL,
    -- Keyed hash of who installed it.
    installer TEXT,
    -- Sealed; see store::seal. Absent once the bot was uninstalled.
    token TEXT,
    -- For tokens that expire: what gets the next one, sealed, and when this one expires.
    refresh TEXT,
    expires_at BIGINT,
    installed_at BIGINT NOT NULL,
    -- Since when it is uninstalled. What the team had is kept for a while, in case it was by mistake.
    gone_at BIGINT
);
CREATE INDEX install_by_gone ON install (gone_at);

-- Installations that were begun. They belong to no team yet; hashes of what the browser and Slack bring back.
CREATE TABLE install_begun (
    state TEXT PRIMARY KEY,
    cookie TEXT NOT NULL,
    begun_at BIGINT NOT NULL
);
CREATE INDEX install_begun_by_time ON install_begun (begun_at);
