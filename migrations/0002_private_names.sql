-- What a private channel met is described there alone: an error's own description comes only from what public channels met.
ALTER TABLE error_channel ADD COLUMN cause TEXT;
ALTER TABLE error_channel ADD COLUMN scope TEXT;
ALTER TABLE error_channel ADD COLUMN package TEXT;
