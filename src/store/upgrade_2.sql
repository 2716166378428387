-- From version 1 to version 2. What is new stands here as in schema.sql; new columns come last.

ALTER TABLE account ADD COLUMN known_at INTEGER;
-- Accounts of a database that is in use are not new to it.
UPDATE account SET known_at = (SELECT created_at FROM daemon);

ALTER TABLE external_send ADD COLUMN day_known INTEGER NOT NULL DEFAULT 1 CHECK (day_known IN (0, 1));

ALTER TABLE attention ADD COLUMN until_at INTEGER;

-- What persons decided about accounts and the ledger; decisions about a job stand in its story.
CREATE TABLE decision (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    who           TEXT NOT NULL,
    what          TEXT NOT NULL CHECK (what IN ('hold', 'resume', 'record', 'return')),
    -- Null is every account.
    account       TEXT,
    why           TEXT,
    -- The entry of the ledger that it is about.
    charge        INTEGER REFERENCES charge (id),
    external_send INTEGER REFERENCES external_send (id),
    -- An entry was made or returned, or none was: `record` with neither says that nothing was sent.
    CHECK (charge IS NULL OR external_send IS NULL),
    CHECK (what <> 'return' OR charge IS NOT NULL OR external_send IS NOT NULL)
) STRICT;

CREATE INDEX decision_account ON decision (account, at);
CREATE INDEX decision_charge ON decision (charge) WHERE charge IS NOT NULL;
CREATE INDEX decision_external ON decision (external_send) WHERE external_send IS NOT NULL;
