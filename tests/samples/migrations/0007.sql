-- The error that was met is resolved by now.
UPDATE error SET state = 'resolved', state_at = 1795393203571, resolved_at = 1795393203571, first_by = 'd561a479158f9a03a5ca11e3a755f003'
    WHERE team = 'local' AND fingerprint = 'v1-3a259bd957dd75be';
UPDATE fix SET author_id = 'alice' WHERE team = 'local' AND id = 1;
