-- Whoever makes a digest looks for those that were not said: not among all that a team ever had.
CREATE INDEX digest_unsaid ON digest (team, week) WHERE outcome IS NULL;
