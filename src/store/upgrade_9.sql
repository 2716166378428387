-- From version 8 to 9.

-- Drafts and media: two more kinds of API calls.
INSERT INTO api_call_kind (kind) VALUES ('drafts'), ('media_check');
CREATE INDEX api_call_media ON api_call (account, parameters) WHERE kind = 'media_check';
