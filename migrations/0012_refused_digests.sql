-- Whoever set a team's digest hears of it, once, when its channel refuses it.

-- Under which id the platform knows them.
ALTER TABLE schedule ADD COLUMN set_by TEXT;
-- Since when it was refused and why, in the platform's words; absent or before the last digest that was said: it is not.
ALTER TABLE schedule ADD COLUMN refused_at BIGINT;
ALTER TABLE schedule ADD COLUMN refused TEXT;
