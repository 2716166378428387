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

-- One-time links to approve a job. Whoever reads a row can use no link: it has the token's digest only.
CREATE TABLE approval_link (
    token_sha256 TEXT PRIMARY KEY,
    job          TEXT NOT NULL REFERENCES job (id),
    -- Whose approval it is.
    person       TEXT NOT NULL,
    -- The digest of the content that it approves.
    digest       TEXT NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX approval_link_job ON approval_link (job);
