-- From version 9 to 10.

-- Approvals: who gave them, and who handed a file in.
-- Who approved which content of a job. A change of the job removes them.
CREATE TABLE approval (
    job    TEXT NOT NULL REFERENCES job (id),
    -- The name alone: a person counts once, however an approval comes in.
    person TEXT NOT NULL,
    who    TEXT NOT NULL,
    why    TEXT,
    at     INTEGER NOT NULL,
    -- The digest of what was approved.
    digest TEXT NOT NULL,
    PRIMARY KEY (job, person)
) STRICT, WITHOUT ROWID;

-- Who approved the dates of a series up to a local date, also those without a job. An edit removes them.
CREATE TABLE series_approval (
    series TEXT NOT NULL REFERENCES series (id),
    person TEXT NOT NULL,
    who    TEXT NOT NULL,
    why    TEXT,
    at     INTEGER NOT NULL,
    until  TEXT NOT NULL,
    PRIMARY KEY (series, person)
) STRICT, WITHOUT ROWID;

-- Who handed in a file over the API or the console. Its name has a part of the digest of its content.
CREATE TABLE submission (
    file TEXT PRIMARY KEY,
    who  TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
