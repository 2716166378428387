-- From version 3 to version 4. What is new stands here as in schema.sql.

-- Files that the inbox refused, by their names there, until the name is taken or a person has seen it.
CREATE TABLE refused_file (
    name       TEXT PRIMARY KEY,
    refused_at INTEGER NOT NULL,
    -- How many things are wrong with it, and the line of the first one; 0 is the file as a whole.
    problems   INTEGER NOT NULL CHECK (problems > 0),
    line       INTEGER NOT NULL CHECK (line >= 0),
    -- Who has seen it.
    seen_at    INTEGER,
    seen_by    TEXT,
    CHECK ((seen_at IS NULL) = (seen_by IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX refused_file_open ON refused_file (refused_at) WHERE seen_at IS NULL;

ALTER TABLE daemon ADD COLUMN stopped_at INTEGER;
ALTER TABLE daemon ADD COLUMN taken_over_at INTEGER;
ALTER TABLE daemon ADD COLUMN file_at INTEGER;
ALTER TABLE daemon ADD COLUMN copied_at INTEGER;
ALTER TABLE daemon ADD COLUMN gap_from_at INTEGER;
ALTER TABLE daemon ADD COLUMN gap_to_at INTEGER CHECK ((gap_from_at IS NULL) = (gap_to_at IS NULL));
-- Version 3 did not write down how it stopped; its rule was the long absence alone.
UPDATE daemon SET stopped_at = seen_at;

ALTER TABLE job ADD COLUMN recall_until_at INTEGER;
CREATE INDEX job_recall ON job (account, due_at) WHERE recall_until_at IS NOT NULL;

ALTER TABLE account ADD COLUMN appid TEXT;
ALTER TABLE account ADD COLUMN barred_since_at INTEGER;
ALTER TABLE account ADD COLUMN barred_why TEXT CHECK ((barred_why IS NULL) = (barred_since_at IS NULL));
ALTER TABLE account ADD COLUMN barred_do TEXT CHECK ((barred_do IS NULL) = (barred_since_at IS NULL));
CREATE UNIQUE INDEX account_appid ON account (appid) WHERE appid IS NOT NULL;
CREATE TABLE former_name (
    name  TEXT PRIMARY KEY,
    appid TEXT NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE job ADD COLUMN written_for TEXT;
ALTER TABLE series ADD COLUMN written_for TEXT;

ALTER TABLE job ADD COLUMN title TEXT;
-- What was taken before is called after its content, as far as that tells more than an id.
UPDATE job SET title = CASE action
        WHEN 'speed' THEN 'speed ' || json_extract(parameters, '$.speed')
        WHEN 'delete' THEN 'delete ' || json_extract(parameters, '$.job')
        WHEN 'qrcode' THEN 'code ' || ifnull(json_extract(parameters, '$.scene.scene_str'),
            json_extract(parameters, '$.scene.scene_id'))
        WHEN 'menu' THEN (SELECT 'menu ' || group_concat(json_extract(value, '$.name'), ' / ')
            FROM json_each(job.parameters, '$.button'))
    END
    WHERE action <> 'broadcast' AND json_valid(parameters);
UPDATE job SET title = ifnull(json_extract(material, '$.articles[0].title'),
        json_extract(material, '$.caption.title'))
    WHERE json_valid(material);
UPDATE job SET title = (SELECT nullif(substr(text, 1, 20), '')
        FROM (SELECT trim(replace(replace(ifnull(json_extract(body, '$.text.content'),
                ifnull(json_extract(body, '$.images.title'), ifnull(json_extract(body, '$.images.recommend'),
                json_extract(body, '$.mpvideo.title')))), char(13), ''), char(10), ' ')) AS text
            FROM batch WHERE batch.job = job.id AND number = 0 AND json_valid(body)
            ORDER BY generation DESC LIMIT 1))
    WHERE title IS NULL AND action = 'broadcast';

-- What a person took out of attention, and what stood there then: anything else is new.
CREATE TABLE acknowledgement (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT,
    account  TEXT,
    job      TEXT,
    kind     TEXT NOT NULL,
    -- Tells notes of one kind apart that are about neither an account nor a job.
    subject  TEXT NOT NULL,
    since_at INTEGER NOT NULL,
    what     TEXT NOT NULL,
    -- The last line of the job's story then, where it is about how the job stands.
    story    INTEGER
) STRICT;

CREATE UNIQUE INDEX acknowledgement_one ON acknowledgement (ifnull(account, ''), ifnull(job, ''), kind, subject);

CREATE INDEX batch_accepted ON batch (account, accepted_at) WHERE accepted_at IS NOT NULL;

-- After the titles, which are read from the bodies where they stood.
CREATE TABLE body (
    batch    INTEGER PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE,
    -- The request's JSON without the clientmsgid, fixed when the job is taken.
    body     TEXT NOT NULL,
    -- The body with placeholders for what is uploaded; null where nothing is.
    template TEXT
) STRICT;
INSERT INTO body (batch, body, template) SELECT id, body, template FROM batch;
ALTER TABLE batch DROP COLUMN body;
ALTER TABLE batch DROP COLUMN template;

-- It is filled from the bodies once this script has run.
CREATE TABLE receiver (
    batch INTEGER NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    part  INTEGER NOT NULL CHECK (part BETWEEN 0 AND 15),
    keys  BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (batch, part)
) STRICT;

ALTER TABLE delivery RENAME TO delivery_3;
CREATE TABLE delivery (
    account TEXT NOT NULL,
    month   TEXT NOT NULL,
    batch   INTEGER NOT NULL REFERENCES batch (id),
    PRIMARY KEY (account, month, batch)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery (account, month, batch) SELECT DISTINCT account, month, batch FROM delivery_3;
DROP TABLE delivery_3;
