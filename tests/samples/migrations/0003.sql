INSERT INTO draft (team, id, body, drafted_at) VALUES
('local', '0193a1', '{"to":{"team":"local","channel":"general"},"content":{"blocks":[{"say":[{"text":"hello"}]}],"rows":[]}}', 1750000000000);
