-- People of another organisation read a channel of a workspace.
INSERT INTO shared_channel (team, channel, shared_at) VALUES ('slack:T0ACME', 'C0PARTNERS', 1795530000000);
