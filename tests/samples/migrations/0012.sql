-- The bot was taken out of the digest's channel.
UPDATE schedule SET set_by = 'alice', refused_at = 1794816003000, refused = 'not_in_channel' WHERE team = 'local';
