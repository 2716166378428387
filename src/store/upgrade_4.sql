-- From version 3 to version 4. What is new stands here as in schema.sql.
-- Where a batch stands lies behind its body in the row, which may be 300 kB: what counts deliveries
-- finds the failed ones here.
CREATE INDEX batch_failed ON batch (account) WHERE state = 'failed';
CREATE INDEX batch_accepted ON batch (account, accepted_at) WHERE accepted_at IS NOT NULL;
