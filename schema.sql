-- The complete schema, version 9.
--
-- Columns that end in _at are instants: milliseconds since 1970-01-01 (UTC). Columns that end in _s are
-- seconds. Windows are Beijing days (2027-03-20) or Beijing months (2027-03). An id that was ever used is
-- never deleted: a forgotten id could be sent again. What else is old is removed after the time that the
-- config keeps.

-- The state of the daemon, in one row.
CREATE TABLE daemon (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    created_at    INTEGER NOT NULL,
    -- The daemon writes the time every minute or two: on a machine restored from an old image it is long past.
    seen_at       INTEGER NOT NULL,
    -- The number of intents so far. The `mark` file beside the database holds the same number, so a
    -- database that is older than its mark is detected.
    high_water    INTEGER NOT NULL DEFAULT 0,
    -- The hold on all accounts, set by an operator or at a start; null if there is none.
    hold_since_at INTEGER,
    hold_why      TEXT,
    -- The last orderly stop; nothing was sent between it and taken_over_at. Null after any other stop.
    stopped_at    INTEGER,
    -- When a daemon opened this database; null once it is certain that no other copy was running.
    taken_over_at INTEGER,
    -- When the last file was taken, even one without changes: a later receipt proves that this database
    -- is old.
    file_at       INTEGER,
    -- When `backup` made this copy. The first start sets it to null and holds all accounts.
    copied_at     INTEGER,
    -- The last time span in which another copy of this database may have sent.
    gap_from_at   INTEGER,
    -- A span has both ends or none.
    gap_to_at     INTEGER CHECK ((gap_from_at IS NULL) = (gap_to_at IS NULL)),
    -- A hold always has a reason.
    CHECK ((hold_since_at IS NULL) = (hold_why IS NULL))
) STRICT;

-- The accounts of the config, also former ones.
CREATE TABLE account (
    name            TEXT PRIMARY KEY,
    -- An operator sets the hold.
    hold_since_at   INTEGER,
    hold_why        TEXT,
    -- The daemon sets the pause: since when, why, and what the operator can do.
    paused_since_at INTEGER,
    paused_why      TEXT,
    paused_do       TEXT,
    -- When the daemon last forced the platform to renew the token; there is a pause between two of these.
    forced_token_at INTEGER,
    -- When the account was first in the config: the daemon cannot know what was sent before.
    known_at        INTEGER,
    -- The platform's id of the account, from the config; null until a config contains it.
    appid           TEXT,
    -- Why nothing of the account is sent, even after `resume`: the present config does not cover it. The
    -- daemon sets and clears this from the config.
    barred_since_at INTEGER,
    -- A barred account always has a reason and advice.
    barred_why      TEXT CHECK ((barred_why IS NULL) = (barred_since_at IS NULL)),
    barred_do       TEXT CHECK ((barred_do IS NULL) = (barred_since_at IS NULL)),
    -- The number of events dropped while a batch is in flight or in doubt, because too many arrived.
    events_dropped  INTEGER NOT NULL DEFAULT 0 CHECK (events_dropped >= 0),
    -- 1 if the due times of its jobs are those of an older version, until the daemon makes the schedule.
    schedule_stale  INTEGER NOT NULL DEFAULT 0 CHECK (schedule_stale IN (0, 1)),
    -- The spare API address that answered last; null if the first one did.
    spare_base      TEXT,
    -- A hold always has a reason.
    CHECK ((hold_since_at IS NULL) = (hold_why IS NULL)),
    -- A paused account always has a reason and advice for the operator.
    CHECK ((paused_since_at IS NULL) = (paused_why IS NULL)),
    CHECK ((paused_since_at IS NULL) = (paused_do IS NULL))
) STRICT, WITHOUT ROWID;

-- Two names must never mean the same account.
CREATE UNIQUE INDEX account_appid ON account (appid) WHERE appid IS NOT NULL;

-- Former names of accounts: a file with a former name is refused, and the new name is shown.
CREATE TABLE former_name (
    name  TEXT PRIMARY KEY,
    appid TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The files that the inbox took, by the digest of their content.
CREATE TABLE file (
    sha256    TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    taken_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The jobs. Rows are never deleted; `pruned_at` says when the content of an old one was.
CREATE TABLE job (
    id             TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    account        TEXT NOT NULL REFERENCES account (name),
    action         TEXT NOT NULL CHECK (action IN ('broadcast', 'delete', 'menu', 'qrcode', 'speed')),
    state          TEXT NOT NULL CHECK (state IN ('planned', 'held', 'releasing', 'accepted', 'sent',
                       'failed', 'partial', 'uncertain', 'cancelled', 'expired', 'missed')),
    -- The order in which jobs were taken: of two with the same priority, the earlier one owns the slot.
    seq          INTEGER NOT NULL UNIQUE,
    priority       INTEGER NOT NULL CHECK (priority BETWEEN -100 AND 100),
    -- `at` in the job file; null means "as soon as allowed".
    written_at     INTEGER,
    -- written_at, or when the file was first taken.
    planned_at     INTEGER NOT NULL,
    -- When it may be sent; a deferral moves it.
    due_at         INTEGER NOT NULL,
    taken_at       INTEGER NOT NULL,
    zone           TEXT NOT NULL,
    grace_s        INTEGER NOT NULL CHECK (grace_s > 0),
    -- The platform remembers a clientmsgid for 24 h: no batch is retried for longer than 20 h (72000 s).
    retry_for_s    INTEGER NOT NULL CHECK (retry_for_s > grace_s AND retry_for_s <= 72000),
    expires_at     INTEGER NOT NULL,
    on_quota       TEXT NOT NULL CHECK (on_quota IN ('defer', 'fail')),
    on_full        TEXT NOT NULL CHECK (on_full IN ('send', 'drop', 'defer')),
    digest         TEXT NOT NULL,
    file           TEXT NOT NULL,
    line           INTEGER NOT NULL,
    everyone       INTEGER NOT NULL CHECK (everyone IN (0, 1)),
    -- The number of mass-send calls. Other actions than broadcasts make none and use none of that quota.
    calls          INTEGER NOT NULL CHECK (calls >= 0),
    audience       TEXT NOT NULL,
    msgtype        TEXT NOT NULL,
    -- The first request since the job became due; a deferral sets it to null again.
    first_attempt_at INTEGER,
    -- 1 once any request was made for the job: then it can be neither edited nor moved forward.
    attempted          INTEGER NOT NULL DEFAULT 0 CHECK (attempted IN (0, 1)),
    -- Why it waits or ended, for people.
    reason         TEXT,
    -- When the daemon looks at it next.
    wake_at        INTEGER,
    ended_at       INTEGER,
    -- The parameters of an action that is not a broadcast, as JSON.
    parameters     TEXT,
    -- What must be uploaded before it can be sent, as JSON; null if nothing.
    material       TEXT,
    -- How long before due_at the uploads begin, in seconds.
    prepare_s      INTEGER,
    -- The daemon makes no upload for the job before this time.
    prepare_after_at INTEGER NOT NULL DEFAULT 0,
    -- Another copy of this database may have sent it. Until this time the platform certainly remembers
    -- that; later requests wait for `resume`, which sets this to null.
    recall_until_at INTEGER,
    -- The account's name in the job file, if the account has another name now. `digest` covers the name
    -- in the file.
    written_for TEXT,
    -- Its name in lists; null means its id.
    title          TEXT,
    -- The earliest time for it, if the platform or an operator set one later than planned_at.
    not_before_at      INTEGER,
    -- When its content, attempts and history were removed, long after its end: it is never requested again.
    pruned_at      INTEGER,
    -- A waiting job always has a time at which the daemon looks at it: no send is lost silently.
    CHECK ((state IN ('planned', 'held', 'releasing')) = (wake_at IS NOT NULL)),
    -- A final state has its time.
    CHECK ((state IN ('sent', 'failed', 'partial', 'cancelled', 'expired', 'missed')) = (ended_at IS NOT NULL)),
    -- The first request counts as an attempt.
    CHECK (first_attempt_at IS NULL OR attempted = 1),
    -- Only broadcasts make mass-send calls, and only the other actions have parameters.
    CHECK ((action = 'broadcast') = (calls > 0)),
    CHECK ((action = 'broadcast') = (parameters IS NULL))
) STRICT;

-- Finds the due jobs of one account.
CREATE INDEX job_wake ON job (account, wake_at, priority DESC, seq) WHERE wake_at IS NOT NULL;
CREATE INDEX job_file ON job (file) WHERE wake_at IS NOT NULL;
-- Finds what waiting jobs own of a window, and the waiting job of a QR code.
CREATE INDEX job_due ON job (account, due_at) WHERE wake_at IS NOT NULL;
CREATE INDEX job_code ON job (account, parameters) WHERE action = 'qrcode' AND wake_at IS NOT NULL;
-- Finds out whether some job of an account waits for room.
CREATE INDEX job_deferred ON job (account)
    WHERE wake_at IS NOT NULL AND (due_at > planned_at OR reason IS NOT NULL);
CREATE INDEX job_state ON job (state, due_at);
-- Finds the jobs that ended long ago.
CREATE INDEX job_ended ON job (ended_at, id) WHERE ended_at IS NOT NULL AND pruned_at IS NULL;
CREATE INDEX job_recall ON job (account, due_at) WHERE recall_until_at IS NOT NULL;
-- Finds jobs without `at` that were taken while the clock was ahead.
CREATE INDEX job_anytime ON job (account, taken_at) WHERE written_at IS NULL AND wake_at IS NOT NULL;

-- The mass-send calls of a broadcast: a long list of receivers needs more than one.
CREATE TABLE batch (
    id              INTEGER PRIMARY KEY,
    job             TEXT NOT NULL REFERENCES job (id),
    account         TEXT NOT NULL,
    number          INTEGER NOT NULL CHECK (number >= 0),
    -- 0 until an operator runs `retry`.
    generation      INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0),
    -- A broadcast keeps one id for ever: UNIQUE prevents a second row with it.
    clientmsgid     TEXT NOT NULL UNIQUE CHECK (length(clientmsgid) = 32),
    -- 1 once a later generation replaced it.
    replaced        INTEGER NOT NULL DEFAULT 0 CHECK (replaced IN (0, 1)),
    -- The number of OpenIDs in the list; null for a tag or everyone.
    receivers       INTEGER,
    state           TEXT NOT NULL CHECK (state IN ('planned', 'asking', 'in_doubt', 'refused', 'accepted', 'sent', 'failed')),
    -- The next request is not before this.
    next_at         INTEGER NOT NULL,
    in_doubt_since_at INTEGER,
    -- The platform's ids for the broadcast.
    msg_id          INTEGER,
    msg_data_id     INTEGER,
    accepted_at     INTEGER,
    -- When mass/get is called next.
    result_at       INTEGER,
    result_asks     INTEGER NOT NULL DEFAULT 0,
    result          TEXT,
    -- The platform's counts of receivers.
    total_count     INTEGER,
    filter_count    INTEGER,
    sent_count      INTEGER,
    error_count     INTEGER,
    -- 1 once the platform reported that it was deleted.
    deleted         INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    -- 1 once its body is complete. Only then it may be sent; after its first request it never changes.
    prepared        INTEGER NOT NULL DEFAULT 1 CHECK (prepared IN (0, 1)),
    -- When the platform deletes the first upload that the body names; null means never.
    ready_until_at  INTEGER,
    UNIQUE (job, number, generation),
    -- Exactly the accepted batches have a time of acceptance. They also have the platform's msg_id. For a
    -- sent batch the decision of an operator, stored in `result`, may replace the msg_id.
    CHECK ((state IN ('accepted', 'sent', 'failed')) = (accepted_at IS NOT NULL)),
    CHECK (accepted_at IS NULL OR msg_id IS NOT NULL OR (state = 'sent' AND result IS NOT NULL)),
    -- The age of a doubt decides whether `retry` is safe.
    CHECK (state <> 'in_doubt' OR in_doubt_since_at IS NOT NULL)
) STRICT;

CREATE INDEX batch_result ON batch (account, result_at) WHERE result_at IS NOT NULL;
-- Two batches must never claim the same broadcast of the platform.
CREATE UNIQUE INDEX batch_msg_id ON batch (account, msg_id) WHERE msg_id IS NOT NULL;
CREATE INDEX batch_in_doubt ON batch (account) WHERE state IN ('asking', 'in_doubt');
CREATE INDEX batch_accepted ON batch (account, accepted_at) WHERE accepted_at IS NOT NULL;

-- The request body of each batch. It may be 300 kB. In the row of the batch, every read and every
-- update of the batch would also read or write the body.
CREATE TABLE body (
    batch    INTEGER PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE,
    -- The request's JSON without the clientmsgid. It is fixed when the job is taken or prepared.
    body     TEXT NOT NULL,
    -- The body with placeholders for uploads; null if there are none.
    template TEXT
) STRICT;

-- The receivers of a list, as in its body. Each is a 12-byte key as in `follower`. The keys are sorted,
-- and divided into 16 parts by their first bits.
CREATE TABLE receiver (
    batch INTEGER NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    part  INTEGER NOT NULL CHECK (part BETWEEN 0 AND 15),
    keys  BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (batch, part)
) STRICT;

-- The mass-send requests of each batch. A row is on disk before its request is sent.
CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    batch       INTEGER NOT NULL REFERENCES batch (id),
    account     TEXT NOT NULL,
    begun_at    INTEGER NOT NULL,
    ended_at    INTEGER,
    -- The digest of the body that was sent: a later 45065 is adopted only for an equal body.
    body_sha256 TEXT NOT NULL,
    outcome     TEXT CHECK (outcome IN ('accepted', 'adopted', 'in_doubt', 'later', 'refused', 'token')),
    errcode     INTEGER,
    errmsg      TEXT,
    -- The `Date` header of the platform's response.
    dated_at    INTEGER,
    -- The API address that it went to: a batch in doubt is asked at no other. Null for an older version's.
    api_base    TEXT,
    -- An ended attempt always has an outcome; one without is in doubt after a crash.
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX attempt_batch ON attempt (batch);
-- An account never has two sends in flight.
CREATE UNIQUE INDEX attempt_open ON attempt (account) WHERE ended_at IS NULL;

-- Calls of the mass family, for the limit in the sliding minute. A call without an end still counts.
CREATE TABLE call (
    id       INTEGER PRIMARY KEY,
    account  TEXT NOT NULL,
    -- The mass-send request; null for other calls.
    attempt  INTEGER UNIQUE REFERENCES attempt (id),
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX call_ended ON call (account, ended_at);

-- Broadcasts made elsewhere (the website, another program) that use the same quota.
CREATE TABLE external_send (
    id        INTEGER PRIMARY KEY,
    account   TEXT NOT NULL,
    at        INTEGER NOT NULL,
    -- How it became known: a refusal with 45028, an event, or `quota record`.
    source    TEXT NOT NULL CHECK (source IN ('45028', 'event', 'record')),
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    -- 1 once it was returned because it did not use quota.
    returned  INTEGER NOT NULL DEFAULT 0 CHECK (returned IN (0, 1)),
    msg_id    INTEGER,
    -- 1 if the day of `at` is known. For a count that an operator entered, only the month is known.
    day_known INTEGER NOT NULL DEFAULT 1 CHECK (day_known IN (0, 1))
) STRICT;

-- An external send is booked once, even if several events or refusals report it.
CREATE UNIQUE INDEX external_msg_id ON external_send (account, msg_id) WHERE msg_id IS NOT NULL;
CREATE INDEX external_account ON external_send (account, at);

-- The ledger: each row charges an amount to a rule in a window.
CREATE TABLE charge (
    id            INTEGER PRIMARY KEY,
    account       TEXT NOT NULL,
    rule          TEXT NOT NULL,
    "window"      TEXT NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount > 0),
    -- `reserved` before the request, then `kept` or `returned`.
    state         TEXT NOT NULL CHECK (state IN ('reserved', 'kept', 'returned')),
    batch         INTEGER REFERENCES batch (id),
    attempt       INTEGER REFERENCES attempt (id),
    external_send INTEGER REFERENCES external_send (id),
    -- The position in the window that one of our broadcasts holds, from 0.
    slot          INTEGER,
    -- 1 for tomorrow's window, charged in the last minutes of today: it counts from midnight on.
    provisional   INTEGER NOT NULL DEFAULT 0 CHECK (provisional IN (0, 1)),
    api_call        INTEGER REFERENCES api_call (id),
    -- A charge has one cause: our own batch, an external send, or another call of the daemon. Only our
    -- own broadcasts have slots.
    CHECK (batch IS NULL OR external_send IS NULL),
    CHECK (external_send IS NULL OR slot IS NULL),
    -- A subscription account has one slot a day, a service account four a month. No bug can exceed that.
    CHECK (rule <> 'daily_send' OR slot IS NULL OR slot = 0),
    CHECK (rule <> 'monthly_history' OR slot IS NULL OR slot BETWEEN 0 AND 3)
) STRICT;

CREATE INDEX charge_window ON charge (account, rule, "window");
CREATE INDEX charge_batch ON charge (batch) WHERE batch IS NOT NULL;
-- Finds the charges of an attempt that is removed.
CREATE INDEX charge_attempt ON charge (attempt) WHERE attempt IS NOT NULL;
CREATE INDEX charge_external ON charge (external_send) WHERE external_send IS NOT NULL;
CREATE INDEX charge_api_call ON charge (api_call) WHERE api_call IS NOT NULL;
-- A slot is never charged twice.
CREATE UNIQUE INDEX charge_slot ON charge (account, rule, "window", slot)
    WHERE slot IS NOT NULL AND state <> 'returned';

-- The lists that the platform accepted in a month, for the rule of four a month for each receiver.
CREATE TABLE delivery (
    account TEXT NOT NULL,
    month   TEXT NOT NULL,
    batch   INTEGER NOT NULL REFERENCES batch (id),
    PRIMARY KEY (account, month, batch)
) STRICT, WITHOUT ROWID;

-- The platform's events about broadcasts, stored before they are matched with a batch.
CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    account     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    raw         BLOB NOT NULL,
    msg_id      INTEGER NOT NULL,
    -- The time in the event, set by the platform.
    created_at  INTEGER NOT NULL,
    status      TEXT NOT NULL,
    words       TEXT NOT NULL,
    total_count  INTEGER,
    filter_count INTEGER,
    sent_count   INTEGER,
    error_count  INTEGER,
    -- 1 while a batch of the account is in flight or in doubt: the event may belong to that batch.
    candidate   INTEGER NOT NULL DEFAULT 0 CHECK (candidate IN (0, 1)),
    -- 1 if it was encrypted: only the platform can have written it.
    proven      INTEGER NOT NULL DEFAULT 0 CHECK (proven IN (0, 1)),
    -- The outcome for its batch; null for a status that is not in the documents.
    outcome     TEXT CHECK (outcome IN ('sent', 'failed')),
    -- What an operator can do about it; empty if there is nothing to do.
    advice      TEXT NOT NULL DEFAULT '',
    -- The platform delivers an event up to three times: it is stored once.
    UNIQUE (account, msg_id, status)
) STRICT;

CREATE INDEX event_candidate ON event (account) WHERE candidate = 1;

-- The results that events reported for each article. The numbers are the platform's own codes.
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
    -- 1 if an encrypted event reported it: a plain event never replaces it.
    proven             INTEGER NOT NULL CHECK (proven IN (0, 1)),
    PRIMARY KEY (account, msg_id, article_idx)
) STRICT, WITHOUT ROWID;

-- Signed events that could not be parsed, as received.
CREATE TABLE unread_event (
    id          INTEGER PRIMARY KEY,
    account     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    raw         BLOB NOT NULL,
    why         TEXT NOT NULL,
    UNIQUE (account, raw)
) STRICT;

-- The history of each job, one row for each thing that happened.
CREATE TABLE history (
    id         INTEGER PRIMARY KEY,
    job        TEXT NOT NULL REFERENCES job (id),
    at         INTEGER NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    why        TEXT NOT NULL
) STRICT;

CREATE INDEX history_job ON history (job);

-- Alerts that cannot be derived from the state of a job.
CREATE TABLE alert (
    id       INTEGER PRIMARY KEY,
    account  TEXT,
    job      TEXT,
    kind     TEXT NOT NULL,
    since_at INTEGER NOT NULL,
    -- What happened, and what the operator can do.
    what     TEXT NOT NULL,
    "do"     TEXT NOT NULL,
    -- When it ends by itself; null if it must be cleared.
    until_at INTEGER
) STRICT;

-- There is one alert for each account, job and kind.
CREATE UNIQUE INDEX alert_one ON alert (ifnull(account, ''), ifnull(job, ''), kind);
-- A start clears alerts of every account: without this index each clear reads the whole table.
CREATE INDEX alert_account ON alert (account, kind);
CREATE INDEX alert_job ON alert (job) WHERE job IS NOT NULL;

-- Acknowledged alerts, with their text at that time: an alert with another text is shown again.
CREATE TABLE acknowledgement (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT,
    account  TEXT,
    job      TEXT,
    kind     TEXT NOT NULL,
    -- Distinguishes alerts of one kind that belong to neither an account nor a job.
    subject  TEXT NOT NULL,
    since_at INTEGER NOT NULL,
    what     TEXT NOT NULL,
    -- The job's last `history` row at that time, if the alert is about the state of the job.
    story    INTEGER
) STRICT;

CREATE UNIQUE INDEX acknowledgement_one ON acknowledgement (ifnull(account, ''), ifnull(job, ''), kind, subject);

-- Decisions of operators about accounts and the ledger. Decisions about a job are in its history.
CREATE TABLE decision (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    who           TEXT NOT NULL,
    what          TEXT NOT NULL CHECK (what IN ('hold', 'resume', 'record', 'return')),
    -- Null means every account.
    account       TEXT,
    why           TEXT,
    -- The ledger entry that it is about.
    charge        INTEGER REFERENCES charge (id),
    external_send INTEGER REFERENCES external_send (id),
    -- A decision is about one entry at most. `record` without an entry states that nothing was sent;
    -- `return` always names one.
    CHECK (charge IS NULL OR external_send IS NULL),
    CHECK (what <> 'return' OR charge IS NOT NULL OR external_send IS NOT NULL)
) STRICT;

CREATE INDEX decision_account ON decision (account, at);
CREATE INDEX decision_charge ON decision (charge) WHERE charge IS NOT NULL;
CREATE INDEX decision_external ON decision (external_send) WHERE external_send IS NOT NULL;

-- The followers and tags of an account, as the platform last listed them. An OpenID is stored as a key:
-- the first 12 bytes of its SHA-256. Keys are divided into shards. The position of a key in its shard is
-- its number, for ever.
CREATE TABLE follower_shards (
    account TEXT PRIMARY KEY,
    -- A power of two, set at the first sync from the number of followers.
    shards  INTEGER NOT NULL CHECK (shards BETWEEN 1 AND 256)
) STRICT, WITHOUT ROWID;

-- The keys of each shard, in the order of their numbers.
CREATE TABLE follower (
    account TEXT NOT NULL,
    shard   INTEGER NOT NULL,
    keys    BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (account, shard)
) STRICT;

-- A sync of the followers and of every tag of an account.
CREATE TABLE follower_sync (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('asking', 'counting', 'complete', 'replaced', 'failed')),
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- The next request is not before this.
    next_at  INTEGER NOT NULL,
    -- The number of requests in a row without a usable response.
    tries    INTEGER NOT NULL DEFAULT 0,
    -- The next shard to count.
    shard    INTEGER NOT NULL DEFAULT 0,
    why      TEXT,
    -- Only an open sync has no end, and a failed one has a reason.
    CHECK ((state IN ('asking', 'counting')) = (ended_at IS NULL)),
    CHECK (state <> 'failed' OR why IS NOT NULL)
) STRICT;

-- An account has one open sync and one complete sync at most.
CREATE UNIQUE INDEX follower_sync_open ON follower_sync (account) WHERE state IN ('asking', 'counting');
CREATE UNIQUE INDEX follower_sync_complete ON follower_sync (account) WHERE state = 'complete';
CREATE INDEX follower_sync_over ON follower_sync (account) WHERE state IN ('replaced', 'failed');
CREATE INDEX follower_sync_account ON follower_sync (account, begun_at);

-- The progress of a sync, for all followers and for each tag.
CREATE TABLE follower_sync_set (
    follower_sync     INTEGER NOT NULL REFERENCES follower_sync (id),
    -- The tag's id; -1 means all followers.
    tag         INTEGER NOT NULL,
    name        TEXT NOT NULL,
    -- The platform's own count, and the number of OpenIDs that it listed.
    reported        INTEGER NOT NULL DEFAULT 0,
    listed      INTEGER NOT NULL DEFAULT 0,
    -- The number of distinct ones among those.
    members     INTEGER NOT NULL DEFAULT 0,
    -- The number of staged parts, and the OpenID after which the next page starts.
    parts       INTEGER NOT NULL DEFAULT 0,
    next_openid TEXT NOT NULL DEFAULT '',
    -- 1 once the last page was read.
    ended       INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    PRIMARY KEY (follower_sync, tag)
) STRICT, WITHOUT ROWID;

-- Keys that were listed and are not yet counted.
CREATE TABLE staged_page (
    follower_sync INTEGER NOT NULL REFERENCES follower_sync (id),
    tag     INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    keys    BLOB NOT NULL CHECK (length(keys) % 12 = 0),
    PRIMARY KEY (follower_sync, tag, part, shard)
) STRICT, WITHOUT ROWID;

-- The members of each tag, as a bitmap of their numbers for each shard.
CREATE TABLE member (
    follower_sync INTEGER NOT NULL REFERENCES follower_sync (id),
    tag     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    numbers BLOB NOT NULL,
    PRIMARY KEY (follower_sync, tag, shard)
) STRICT;

-- The followers that certainly received one, two, three and four broadcasts in a month: four bitmaps of
-- numbers in each row.
CREATE TABLE received (
    account TEXT NOT NULL,
    month   TEXT NOT NULL,
    shard   INTEGER NOT NULL,
    levels  BLOB NOT NULL,
    PRIMARY KEY (account, month, shard)
) STRICT;

-- The audience of an accepted batch, as it was known at that time. It is marked in `received` once the
-- platform reports that the batch was sent.
CREATE TABLE audience (
    batch    INTEGER PRIMARY KEY REFERENCES batch (id),
    account  TEXT NOT NULL,
    month    TEXT NOT NULL,
    -- The sync that it is based on; null if there is none.
    follower_sync  INTEGER,
    -- 1 if that sync was complete and recent.
    exact    INTEGER NOT NULL CHECK (exact IN (0, 1)),
    -- The next shard to mark, and whether all are marked.
    shard    INTEGER NOT NULL DEFAULT 0,
    done     INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    -- The forecast at the time of acceptance: the number of members, and how many of them had received
    -- their four, certainly and possibly.
    members  INTEGER,
    full     INTEGER,
    possible INTEGER,
    -- Without a sync there is nothing exact and nothing to mark. A forecast is complete or absent.
    CHECK (follower_sync IS NOT NULL OR (exact = 0 AND done = 1)),
    CHECK ((members IS NULL) = (full IS NULL) AND (members IS NULL) = (possible IS NULL))
) STRICT;

CREATE INDEX audience_month ON audience (account, month);
CREATE INDEX audience_open ON audience (account) WHERE done = 0;
CREATE INDEX audience_follower_sync ON audience (follower_sync) WHERE done = 0;

-- Accounts for which a sync is requested.
CREATE TABLE sync_request (
    account  TEXT PRIMARY KEY,
    since_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The kinds of API calls. A table, not a CHECK: a new kind is one row here and in its upgrade.
CREATE TABLE api_call_kind (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO api_call_kind (kind) VALUES ('preview'), ('delete'), ('speed_get'), ('speed_set'), ('menu'),
    ('menu_delete'), ('menu_read'), ('menu_conditional'), ('menu_conditional_delete'), ('menu_try'), ('qrcode'), ('picture'),
    ('drafts'), ('media_check');

-- API calls other than broadcasts: previews, deletes, the speed, menus, QR codes. Commands and jobs
-- insert them, the daemon makes them. All of them can be retried without harm. `waiting` calls are made
-- before the broadcast of their job; such a call is `dropped` if its job ends first.
CREATE TABLE api_call (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL REFERENCES api_call_kind (kind),
    -- Who requested it: an operator, a job before its broadcast, or a job that makes only this call.
    role       TEXT NOT NULL CHECK (role IN ('command', 'pre_send', 'action')),
    -- The job in whose history it is recorded.
    job        TEXT REFERENCES job (id),
    -- The broadcast to delete.
    batch      INTEGER REFERENCES batch (id),
    parameters TEXT NOT NULL,
    who        TEXT,
    why        TEXT,
    made_at    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'planned', 'asking', 'in_doubt', 'done',
                   'failed', 'dropped')),
    -- The next request is not before this.
    next_at    INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- 1 if the platform may have deleted the broadcast: the daemon then queries its state.
    verifies   INTEGER NOT NULL DEFAULT 0 CHECK (verifies IN (0, 1)),
    errcode    INTEGER,
    -- The last error message, for people.
    errmsg     TEXT,
    -- The platform's response, as JSON.
    answer     TEXT,
    ended_at   INTEGER,
    -- Its row in `call`, if it counts in the sliding minute.
    call       INTEGER,
    -- How long before its job's time it is made, in seconds; null if it has a time of its own.
    ahead_s    INTEGER CHECK (ahead_s >= 0),
    -- The due time for which an equal call was made: for a deferred job, the speed is set again.
    served_at  INTEGER,
    -- A call to be made always has a next request or waits for its job, and an ended one never does.
    CHECK ((state IN ('planned', 'in_doubt')) = (next_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed', 'dropped')) = (ended_at IS NOT NULL)),
    CHECK (state NOT IN ('waiting', 'dropped') OR (role = 'pre_send' AND ahead_s IS NOT NULL)),
    -- A delete names its broadcast, and a call of a job names its job.
    CHECK (kind <> 'delete' OR batch IS NOT NULL),
    CHECK (role = 'command' OR job IS NOT NULL)
) STRICT;

CREATE INDEX api_call_next ON api_call (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX api_call_job ON api_call (job) WHERE job IS NOT NULL;
-- Finds the menu that followers see, and the one before it.
CREATE INDEX api_call_menu ON api_call (account, id) WHERE kind IN ('menu', 'menu_delete', 'menu_read');
CREATE INDEX api_call_waiting ON api_call (account) WHERE state = 'waiting';
-- A job waits once for each call before its broadcast.
CREATE UNIQUE INDEX api_call_pre_send ON api_call (job, kind, parameters)
    WHERE state IN ('waiting', 'dropped');
-- Finds the earlier code of a scene: a permanent code is charged once.
CREATE INDEX api_call_qrcode ON api_call (account, parameters) WHERE kind = 'qrcode';
CREATE INDEX api_call_picture ON api_call (account, parameters) WHERE kind = 'picture';
-- Finds what the platform last said of a media id: it is asked once a day.
CREATE INDEX api_call_media ON api_call (account, parameters) WHERE kind = 'media_check';

-- How often each code was scanned. A row is a day: it names no user.
CREATE TABLE code_scan (
    account TEXT NOT NULL,
    scene   TEXT NOT NULL CHECK (length(scene) BETWEEN 1 AND 64),
    -- The Beijing day.
    day     TEXT NOT NULL CHECK (length(day) = 10),
    -- Whether the user began to follow with it, or followed before.
    event   TEXT NOT NULL CHECK (event IN ('subscribe', 'scan')),
    count   INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (account, scene, day, event)
) STRICT, WITHOUT ROWID;

-- Completed uploads: nothing is uploaded twice while the platform still has it.
CREATE TABLE upload (
    account     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('picture', 'cover', 'image', 'voice', 'video', 'mpvideo',
                    'draft', 'news')),
    -- The digest of the file, or of all inputs of what was made.
    sha256      TEXT NOT NULL,
    -- The platform's id or URL for it.
    value       TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    -- When the platform deletes it; null means never.
    expires_at  INTEGER,
    PRIMARY KEY (account, kind, sha256)
) STRICT, WITHOUT ROWID;

-- Upload requests. One without an end may have arrived: it is repeated, which does no harm.
CREATE TABLE upload_attempt (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT NOT NULL,
    job       TEXT NOT NULL REFERENCES job (id),
    kind      TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    -- A description for people.
    name      TEXT NOT NULL,
    begun_at  INTEGER NOT NULL,
    ended_at  INTEGER,
    outcome   TEXT CHECK (outcome IN ('done', 'later', 'refused', 'token', 'lost')),
    errcode   INTEGER,
    errmsg    TEXT,
    -- An ended request always has an outcome.
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX upload_attempt_job ON upload_attempt (job);
-- An account never has two uploads in flight.
CREATE UNIQUE INDEX upload_attempt_open ON upload_attempt (account) WHERE ended_at IS NULL;
CREATE INDEX job_material ON job (account, due_at) WHERE material IS NOT NULL AND wake_at IS NOT NULL;

-- Recurring jobs. Each date becomes a separate job with the id ID@DATE.
CREATE TABLE series (
    id       TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 53),
    account  TEXT NOT NULL REFERENCES account (name),
    -- `lost`: an earlier database may have had other dates. No date is created until an operator runs
    -- `retry`.
    state    TEXT NOT NULL CHECK (state IN ('active', 'cancelled', 'lost')),
    -- The expressions, one a line.
    cron     TEXT NOT NULL,
    zone     TEXT NOT NULL,
    -- `from` and `until`, as local times of the zone; null means no bound.
    first    TEXT,
    last     TEXT,
    -- The job of each date without its id and time, as JSON.
    job      TEXT NOT NULL,
    digest   TEXT NOT NULL,
    file     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    -- When this version was taken: it has no dates before that.
    taken_at INTEGER NOT NULL,
    -- The first date without a job; null if no date is left.
    next_at  INTEGER,
    -- Who cancelled or resumed it, and why. A cancelled series always has this.
    why      TEXT,
    -- As in `job`.
    written_for TEXT,
    -- How many dates it has, counted from `first`; null means no limit.
    count        INTEGER CHECK (count > 0),
    -- The local dates that are left out, as a JSON list; null means none.
    except_dates TEXT,
    -- An operator ended it: no date comes on or after this local date. An edit keeps that.
    ends_on      TEXT,
    -- Who ended it, and why.
    ends_why     TEXT CHECK ((ends_on IS NULL) = (ends_why IS NULL)),
    -- The dates up to this local date are approved. An edit sets it to null.
    approved_until TEXT,
    -- Who approved them, and why.
    approved_why TEXT CHECK ((approved_until IS NULL) = (approved_why IS NULL)),
    CHECK (state <> 'cancelled' OR why IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX series_active ON series (account) WHERE state = 'active';

-- The job of each date of a series. A date is created once, never again.
CREATE TABLE occurrence (
    series    TEXT NOT NULL REFERENCES series (id),
    -- 2027-03-05, or 2027-03-05-2000 if the series has several times of a day.
    date      TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    job       TEXT NOT NULL UNIQUE REFERENCES job (id),
    -- 1 if an edit removed the date before any request was made for it: a later edit may restore it.
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (series, date),
    -- The same date always has the same job id, so its clientmsgids are the same too.
    CHECK (job = series || '@' || date)
) STRICT, WITHOUT ROWID;

-- What operators decided about single dates of a series. An edit of the series keeps it.
CREATE TABLE date_change (
    series   TEXT NOT NULL REFERENCES series (id),
    -- As in `occurrence`; the date need not have a job yet.
    date     TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    -- When it comes instead; null if it does not come.
    moved_at INTEGER,
    said_at  INTEGER NOT NULL,
    -- Who decided it, and why.
    why      TEXT NOT NULL,
    PRIMARY KEY (series, date)
) STRICT, WITHOUT ROWID;

-- What the dates of a series do that have files of their own, as JSON. The newest file of the series counts.
CREATE TABLE date_action (
    series TEXT NOT NULL REFERENCES series (id),
    -- As in `occurrence`; the date need not have a job yet.
    date   TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    action TEXT NOT NULL,
    PRIMARY KEY (series, date)
) STRICT, WITHOUT ROWID;

-- The names of the files that a job waits for, as a JSON list: it has no batch before they come.
CREATE TABLE awaited_file (
    job   TEXT PRIMARY KEY REFERENCES job (id),
    files TEXT NOT NULL CHECK (json_array_length(files) > 0)
) STRICT, WITHOUT ROWID;

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

-- Who handed in a file over the API or the console. Its name has a part of the digest of its content.
CREATE TABLE submission (
    file TEXT PRIMARY KEY,
    who  TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Files that the inbox refused, by name. A row counts until a file of that name is taken, or an operator
-- acknowledges it.
CREATE TABLE refused_file (
    name       TEXT PRIMARY KEY,
    refused_at INTEGER NOT NULL,
    -- The number of problems, and the line of the first one; 0 means the file as a whole.
    problems   INTEGER NOT NULL CHECK (problems > 0),
    line       INTEGER NOT NULL CHECK (line >= 0),
    -- Who acknowledged it, and when.
    seen_at    INTEGER,
    seen_by    TEXT,
    -- An acknowledgement always has both.
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

-- What people must be told. Triggers write each notice in the transaction of its cause, whichever process
-- makes it; the daemon then writes a delivery for each receiver.
CREATE TABLE notice (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    account   TEXT,
    job       TEXT,
    -- Distinguishes notices of one kind that are about the same: a file's name, a day, a time.
    subject   TEXT NOT NULL DEFAULT '',
    raised_at INTEGER NOT NULL,
    -- The reason as JSON, or what happened as a sentence, and what the operator can do.
    why       TEXT,
    what      TEXT,
    "do"      TEXT,
    -- `new`: no delivery was written. `open`: it lasts. `ending`: it is over, and that is told unless it comes
    -- back at once. `closed`: there is nothing left to tell.
    state     TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'open', 'ending', 'closed')),
    -- When the daemon saw that it is over.
    ended_at  INTEGER
) STRICT;

CREATE INDEX notice_job ON notice (job, state) WHERE job IS NOT NULL;
CREATE INDEX notice_kind ON notice (kind, account);
CREATE INDEX notice_untold ON notice (id) WHERE state IN ('new', 'ending');
CREATE INDEX notice_raised ON notice (raised_at);

-- One message to one receiver. It is delivered at least once.
CREATE TABLE notice_delivery (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver TEXT NOT NULL,
    notice   INTEGER NOT NULL REFERENCES notice (id),
    event    TEXT NOT NULL CHECK (event IN ('raised', 'over', 'test')),
    -- The message, as JSON: a repetition says the same.
    message  TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The next attempt is not before this.
    next_at  INTEGER,
    ended_at INTEGER,
    -- Why the last attempt failed.
    error    TEXT,
    -- Nobody is told the same thing as two messages.
    UNIQUE (notice, event, receiver),
    CHECK ((state = 'waiting') = (next_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
) STRICT;

CREATE INDEX notice_delivery_waiting ON notice_delivery (receiver, id) WHERE state = 'waiting';
CREATE INDEX notice_delivery_given_up ON notice_delivery (ended_at) WHERE state = 'given_up';

-- Jobs that wait for an approval, and broadcasts that wait for a result: time alone makes notices of both.
CREATE INDEX job_held ON job (due_at) WHERE state = 'held';
CREATE INDEX job_awaited ON job (id) WHERE state = 'accepted';

CREATE TRIGGER notice_of_job AFTER INSERT ON history WHEN NEW.from_state <> NEW.to_state
BEGIN
    UPDATE notice SET state = iif(state = 'new' OR kind = NEW.to_state, 'closed', 'ending')
    WHERE job = NEW.job AND state IN ('new', 'open', 'ending')
      AND kind IN ('uncertain', 'missed', 'failed', 'partial', 'expired', 'approval_due', 'confirm',
          'files_due', 'no_result');
    INSERT INTO notice (kind, account, job, raised_at, why)
    SELECT NEW.to_state, account, id, NEW.at, NEW.why FROM job
    WHERE id = NEW.job AND (NEW.to_state IN ('uncertain', 'missed', 'failed', 'partial', 'expired')
        OR (NEW.to_state = 'sent' AND action = 'broadcast'));
END;

-- A job moved to another window; only its last move is told, with the time before the first that was not
-- told yet. What an alert reads must never fail the
-- transaction of its cause: CASE reads no text that is not JSON.
CREATE TRIGGER notice_of_move AFTER INSERT ON history
WHEN NEW.from_state = NEW.to_state
    AND CASE WHEN json_valid(NEW.why) THEN json_extract(NEW.why, '$.code') END
        IN ('deferred', 'advanced', 'on_quota_is_fail', 'window_beyond_expiry')
BEGIN
    INSERT INTO notice (kind, account, job, subject, raised_at, why)
    SELECT 'moved', account, id, coalesce(
        (SELECT nullif(subject, '') FROM notice WHERE job = NEW.job AND state = 'new' AND kind = 'moved'),
        NEW.why ->> 'was_due', ''), NEW.at, NEW.why FROM job WHERE id = NEW.job;
    UPDATE notice SET state = 'closed' WHERE job = NEW.job AND state = 'new' AND kind = 'moved'
        AND id < (SELECT max(id) FROM notice WHERE job = NEW.job AND kind = 'moved');
END;

CREATE TRIGGER notice_of_alert AFTER INSERT ON alert
BEGIN
    UPDATE notice SET state = 'open', ended_at = NULL
    WHERE kind = NEW.kind AND account IS NEW.account AND job IS NEW.job AND state = 'ending';
    INSERT INTO notice (kind, account, job, raised_at, what, "do")
    SELECT NEW.kind, NEW.account, NEW.job, NEW.since_at, NEW.what, NEW."do"
    WHERE NOT EXISTS (SELECT 1 FROM notice WHERE kind = NEW.kind AND account IS NEW.account
        AND job IS NEW.job AND state IN ('new', 'open'));
END;

CREATE TRIGGER notice_of_alert_over AFTER DELETE ON alert
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = OLD.kind AND account IS OLD.account AND job IS OLD.job AND state IN ('new', 'open');
END;

CREATE TRIGGER notice_of_hold AFTER UPDATE OF hold_since_at ON account
WHEN (OLD.hold_since_at IS NULL) <> (NEW.hold_since_at IS NULL)
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'hold' AND account = NEW.name AND state IN ('new', 'open');
    INSERT INTO notice (kind, account, raised_at, why)
    SELECT 'hold', NEW.name, NEW.hold_since_at, NEW.hold_why WHERE NEW.hold_since_at IS NOT NULL;
END;

CREATE TRIGGER notice_of_hold_on_all AFTER UPDATE OF hold_since_at ON daemon
WHEN (OLD.hold_since_at IS NULL) <> (NEW.hold_since_at IS NULL)
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'hold' AND account IS NULL AND state IN ('new', 'open');
    INSERT INTO notice (kind, raised_at, why)
    SELECT 'hold', NEW.hold_since_at, NEW.hold_why WHERE NEW.hold_since_at IS NOT NULL;
END;

CREATE TRIGGER notice_of_pause AFTER UPDATE OF paused_since_at ON account
WHEN (OLD.paused_since_at IS NULL) <> (NEW.paused_since_at IS NULL)
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'paused' AND account = NEW.name AND state IN ('new', 'open');
    INSERT INTO notice (kind, account, raised_at, why)
    SELECT 'paused', NEW.name, NEW.paused_since_at, NEW.paused_why
    WHERE NEW.paused_since_at IS NOT NULL;
END;

CREATE TRIGGER notice_of_file AFTER INSERT ON refused_file
BEGIN
    INSERT INTO notice (kind, subject, raised_at) VALUES ('refused_file', NEW.name, NEW.refused_at);
END;

-- Refused again, it is told again.
CREATE TRIGGER notice_of_file_again AFTER UPDATE OF refused_at ON refused_file
BEGIN
    UPDATE notice SET state = 'closed'
    WHERE kind = 'refused_file' AND account IS NULL AND subject = NEW.name AND state <> 'closed';
    INSERT INTO notice (kind, subject, raised_at) VALUES ('refused_file', NEW.name, NEW.refused_at);
END;

CREATE TRIGGER notice_of_file_over AFTER DELETE ON refused_file
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'refused_file' AND account IS NULL AND subject = OLD.name AND state IN ('new', 'open');
END;
