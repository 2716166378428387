-- From version 2 to version 3. What is new stands here as in schema.sql.

-- Who follows an account and who has its tags, as the platform last listed them. An OpenID is kept
-- as the first bytes of its digest; its place among those of its shard is its number, for ever.
CREATE TABLE follower_shards (
    account TEXT PRIMARY KEY,
    -- A power of two, by how many followed when they were first read.
    shards  INTEGER NOT NULL CHECK (shards BETWEEN 1 AND 256)
) STRICT, WITHOUT ROWID;

CREATE TABLE follower (
    account TEXT NOT NULL,
    shard   INTEGER NOT NULL,
    keys    BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (account, shard)
) STRICT;

-- One reading of the followers and of every tag.
CREATE TABLE reading (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('asking', 'counting', 'complete', 'replaced', 'failed')),
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- It goes on no sooner.
    next_at  INTEGER NOT NULL,
    -- Questions in a row without a clear answer.
    tries    INTEGER NOT NULL DEFAULT 0,
    -- The next shard to be counted.
    shard    INTEGER NOT NULL DEFAULT 0,
    why      TEXT,
    CHECK ((state IN ('asking', 'counting')) = (ended_at IS NULL)),
    CHECK (state <> 'failed' OR why IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX reading_open ON reading (account) WHERE state IN ('asking', 'counting');
CREATE UNIQUE INDEX reading_complete ON reading (account) WHERE state = 'complete';
CREATE INDEX reading_over ON reading (account) WHERE state IN ('replaced', 'failed');
CREATE INDEX reading_account ON reading (account, begun_at);

CREATE TABLE reading_set (
    reading     INTEGER NOT NULL REFERENCES reading (id),
    -- The tag's id; -1 is all followers.
    tag         INTEGER NOT NULL,
    name        TEXT NOT NULL,
    -- How many there are by the platform's own count, and how many it listed.
    told        INTEGER NOT NULL DEFAULT 0,
    listed      INTEGER NOT NULL DEFAULT 0,
    -- How many of those are different ones.
    members     INTEGER NOT NULL DEFAULT 0,
    parts       INTEGER NOT NULL DEFAULT 0,
    next_openid TEXT NOT NULL DEFAULT '',
    -- The last page was empty.
    ended       INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    PRIMARY KEY (reading, tag)
) STRICT, WITHOUT ROWID;

-- What was listed and is not counted yet.
CREATE TABLE reading_part (
    reading INTEGER NOT NULL REFERENCES reading (id),
    tag     INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    keys    BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (reading, tag, part, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    reading INTEGER NOT NULL REFERENCES reading (id),
    tag     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    numbers BLOB NOT NULL,
    PRIMARY KEY (reading, tag, shard)
) STRICT;

-- Who certainly received one, two, three and four broadcasts of a month: four bitmaps a row.
CREATE TABLE received (
    account TEXT NOT NULL,
    month   TEXT NOT NULL,
    shard   INTEGER NOT NULL,
    levels  BLOB NOT NULL,
    PRIMARY KEY (account, month, shard)
) STRICT;

-- The audience of an accepted batch as it was known then. It is marked in `received` once the
-- platform says that the batch went out.
CREATE TABLE audience (
    batch    INTEGER PRIMARY KEY REFERENCES batch (id),
    account  TEXT NOT NULL,
    month    TEXT NOT NULL,
    -- The reading that it is known from; null where there is none.
    reading  INTEGER,
    -- Whether that reading was whole and fresh.
    exact    INTEGER NOT NULL CHECK (exact IN (0, 1)),
    shard    INTEGER NOT NULL DEFAULT 0,
    done     INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    -- What was expected of it when it was accepted: how many there were, and how many of them had
    -- their four, certainly and possibly.
    members  INTEGER,
    full     INTEGER,
    possible INTEGER,
    CHECK (reading IS NOT NULL OR (exact = 0 AND done = 1)),
    CHECK ((members IS NULL) = (full IS NULL) AND (members IS NULL) = (possible IS NULL))
) STRICT;

CREATE INDEX audience_month ON audience (account, month);
CREATE INDEX audience_open ON audience (account) WHERE done = 0;
CREATE INDEX audience_reading ON audience (reading) WHERE done = 0;

-- Accounts whose followers and tags are to be read.
CREATE TABLE reading_wish (
    account  TEXT PRIMARY KEY,
    since_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Recurring jobs. Each of their dates becomes a job of its own, with the id ID@DATE.
CREATE TABLE series (
    id       TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 53),
    account  TEXT NOT NULL REFERENCES account (name),
    -- Of a lost one an earlier database knew more: no date of it is made until a person says so.
    state    TEXT NOT NULL CHECK (state IN ('active', 'cancelled', 'lost')),
    cron     TEXT NOT NULL,
    zone     TEXT NOT NULL,
    -- Its bounds, as the zone's clocks show them.
    first    TEXT,
    last     TEXT,
    -- What each of its dates is, but for its id and time, as JSON.
    job      TEXT NOT NULL,
    digest   TEXT NOT NULL,
    file     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    -- When this version of it was taken: it has no dates before that.
    taken_at INTEGER NOT NULL,
    -- The first date that has no job yet; null where there is none left.
    next_at  INTEGER,
    -- Who cancelled it or let it go on, and why.
    why      TEXT,
    CHECK (state <> 'cancelled' OR why IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX series_active ON series (account) WHERE state = 'active';

-- Which job is which date of a series. A date that was made once is never made again.
CREATE TABLE occurrence (
    series    TEXT NOT NULL REFERENCES series (id),
    date      TEXT NOT NULL CHECK (length(date) = 10),
    job       TEXT NOT NULL UNIQUE REFERENCES job (id),
    -- An edit left the date out before it was asked for: a later one may have it again.
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (series, date),
    CHECK (job = series || '@' || date)
) STRICT, WITHOUT ROWID;

-- Nobody knows whom the last weeks' broadcasts reached.
INSERT INTO audience (batch, account, month, reading, exact, done)
SELECT id, account, strftime('%Y-%m', accepted_at / 1000 + 28800, 'unixepoch'), NULL, 0, 1
FROM batch WHERE accepted_at > (SELECT max(accepted_at) FROM batch) - 2764800000;

-- Menus and QR codes are errands too: a CHECK of `errand` changed, so the table is made anew under its
-- own name. What refers to its rows waits until they are back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE errand_2 AS SELECT * FROM errand;
DROP TABLE errand;

CREATE TABLE errand (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('preview', 'delete', 'speed_get', 'speed_set', 'menu',
                   'qrcode')),
    -- Who wants it: a person, a job before its broadcast, or a job that does nothing else.
    role       TEXT NOT NULL CHECK (role IN ('command', 'prelude', 'action')),
    -- The job in whose story it stands.
    job        TEXT REFERENCES job (id),
    -- The broadcast that is deleted.
    batch      INTEGER REFERENCES batch (id),
    parameters TEXT NOT NULL,
    who        TEXT,
    why        TEXT,
    made_at    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('planned', 'asking', 'in_doubt', 'done', 'failed')),
    -- When it may be asked (again).
    next_at    INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- The platform may have deleted it: it is asked what became of the broadcast.
    verifies   INTEGER NOT NULL DEFAULT 0 CHECK (verifies IN (0, 1)),
    errcode    INTEGER,
    -- What was last said of it, for people.
    errmsg     TEXT,
    -- What the platform answered, as JSON.
    answer     TEXT,
    ended_at   INTEGER,
    -- The call in the sliding minute, where it counts there.
    call       INTEGER,
    -- What waits is always asked, and what has ended never again.
    CHECK ((state IN ('planned', 'in_doubt')) = (next_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL)),
    CHECK (kind <> 'delete' OR batch IS NOT NULL),
    CHECK (role = 'command' OR job IS NOT NULL)
) STRICT;

INSERT INTO errand SELECT * FROM errand_2;
DROP TABLE errand_2;

CREATE INDEX errand_next ON errand (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX errand_job ON errand (job) WHERE job IS NOT NULL;
-- A scene's permanent code is charged once.
CREATE INDEX errand_qrcode ON errand (account, parameters) WHERE kind = 'qrcode';
CREATE INDEX charge_errand ON charge (errand) WHERE errand IS NOT NULL;
