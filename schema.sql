-- The whole schema, version 5. Instants are milliseconds since 1970 (UTC) and end in _at; windows
-- are Beijing days (2027-03-20) or months (2027-03). Nothing that carries an id is ever deleted:
-- an id that is forgotten could be sent again.

CREATE TABLE daemon (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    created_at    INTEGER NOT NULL,
    -- Written every minute: a machine restored from an old image finds it long past.
    seen_at       INTEGER NOT NULL,
    -- Counts intents; the mark beside the database holds the same number, so a database that
    -- is older than its mark shows.
    high_water    INTEGER NOT NULL DEFAULT 0,
    hold_since_at INTEGER,
    hold_why      TEXT,
    -- The last orderly stop, after which nothing was sent until taken_over_at; null after any other.
    stopped_at    INTEGER,
    -- When a daemon took this database over, until it knows that no other copy of it was at work.
    taken_over_at INTEGER,
    -- When a file was taken last, whatever it held: a later receipt shows that this database is old.
    file_at       INTEGER,
    -- When `backup` made this copy; null from the first start on, which holds everything.
    copied_at     INTEGER,
    -- The last span in which another copy of this database may have been at work.
    gap_from_at   INTEGER,
    gap_to_at     INTEGER CHECK ((gap_from_at IS NULL) = (gap_to_at IS NULL)),
    CHECK ((hold_since_at IS NULL) = (hold_why IS NULL))
) STRICT;

CREATE TABLE account (
    name            TEXT PRIMARY KEY,
    hold_since_at   INTEGER,
    hold_why        TEXT,
    paused_since_at INTEGER,
    paused_why      TEXT,
    paused_do       TEXT,
    -- When the platform was last made to renew the token: two of these stand apart.
    forced_token_at INTEGER,
    -- When the daemon first had it in its config: what was sent before, it cannot know.
    known_at        INTEGER,
    -- Which account it is; null until a config has said so.
    appid           TEXT,
    -- Why nothing of it goes whatever a person resumes: the present config speaks for it no more.
    barred_since_at INTEGER,
    barred_why      TEXT CHECK ((barred_why IS NULL) = (barred_since_at IS NULL)),
    barred_do       TEXT CHECK ((barred_do IS NULL) = (barred_since_at IS NULL)),
    -- How many events went while a batch is in flight or in doubt, because too many came.
    events_dropped  INTEGER NOT NULL DEFAULT 0 CHECK (events_dropped >= 0),
    CHECK ((hold_since_at IS NULL) = (hold_why IS NULL)),
    -- A paused account always says why and what a person can do.
    CHECK ((paused_since_at IS NULL) = (paused_why IS NULL)),
    CHECK ((paused_since_at IS NULL) = (paused_do IS NULL))
) STRICT, WITHOUT ROWID;

-- One account has one name at a time.
CREATE UNIQUE INDEX account_appid ON account (appid) WHERE appid IS NOT NULL;

-- Names that accounts had before: what still says one is told the new one.
CREATE TABLE former_name (
    name  TEXT PRIMARY KEY,
    appid TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE file (
    sha256    TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    taken_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id             TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    account        TEXT NOT NULL REFERENCES account (name),
    action         TEXT NOT NULL CHECK (action IN ('broadcast', 'delete', 'menu', 'qrcode', 'speed')),
    state          TEXT NOT NULL CHECK (state IN ('planned', 'held', 'releasing', 'accepted', 'sent',
                       'failed', 'partial', 'uncertain', 'cancelled', 'expired', 'missed')),
    -- The order in which jobs were taken: the earlier one owns a contested slot.
    seq          INTEGER NOT NULL UNIQUE,
    priority       INTEGER NOT NULL CHECK (priority BETWEEN -100 AND 100),
    -- What its author wrote; null is "as soon as allowed".
    written_at     INTEGER,
    -- The same, or when the file was first taken.
    planned_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    taken_at       INTEGER NOT NULL,
    zone           TEXT NOT NULL,
    grace_s        INTEGER NOT NULL CHECK (grace_s > 0),
    -- The platform remembers a clientmsgid for 24 h: nothing is asked for longer than 20 h.
    retry_for_s    INTEGER NOT NULL CHECK (retry_for_s > grace_s AND retry_for_s <= 72000),
    expires_at     INTEGER NOT NULL,
    on_quota       TEXT NOT NULL CHECK (on_quota IN ('defer', 'fail')),
    on_full        TEXT NOT NULL CHECK (on_full IN ('send', 'drop', 'defer')),
    digest         TEXT NOT NULL,
    file           TEXT NOT NULL,
    line           INTEGER NOT NULL,
    everyone       INTEGER NOT NULL CHECK (everyone IN (0, 1)),
    -- Mass-send calls; an action that is no broadcast makes none, and uses no quota of theirs.
    calls          INTEGER NOT NULL CHECK (calls >= 0),
    audience       TEXT NOT NULL,
    msgtype        TEXT NOT NULL,
    -- The first request since it became due (null again after a deferral).
    first_attempt_at INTEGER,
    -- Whether a request of its own was ever made; then it can be neither edited nor moved forward.
    attempted          INTEGER NOT NULL DEFAULT 0 CHECK (attempted IN (0, 1)),
    -- It stands later than planned only because of another job's claim.
    can_advance         INTEGER NOT NULL DEFAULT 0 CHECK (can_advance IN (0, 1)),
    reason         TEXT,
    wake_at        INTEGER,
    ended_at       INTEGER,
    -- What an action that is no broadcast does, as JSON.
    parameters     TEXT,
    -- What is uploaded before it can go, as JSON; null where nothing is.
    material       TEXT,
    -- How long before due_at the uploads begin.
    prepare_s      INTEGER,
    -- No upload for it before this.
    prepare_after_at INTEGER NOT NULL DEFAULT 0,
    -- Another copy of this database may have sent it; until then the platform surely remembers
    -- that. Later requests wait for `resume`, which sets this to null.
    recall_until_at INTEGER,
    -- The account's name in its file, where the account has another by now: its digest has it too.
    written_for TEXT,
    -- What it is called in lists; null is its id.
    title          TEXT,
    -- A job that waits is always looked at again: a send must not silently never happen.
    CHECK ((state IN ('planned', 'held', 'releasing')) = (wake_at IS NOT NULL)),
    CHECK ((state IN ('sent', 'failed', 'partial', 'cancelled', 'expired', 'missed')) = (ended_at IS NOT NULL)),
    CHECK (first_attempt_at IS NULL OR attempted = 1),
    CHECK ((action = 'broadcast') = (calls > 0)),
    CHECK ((action = 'broadcast') = (parameters IS NULL))
) STRICT;

-- Due work is read off this index, one account at a time.
CREATE INDEX job_wake ON job (account, wake_at, priority DESC, seq) WHERE wake_at IS NOT NULL;
CREATE INDEX job_file ON job (file) WHERE wake_at IS NOT NULL;
CREATE INDEX job_can_advance ON job (account, priority DESC, seq) WHERE can_advance = 1;
CREATE INDEX job_state ON job (state, due_at);
CREATE INDEX job_recall ON job (account, due_at) WHERE recall_until_at IS NOT NULL;
-- Jobs without a time of their own, for a clock that was ahead when they were taken.
CREATE INDEX job_anytime ON job (account, taken_at) WHERE written_at IS NULL AND wake_at IS NOT NULL;

CREATE TABLE batch (
    id              INTEGER PRIMARY KEY,
    job             TEXT NOT NULL REFERENCES job (id),
    account         TEXT NOT NULL,
    number          INTEGER NOT NULL CHECK (number >= 0),
    generation      INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0),
    -- One broadcast has one id for ever: a second row of it is refused.
    clientmsgid     TEXT NOT NULL UNIQUE CHECK (length(clientmsgid) = 32),
    -- A later generation replaced it.
    replaced        INTEGER NOT NULL DEFAULT 0 CHECK (replaced IN (0, 1)),
    receivers       INTEGER,
    state           TEXT NOT NULL CHECK (state IN ('planned', 'asking', 'in_doubt', 'refused', 'accepted', 'sent', 'failed')),
    next_at         INTEGER NOT NULL,
    in_doubt_since_at INTEGER,
    msg_id          INTEGER,
    msg_data_id     INTEGER,
    accepted_at     INTEGER,
    -- When mass/get is asked next.
    result_at       INTEGER,
    result_asks     INTEGER NOT NULL DEFAULT 0,
    result          TEXT,
    total_count     INTEGER,
    filter_count    INTEGER,
    sent_count      INTEGER,
    error_count     INTEGER,
    -- The platform's word that it was deleted.
    deleted         INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    -- Whether its body is complete: only then may it be asked for, and after that it never changes.
    prepared        INTEGER NOT NULL DEFAULT 1 CHECK (prepared IN (0, 1)),
    -- When the platform forgets something that its body names.
    ready_until_at  INTEGER,
    UNIQUE (job, number, generation),
    -- What was accepted has the platform's number, and only that; for what went out a person's
    -- word, kept as the result, may stand in for it.
    CHECK ((state IN ('accepted', 'sent', 'failed')) = (accepted_at IS NOT NULL)),
    CHECK (accepted_at IS NULL OR msg_id IS NOT NULL OR (state = 'sent' AND result IS NOT NULL)),
    CHECK (state <> 'in_doubt' OR in_doubt_since_at IS NOT NULL)
) STRICT;

CREATE INDEX batch_result ON batch (account, result_at) WHERE result_at IS NOT NULL;
-- One msg_id is one broadcast of one batch.
CREATE UNIQUE INDEX batch_msg_id ON batch (account, msg_id) WHERE msg_id IS NOT NULL;
CREATE INDEX batch_in_doubt ON batch (account) WHERE state IN ('asking', 'in_doubt');
CREATE INDEX batch_accepted ON batch (account, accepted_at) WHERE accepted_at IS NOT NULL;

-- What each batch is asked with. It may be 300 kB, which every look at a batch and every change of
-- it would read or write again if it stood in the same row.
CREATE TABLE body (
    batch    INTEGER PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE,
    -- The request's JSON without the clientmsgid, fixed when the job is taken.
    body     TEXT NOT NULL,
    -- The body with placeholders for what is uploaded; null where nothing is.
    template TEXT
) STRICT;

-- Whom a list names, as its body has it: OpenIDs as in `follower`, in order, and in parts by their
-- first bits.
CREATE TABLE receiver (
    batch INTEGER NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    part  INTEGER NOT NULL CHECK (part BETWEEN 0 AND 15),
    keys  BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (batch, part)
) STRICT;

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    batch       INTEGER NOT NULL REFERENCES batch (id),
    account     TEXT NOT NULL,
    begun_at    INTEGER NOT NULL,
    ended_at    INTEGER,
    body_sha256 TEXT NOT NULL,
    outcome     TEXT CHECK (outcome IN ('accepted', 'adopted', 'in_doubt', 'later', 'refused', 'token')),
    errcode     INTEGER,
    errmsg      TEXT,
    -- The platform's Date on the answer.
    dated_at    INTEGER,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX attempt_batch ON attempt (batch);
-- One send is in flight at a time within an account.
CREATE UNIQUE INDEX attempt_open ON attempt (account) WHERE ended_at IS NULL;

-- Calls of the mass family, for the sliding minute. A call without an end still counts.
CREATE TABLE call (
    id       INTEGER PRIMARY KEY,
    account  TEXT NOT NULL,
    -- The mass send it made; null for a query.
    attempt  INTEGER UNIQUE REFERENCES attempt (id),
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX call_ended ON call (account, ended_at);

CREATE TABLE external_send (
    id        INTEGER PRIMARY KEY,
    account   TEXT NOT NULL,
    at        INTEGER NOT NULL,
    source    TEXT NOT NULL CHECK (source IN ('45028', 'event', 'record')),
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    returned  INTEGER NOT NULL DEFAULT 0 CHECK (returned IN (0, 1)),
    msg_id    INTEGER,
    -- Whether `at` is right to the day: of sends that a person counted only the month is known.
    day_known INTEGER NOT NULL DEFAULT 1 CHECK (day_known IN (0, 1))
) STRICT;

-- One send made elsewhere is booked once, however many signs of it arrive.
CREATE UNIQUE INDEX external_msg_id ON external_send (account, msg_id) WHERE msg_id IS NOT NULL;
CREATE INDEX external_account ON external_send (account, at);

-- The ledger.
CREATE TABLE charge (
    id            INTEGER PRIMARY KEY,
    account       TEXT NOT NULL,
    rule          TEXT NOT NULL,
    "window"      TEXT NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount > 0),
    state         TEXT NOT NULL CHECK (state IN ('reserved', 'kept', 'returned')),
    batch         INTEGER REFERENCES batch (id),
    attempt       INTEGER REFERENCES attempt (id),
    external_send INTEGER REFERENCES external_send (id),
    -- The place in the window that a broadcast of ours holds.
    slot          INTEGER,
    -- Tomorrow's window, charged in the last minutes of today: counts from midnight on.
    provisional   INTEGER NOT NULL DEFAULT 0 CHECK (provisional IN (0, 1)),
    api_call        INTEGER REFERENCES api_call (id),
    -- Someone charged it: our own batch, somebody else's send, or the daemon's token request.
    CHECK (batch IS NULL OR external_send IS NULL),
    CHECK (external_send IS NULL OR slot IS NULL),
    -- A subscription account has one slot a day, a service account four a month: no bug makes more.
    CHECK (rule <> 'daily_send' OR slot IS NULL OR slot = 0),
    CHECK (rule <> 'monthly_history' OR slot IS NULL OR slot BETWEEN 0 AND 3)
) STRICT;

CREATE INDEX charge_window ON charge (account, rule, "window");
CREATE INDEX charge_batch ON charge (batch) WHERE batch IS NOT NULL;
CREATE INDEX charge_external ON charge (external_send) WHERE external_send IS NOT NULL;
CREATE INDEX charge_api_call ON charge (api_call) WHERE api_call IS NOT NULL;
-- A second charge of a slot is refused.
CREATE UNIQUE INDEX charge_slot ON charge (account, rule, "window", slot)
    WHERE slot IS NOT NULL AND state <> 'returned';

-- The slots that waiting jobs own.
CREATE TABLE claim (
    job      TEXT NOT NULL REFERENCES job (id),
    account  TEXT NOT NULL,
    rule     TEXT NOT NULL,
    "window" TEXT NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount > 0),
    -- The rank: the smaller one goes first.
    neg_priority   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (job, rule)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_window ON claim (account, rule, "window", neg_priority, seq);

-- The lists that the platform accepted in a month, for four a month to each of their receivers.
CREATE TABLE delivery (
    account TEXT NOT NULL,
    month   TEXT NOT NULL,
    batch   INTEGER NOT NULL REFERENCES batch (id),
    PRIMARY KEY (account, month, batch)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    account     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    raw         BLOB NOT NULL,
    msg_id      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    status      TEXT NOT NULL,
    words       TEXT NOT NULL,
    total_count  INTEGER,
    filter_count INTEGER,
    sent_count   INTEGER,
    error_count  INTEGER,
    -- Kept back while a batch of the account is in flight or in doubt: it may be that batch's.
    candidate   INTEGER NOT NULL DEFAULT 0 CHECK (candidate IN (0, 1)),
    -- It came encrypted, so nobody but the platform can have written it.
    proven      INTEGER NOT NULL DEFAULT 0 CHECK (proven IN (0, 1)),
    -- What a batch is settled by; null for a status that no document names.
    outcome     TEXT CHECK (outcome IN ('sent', 'failed')),
    -- What an operator can do about it; empty if there is nothing to do.
    advice      TEXT NOT NULL DEFAULT '',
    -- The platform delivers an event up to three times.
    UNIQUE (account, msg_id, status)
) STRICT;

CREATE INDEX event_candidate ON event (account) WHERE candidate = 1;

-- What events told of each article; the numbers are the platform's own.
CREATE TABLE article_result (
    account            TEXT NOT NULL,
    msg_id             INTEGER NOT NULL,
    article_idx        INTEGER NOT NULL,
    url                TEXT,
    user_declare_state INTEGER,
    audit_state        INTEGER,
    original_url       TEXT,
    original_type      INTEGER,
    can_reprint        INTEGER,
    need_replace       INTEGER,
    need_show_source   INTEGER,
    -- A plain event never takes the place of an encrypted one.
    proven             INTEGER NOT NULL CHECK (proven IN (0, 1)),
    PRIMARY KEY (account, msg_id, article_idx)
) STRICT, WITHOUT ROWID;

-- Signed events that could not be read, as they came.
CREATE TABLE unread_event (
    id          INTEGER PRIMARY KEY,
    account     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    raw         BLOB NOT NULL,
    why         TEXT NOT NULL,
    UNIQUE (account, raw)
) STRICT;

-- One job's story.
CREATE TABLE history (
    id         INTEGER PRIMARY KEY,
    job        TEXT NOT NULL REFERENCES job (id),
    at         INTEGER NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    why        TEXT NOT NULL
) STRICT;

CREATE INDEX history_job ON history (job);

-- What a person should look at, beside what the jobs' states say by themselves.
CREATE TABLE alert (
    id       INTEGER PRIMARY KEY,
    account  TEXT,
    job      TEXT,
    kind     TEXT NOT NULL,
    since_at INTEGER NOT NULL,
    what     TEXT NOT NULL,
    "do"     TEXT NOT NULL,
    -- When it is no longer worth a look, if it passes by itself.
    until_at INTEGER
) STRICT;

CREATE UNIQUE INDEX alert_one ON alert (ifnull(account, ''), ifnull(job, ''), kind);
-- A start clears alerts of every account: without this each would read the whole table.
CREATE INDEX alert_account ON alert (account, kind);
CREATE INDEX alert_job ON alert (job) WHERE job IS NOT NULL;

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

-- One sync of the followers and of every tag.
CREATE TABLE follower_sync (
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

CREATE UNIQUE INDEX follower_sync_open ON follower_sync (account) WHERE state IN ('asking', 'counting');
CREATE UNIQUE INDEX follower_sync_complete ON follower_sync (account) WHERE state = 'complete';
CREATE INDEX follower_sync_over ON follower_sync (account) WHERE state IN ('replaced', 'failed');
CREATE INDEX follower_sync_account ON follower_sync (account, begun_at);

CREATE TABLE follower_sync_set (
    follower_sync     INTEGER NOT NULL REFERENCES follower_sync (id),
    -- The tag's id; -1 is all followers.
    tag         INTEGER NOT NULL,
    name        TEXT NOT NULL,
    -- How many there are by the platform's own count, and how many it listed.
    reported        INTEGER NOT NULL DEFAULT 0,
    listed      INTEGER NOT NULL DEFAULT 0,
    -- How many of those are different ones.
    members     INTEGER NOT NULL DEFAULT 0,
    parts       INTEGER NOT NULL DEFAULT 0,
    next_openid TEXT NOT NULL DEFAULT '',
    -- The last page was empty.
    ended       INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    PRIMARY KEY (follower_sync, tag)
) STRICT, WITHOUT ROWID;

-- What was listed and is not counted yet.
CREATE TABLE staged_page (
    follower_sync INTEGER NOT NULL REFERENCES follower_sync (id),
    tag     INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    keys    BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (follower_sync, tag, part, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    follower_sync INTEGER NOT NULL REFERENCES follower_sync (id),
    tag     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    numbers BLOB NOT NULL,
    PRIMARY KEY (follower_sync, tag, shard)
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
    -- The sync that it is known from; null where there is none.
    follower_sync  INTEGER,
    -- Whether that sync was whole and fresh.
    exact    INTEGER NOT NULL CHECK (exact IN (0, 1)),
    shard    INTEGER NOT NULL DEFAULT 0,
    done     INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    -- What was expected of it when it was accepted: how many there were, and how many of them had
    -- their four, certainly and possibly.
    members  INTEGER,
    full     INTEGER,
    possible INTEGER,
    CHECK (follower_sync IS NOT NULL OR (exact = 0 AND done = 1)),
    CHECK ((members IS NULL) = (full IS NULL) AND (members IS NULL) = (possible IS NULL))
) STRICT;

CREATE INDEX audience_month ON audience (account, month);
CREATE INDEX audience_open ON audience (account) WHERE done = 0;
CREATE INDEX audience_follower_sync ON audience (follower_sync) WHERE done = 0;

-- Accounts whose followers and tags are to be read.
CREATE TABLE sync_request (
    account  TEXT PRIMARY KEY,
    since_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Calls beside the broadcasts: previews, deletes, the speed, menus, QR codes. Commands and jobs write
-- them down, the daemon makes them. All of them can be asked again without harm.
CREATE TABLE api_call (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('preview', 'delete', 'speed_get', 'speed_set', 'menu',
                   'qrcode')),
    -- Who wants it: a person, a job before its broadcast, or a job that does nothing else.
    role       TEXT NOT NULL CHECK (role IN ('command', 'pre_send', 'action')),
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

CREATE INDEX api_call_next ON api_call (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX api_call_job ON api_call (job) WHERE job IS NOT NULL;
-- A scene's permanent code is charged once.
CREATE INDEX api_call_qrcode ON api_call (account, parameters) WHERE kind = 'qrcode';

-- What a job wants done before its broadcast.
CREATE TABLE pre_send (
    job         TEXT NOT NULL REFERENCES job (id),
    account     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('preview', 'speed_set')),
    parameters  TEXT NOT NULL,
    -- How long before the job's time.
    ahead_s     INTEGER NOT NULL CHECK (ahead_s >= 0),
    -- The time that it was last done for: a job that moves is given its speed again.
    done_for_at INTEGER,
    -- Nothing of it is to be done any more.
    closed      INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    PRIMARY KEY (job, kind, parameters)
) STRICT, WITHOUT ROWID;

CREATE INDEX pre_send_open ON pre_send (account) WHERE closed = 0;

-- What the platform was given, so that nothing is given to it twice while it lives.
CREATE TABLE upload (
    account     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('picture', 'cover', 'image', 'voice', 'video', 'mpvideo',
                    'draft', 'news')),
    -- The digest of the file, or of all that something was made of.
    sha256      TEXT NOT NULL,
    -- The platform's id or URL of it.
    value       TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    -- When the platform forgets it; null is never.
    expires_at  INTEGER,
    PRIMARY KEY (account, kind, sha256)
) STRICT, WITHOUT ROWID;

-- Requests that upload. One without an end may have arrived: it is made again, which does no harm.
CREATE TABLE upload_attempt (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT NOT NULL,
    job       TEXT NOT NULL REFERENCES job (id),
    kind      TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    -- What it is, for people.
    name      TEXT NOT NULL,
    begun_at  INTEGER NOT NULL,
    ended_at  INTEGER,
    outcome   TEXT CHECK (outcome IN ('done', 'later', 'refused', 'token', 'lost')),
    errcode   INTEGER,
    errmsg    TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX upload_attempt_job ON upload_attempt (job);
-- One upload is under way at a time within an account.
CREATE UNIQUE INDEX upload_attempt_open ON upload_attempt (account) WHERE ended_at IS NULL;
CREATE INDEX job_material ON job (account, due_at) WHERE material IS NOT NULL AND wake_at IS NOT NULL;

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
    -- As of a job.
    written_for TEXT,
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

-- Which accounts commands wrote about, for the daemon: the latest change of each has the highest id.
-- A change that is about every account has none. Triggers of the commands' connections write it.
CREATE TABLE account_change (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT
) STRICT;

CREATE INDEX account_change_account ON account_change (account);
