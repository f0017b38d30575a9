-- An error that was met in a private channel, and one that somebody resolved: the rows that the indexes still hold.
UPDATE error SET resolved_at = 1795530000000 WHERE fingerprint = (SELECT MIN(fingerprint) FROM error);
UPDATE error_channel SET private_at = last_at WHERE channel = (SELECT MAX(channel) FROM error_channel);
