-- From version 8 to 9.

-- Retention: which jobs have lost their content, and the indexes that make removing cheap.
ALTER TABLE job ADD COLUMN pruned_at INTEGER;
CREATE INDEX job_ended ON job (ended_at, id) WHERE ended_at IS NOT NULL AND pruned_at IS NULL;
CREATE INDEX charge_attempt ON charge (attempt) WHERE attempt IS NOT NULL;

-- Drafts and media: two more kinds of API calls.
INSERT INTO api_call_kind (kind) VALUES ('drafts'), ('media_check');
CREATE INDEX api_call_media ON api_call (account, parameters) WHERE kind = 'media_check';
