-- Who met an error on a day stands with that day's count: a digest counts the people of its week, and a finding writes a row less.
CREATE TABLE met_day (
    team TEXT NOT NULL,
    -- UTC days since 1970.
    day BIGINT NOT NULL,
    channel TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    -- Keyed hash of whoever met it; empty: somebody who is not known any more.
    who TEXT NOT NULL,
    private_at BIGINT,
    seen BIGINT NOT NULL,
    PRIMARY KEY (team, day, channel, fingerprint, who)
);
INSERT INTO met_day (team, day, channel, fingerprint, who, private_at, seen)
SELECT o.team, o.seen_at / 86400000, o.channel, o.fingerprint, h.who, MAX(h.private_at), COUNT(*)
FROM occurrence o JOIN heard h ON h.team = o.team AND h.channel = o.channel AND h.message = o.message
GROUP BY o.team, o.seen_at / 86400000, o.channel, o.fingerprint, h.who;
-- What was counted and is not there any more was met by somebody, too.
INSERT INTO met_day (team, day, channel, fingerprint, who, private_at, seen)
SELECT d.team, d.day, d.channel, d.fingerprint, '', d.private_at, d.seen - COALESCE(m.seen, 0)
FROM error_day d LEFT JOIN (
    SELECT team, day, channel, fingerprint, CAST(SUM(seen) AS BIGINT) AS seen FROM met_day
    GROUP BY team, day, channel, fingerprint
) m ON m.team = d.team AND m.day = d.day AND m.channel = d.channel AND m.fingerprint = d.fingerprint
WHERE d.seen > COALESCE(m.seen, 0)
ON CONFLICT (team, day, channel, fingerprint, who) DO UPDATE SET seen = met_day.seen + excluded.seen;
DROP TABLE error_day;
DROP TABLE error_person;
ALTER TABLE met_day RENAME TO error_day;
