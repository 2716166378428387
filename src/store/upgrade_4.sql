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
