-- From version 5 to 6: what a waiting job owns follows from its due time and is not stored.

DROP TABLE claim;
DROP INDEX job_can_advance;
ALTER TABLE job ADD COLUMN not_before_at INTEGER;
-- A job that was deferred for another reason than the claims of others keeps its later time.
UPDATE job SET not_before_at = due_at
    WHERE wake_at IS NOT NULL AND can_advance = 0 AND due_at > planned_at;
ALTER TABLE job DROP COLUMN can_advance;
CREATE INDEX job_due ON job (account, due_at) WHERE wake_at IS NOT NULL;
CREATE INDEX job_code ON job (account, parameters) WHERE action = 'qrcode' AND wake_at IS NOT NULL;
CREATE INDEX job_deferred ON job (account) WHERE wake_at IS NOT NULL AND due_at > planned_at;
