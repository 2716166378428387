### The sentences of qunfa in English. zh-CN.ftl has the same names with the same arguments.
### Names begin with the part of the program that uses them; a part keeps its order in both files.

## common: used in several parts

span-days =
    { $days ->
        [one] { $days } day
       *[other] { $days } days
    }
span-day-hours = 1 day { $hours } h
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-minutes = { $minutes } min
span-seconds = { $seconds } s
time-skipped = this time does not exist in { $zone }: the clocks are put forward over it
state-planned = planned
state-held = held
state-releasing = releasing
state-accepted = accepted
state-sent = sent
state-failed = failed
state-partial = partial
state-uncertain = uncertain
state-cancelled = cancelled
state-expired = expired
state-missed = missed
state-asking = asking
state-in-doubt = in doubt
state-refused = refused
rule-daily-send = daily_send
rule-daily-history = daily_history
rule-monthly-history = monthly_history
rule-monthly-receiver = monthly_receiver
rule-daily-calls = daily_calls
rule-per-minute = per_minute
rule-daily-previews = daily_previews
rule-daily-deletes = daily_deletes
rule-forced-token = forced_token
rule-follower-pages = follower_pages
rule-daily-drafts = daily_drafts
rule-daily-uploadnews = daily_uploadnews
rule-daily-menus = daily_menus
rule-daily-qrcodes = daily_qrcodes
rule-permanent-qrcodes = permanent_qrcodes
window-ever = ever
list-separator = ,{" "}

## reason: why something is as it is (src/text/reason.rs)

## alert: messages to receivers (src/text/alert.rs)

## code: what the platform's return codes mean (src/wechat/codes.rs)

## yaml: what is wrong in a YAML file

## inbox: what is wrong in a job file

## config: what is wrong in a config

## receipt: answers to a file (src/daemon)

## store: what the database refuses

## cli: the commands

cli-languages = en or zh-CN
cli-man-unwritable = { $folder } cannot be written to: { $error }
cli-man-written = The pages are in { $folder }.
check-known = this very job is known: dropping it again changes nothing
check-known-over = this very job is known: dropping it again changes nothing; it is { $state }
check-updated = a job of this id is planned: it becomes as written here
check-anew = a job of this id ended and never went out: it is planned anew as written here
check-anew-failed = a job of this id failed: it is planned anew as written here
check-deletes-nothing = it deletes nothing: { $why }
check-deletes-nothing-unless = it deletes nothing: { $why }; `force: true` asks for it all the same
check-qrcode-subscription = codes with a scene are said to be for service accounts only: the platform may refuse it (48001)
check-fails = it will not go: { $why }, and on_quota is fail
check-kept-back = { $why }: it does not go before { $until }
check-missed = its time was { $passed }, longer than its grace: it will be missed
check-never = it will not go: it is { $state }
check-never-because = it will not go: it is { $state }, { $why }
check-not-at = not at { $at }: { $why }
check-guard = nothing is sent in the first two minutes of a Beijing day
check-held = it is held until a person approves it
check-ok =
    { $n ->
        [one] { $file }: ok, { $jobs } job
       *[other] { $file }: ok, { $jobs } jobs
    }
check-ok-series = { $file }: ok, { $series } series
check-ok-both =
    { $n ->
        [one] { $file }: ok, { $jobs } job, { $series } series
       *[other] { $file }: ok, { $jobs } jobs, { $series } series
    }
check-more-moves =
    { $n ->
        [one] { $count } more job moves: `--json` lists them
       *[other] { $count } more jobs move: `--json` lists them
    }
check-unread = What is planned already was not counted: { $why }
check-problems =
    { $n ->
        [one] { $count } problem
       *[other] { $count } problems
    }
check-files =
    { $n ->
        [one] { $count } file
       *[other] { $count } files
    }
check-refused = { $problems } in { $files }: the inbox would refuse this.
check-receivers = { $count } receivers
check-what =
    { $n ->
        [one] { $action } of { $msgtype } to { $receivers } in { $calls } call
       *[other] { $action } of { $msgtype } to { $receivers } in { $calls } calls
    }
check-goes = goes at { $at }
check-note = note:{" "}
check-warning = warning:{" "}
check-a-series = { $id } ({ $account }), a series
check-more-dates =
    { $n ->
        [one] and { $count } more date within the weeks that are planned ahead
       *[other] and { $count } more dates within the weeks that are planned ahead
    }
submit-nothing = Nothing was put into the inbox.
submit-question =
    { $n ->
        [one] { $count } planned job loses its time. Submit all the same?
       *[other] { $count } planned jobs lose their times. Submit all the same?
    }
submit-declined = nothing was put into the inbox; `--yes` submits it without a question
submit-no-inbox = the inbox { $inbox } cannot be used ({ $error }); the daemon (`qunfa run`) makes it when it starts
submit-unwritable = { $file } could not be put into the inbox: { $error }
submit-unwritable-after = { $file } could not be put into the inbox: { $error }; already put there: { $names }
submit-taken = { $file } was taken.
submit-taken-jobs = { $file } was taken:
submit-not-yet = { $file } is in the inbox; the daemon has not taken it yet.
submit-no-daemon = { $file } is in the inbox. The daemon is not running: it takes it when it starts.
submit-stands = { $id } ({ $account }) is { $state }
submit-stands-due = { $id } ({ $account }) is { $state }, due { $due }
submit-date = date:{" "}
submit-withdrawn = { $id } is withdrawn, was due { $from }
submit-as-written = { $id } is as written now, due { $to }
submit-moves = { $id } moves from { $from } to { $to }
submit-new = { $id } is new, due { $to }
check-unreadable = it cannot be read: { $why }
check-no-marker = the file does not end with a line `...`, so the inbox would refuse it
check-no-marker-help = end it with `...`; the config asks for it (`inbox_end_marker: required`)
cli-no-runtime = no runtime could be started: { $error }
cli-not-owner = { $folder } belongs to { $user }; run as its owner: sudo -u { $user } qunfa ...
cli-unreadable = { $folder } cannot be read ({ $error }); run as its owner: sudo -u { $user } qunfa ...
zone-warning = from { $from } on this machine's zone data differ from those of this program for { $zone }: a local time then may be an hour wrong
zone-warning-and-advice = from { $from } on this machine's zone data differ from those of this program for { $zone }: a local time then may be an hour wrong: install a newer qunfa, or write times with their offset (2027-03-12T20:00:00-07:00); if this machine's data are the older ones, update its tzdata
zone-advice = install a newer qunfa, or write times with their offset (2027-03-12T20:00:00-07:00); if this machine's data are the older ones, update its tzdata
cli-no-database = { $unknown }; there is no database yet
cli-no-series = { $option } is for a series, and { $id } is none
cli-job-is = Job { $job } is { $state }.
hold-no-database = there is no database yet, so nothing is released and nothing can be held
hold-all = Every account
hold-account = Account { $account }
hold-already = { $whom } was on hold already, since { $since } ({ $why }).
hold-held = { $whom } is on hold since { $since }: nothing is asked for from now on.
hold-under-way = What a request under way brings is still stored.
hold-resume = `qunfa resume { $whom }` lets the jobs go on; what its grace has passed for is missed then.
approve-without-place = Job { $job } is approved, but as it stands it is not sent at { $due }: { $why }.
approve-late = Job { $job } is approved, but it was due { $due } and its grace has passed: it becomes missed.
approve-at-once = Job { $job } is approved and goes at once: it was due { $due }.
approve-goes = Job { $job } is approved and goes at { $due }.
cancel-date = { $id } is cancelled: this date of the series does not come.
cancel-whole = Job { $job } is cancelled: nothing of it goes out.
cancel-rest = Job { $job } is { $state } and stops here: not sent is batch { $batches }.
cancel-accepted = What the platform accepted cannot be called back: batch { $batches }.
cancel-open = This may have gone out, and is settled as ever: batch { $batches }.
resolve-kept-back = The events kept back count as sends made elsewhere.
resolve-sent = Its charges are kept, and the platform is asked for its result.
resolve-sent-without-number = Its charges are kept; without its number nothing more is known of it.
resolve-not-sent = What it had reserved is returned.
resolve-others = Other batches of it are still in doubt.
resolve-retry = `qunfa retry { $job }` asks for it again.
resolve-back = `qunfa resolve { $job } --sent` takes this back until then.
cli-unknown-job = no job has the id { $id }; `qunfa jobs` lists them
cli-problem-help = { $message }: { $help }
next-hold = Nothing goes before the hold is lifted ({ $why }): `qunfa resume { $whom }`.
next-barred = Nothing goes: { $why }.
next-barred-advice = To change that: { $advice }.
next-paused = Account { $account } is paused ({ $why }): `qunfa resume { $account }`.
next-daemon = The daemon sees it within a second.
next-no-daemon = The daemon is not running: it goes on when it is started.
retry-vouched = A restore read it back, so you vouch that it did not go out: if it did, it goes a second time. `qunfa cancel { $job }` takes this back until it goes.
retry-again = Job { $job } is { $state } again, due { $due }.
retry-job = Job { $job } is { $state } again, due { $due }: { $asked }.
retry-asked =
    { $n ->
        [one] { $count } batch to be asked for
       *[other] { $count } batches to be asked for
    }
retry-asked-rest =
    { $n ->
        [one] { $count } batch to be asked for; { $kept }
       *[other] { $count } batches to be asked for; { $kept }
    }
retry-kept =
    { $n ->
        [one] { $count } batch stay as they are
       *[other] { $count } batches stay as they are
    }
retry-held = It was never approved: `qunfa approve { $job }` in time, or it is missed again.
resume-no-database = Nothing was held or paused: no job was taken yet.
resume-nothing = Nothing was held or paused.
resume-lifted =
    { $n ->
        [one] Lifted { $count } hold or pause.
       *[other] Lifted { $count } holds and pauses.
    }
resume-account-nothing = Account { $account } itself was neither held nor paused.
resume-account-lifted = A hold or pause of account { $account } is lifted.
resume-account-paused = Account { $account } goes on. It was paused since { $since }: { $why }
resume-account = Account { $account } goes on.
resume-jobs =
    { $n ->
        [one] { $n } job goes at its time, though it may have been sent already.
       *[other] { $n } jobs go at their time, though they may have been sent already.
    }
resume-ended =
    { $n ->
        [one] { $count } missed or failed job may be retried from now on, though nobody knows what went out meanwhile, and the platform may have forgotten it: look in { $history } before each `qunfa retry`.
       *[other] { $count } missed or failed jobs may be retried from now on, though nobody knows what went out meanwhile, and the platform may have forgotten it: look in { $history } before each `qunfa retry`.
    }
resume-separator = ;{" "}
resume-and-others = { $jobs } and others
resume-none-due = No job is due now.
resume-due = Due now: { $jobs }. What its grace has passed for becomes missed, the rest goes.
resume-later = Due, but requested later: { $jobs }.
reschedule-without-place = Job { $job } is moved and as it stands is not sent at { $due }: { $why }.
reschedule-goes = Job { $job } is moved and goes at { $due }.
reschedule-goes-because = Job { $job } is moved and goes at { $due } ({ $why }).
reschedule-is = Job { $job } is moved and is { $state }.
reschedule-date = { $id } is moved to { $at }; it is planned weeks before that.
again-no-id = { $id } cannot be an id
again-exists = there is a job { $job } already: give the new one an id of its own
again-no-file = job { $job } cannot be planned again: its file is not in `accepted/` any more, or cannot be read
series-reads = on { $date } it reads: { $line }
series-is = { $id } is a series, { $state }
series-active = active
series-state-ended = ended
series-state-cancelled = cancelled
series-state-lost = lost
series-dates =
    { $n ->
        [one] { $count } date
       *[other] { $count } dates
    }
series-cancelled-from = cancelled from { $from } on
series-up-to = up to { $until }
series-label-title = title
series-label-account = account
series-label-action = action
series-label-comes = comes
series-label-from = from
series-label-until = until
series-label-count = count
series-label-except = except
series-label-ends = ends
series-label-approved = approved
series-label-file = file
series-label-because = because
series-label-changed = changed
series-lost = some of its dates may have been sent, by a database that is lost: look in the account's history ({ $history })
series-dates-heading = ITS DATES
series-head-due = due
series-head-state = state
series-head-job = job
series-none-planned = None is planned.
series-lost-retry = `qunfa retry { $id }` plans those from tomorrow on.
series-no-more = No further date comes.
series-then = then{"  "}
series-cancelled = Series { $id } is cancelled: no further date of it comes.
series-cancelled-with = Series { $id } is cancelled, with { $dates } that waited, { $first } the first: no date of it comes.
series-ended = Series { $id } is cancelled from { $from } on: no date of it comes then.
series-ended-with = Series { $id } is cancelled from { $from } on, with { $dates } that waited: no date of it comes then.
series-approved = The dates of { $id } up to { $until } are approved, { $dates } that waited for it.
series-approved-none = The dates of { $id } up to { $until } are approved, none of them waited for it.
series-approved-later = Those that are not planned yet go without another approval, unless the series is edited.
series-releasing = { $job } is being released and goes on: `qunfa cancel { $job }` stops what can be stopped.
series-goes-on = Series { $id } goes on, from { $id }@{ $date } ({ $at }).
series-before = What came before is not sent.
series-over = Series { $id } has no date after today, so it is over.
cli-question = { $question } [y/N]{" "}
cli-unwritten = the answer cannot be written
cli-config-denied = { $error } ({ $source }); run as the owner of the state directory: sudo -u qunfa qunfa ...
article-heading = ARTICLES
article-declared-nothing = nothing declared (未声明)
article-declared-original = declared original (声明原创)
article-declared-reprint = declared a reprint (声明转载)
article-declared-other = declared as { $state }
article-unchecked = originality not checked (未审核)
article-checking = originality being checked (审核中)
article-passed = originality check passed (审核通过)
article-failed = originality check failed (审核未通过): { $state }
article-like-original = resembles an original article (原创): { $url }
article-like-older = resembles an older article that is no original (老文章, 非原创): { $url }
article-like-news = resembles a news article (新闻): { $url }
article-like-banned = resembles a banned article (黑名单): { $url }
article-like-another = resembles another article: { $url }
article-no-reprint = which may not be reprinted (不可转载)
article-may-reprint = which may be reprinted (可以转载)
article-replaced = its content takes the place of ours (替换为原文内容)
article-source-named = its source is named (注明转载来源)
backup-no-database = there is no database yet, so there is nothing to copy
backup-unwritable = the backup { $file } cannot be written: { $error }
backup-failed = the backup { $file } could not be made: { $error }
backup-exists = { $file } exists already, and a backup overwrites nothing: give it another name
backup-stop = stop the daemon
backup-move = move { $state }/qunfa.db away, and qunfa.db-wal and qunfa.db-shm with it
backup-copy = as the owner of { $state }, copy { $file } to { $state }/qunfa.db
backup-mark = leave { $state }/mark as it is (on another machine: put the kept one there): by it the daemon knows which ids were used since
backup-media = copy what was kept of { $state }/media back into it: a job of the copy may need a file that was removed since
backup-start = start the daemon: a backup always starts in hold, and `qunfa status` names the jobs that may have been sent since
backup-look = look in { $history }, `qunfa cancel` what went out, then `qunfa resume --all`
backup-made = { $file } is the database as of now: { $bytes } bytes, checked.
backup-keep = For the loss of the machine, copy these now and keep them with it, and the secrets:
backup-restore = To restore it here:
jobs-states = a state is one of { $states }
jobs-no-database = No job was taken yet: the inbox takes the first file.
jobs-none-like-that = No job is like that.
jobs-none = No job was taken yet.
jobs-head-due = due
jobs-head-state = state
jobs-head-account = account
jobs-head-title = title
jobs-head-job = job
jobs-nearest = The { $shown } of { $all } jobs that are due nearest to now; `--limit N` shows more, `--json` all.
jobs-count =
    { $n ->
        [one] { $count } job; times are Beijing's.
       *[other] { $count } jobs; times are Beijing's.
    }
jobs-others = others
jobs-series = More dates come of: { $names }. `qunfa show` tells of one.
followers-being-read = the followers of { $account } are being read: { $how }
followers-never-read = the followers of { $account } were never read; `qunfa followers { $account } --refresh` reads them
followers-failed = the followers of { $account } could not be read: { $why }
followers-no-daemon = the daemon is not running: it reads the followers of { $account } when it is started
followers-paused = account { $account } is paused ({ $why }): its followers are read after `qunfa resume { $account }`
followers-later = the followers of { $account } are still being read; `qunfa followers { $account }` shows them later
followers-all = { $account } has { $count } followers
followers-told = the platform counts { $count } and lists fewer
followers-label-read = read
followers-label-but = but
followers-label-now = now
followers-label-last = last time{" "}
followers-no-tags = It has no tags.
followers-head-tag = tag
followers-head-name = name
followers-head-followers = followers
qrcodes-none = { $account } has no codes that qunfa made or saw scanned.
qrcodes-head-scene = scene
qrcodes-head-job = job
qrcodes-head-expires = expires
qrcodes-head-followed = followed
qrcodes-head-scanned = scanned
qrcodes-head-picture = picture
qrcodes-elsewhere = made elsewhere
qrcodes-one-more = asked for again without a clear answer: there may be one more
qrcodes-pictures = Pictures are in { $folder }.
qrcodes-never = never
qrcodes-unknown = not known
qrcodes-expired = expired
qrcodes-heading = CODES
qrcodes-made = { $made } of { $all }
qrcodes-label-made = made
qrcodes-repeated = { $count } requests repeated one without an answer: there may be as many more temporary codes
qrcodes-label-repeated = repeated
qrcodes-label-pictures = pictures
qrcodes-few-left = with it { $owned } of the account's { $limit } permanent codes are used: none can be deleted
menu-heading = MENU
menu-unknown-before = what stood before is not known, so it cannot be put back
menu-not-yet = what stands was read; it is not changed yet
menu-same = as it was before
menu-order = order of the buttons
menu-new = new{"      "}
menu-gone = gone{"     "}
menu-changed = changed{"  "}
event-of = event of broadcast { $id }: { $words } ({ $status })
event-by = by { $name }
event-to = to { $name }
event-written = written { $parts }
event-check-1 = originality check 1: no reprint, may be sent (未被判为转载, 可以群发)
event-check-2 = originality check 2: a reprint, may be sent (被判为转载, 可以群发)
event-check-3 = originality check 3: a reprint, may not be sent (被判为转载, 不能群发)
event-check-other = originality check { $state }
event-audience = { $count } in the audience
event-filtered = { $count } after filtering
event-reached = { $count } reached
event-not-reached = { $count } not reached
alerts-none = Nobody had to be told anything yet.
alerts-over = over since { $since }
alerts-tries =
    { $n ->
        [one] { $count } try
       *[other] { $count } tries
    }
alerts-not-tried = not tried yet
alerts-delivered = { $receiver }: delivered at { $at }
alerts-waits = { $receiver }: waits until { $until } ({ $tried }; { $error })
alerts-given-up = { $receiver }: given up after { $tried }: { $error }
alerts-no-receiver = there is no receiver { $name }; the config has { $names }
alerts-no-receivers = the config has no receivers: config.example.yaml shows `alerts`
alerts-no-daemon = the daemon does not run, and it is the daemon that sends: start it, then try again
alerts-no-database = the daemon has no database yet: try again
alerts-sent-nothing = the daemon sent nothing: if the receivers are new in the config, restart it
ack-is = { $note } is { $kind }
ack-label-severity = severity
ack-label-account = account
ack-label-job = job
ack-label-since = since
ack-label-what = what
ack-label-do = do
ack-label-seen = seen
ack-all = all
ack-none = none
ack-no-database = nothing stands under attention: no job was taken yet
ack-of-daemon = { $thing } is told of the daemon itself, and is over once that is mended: { $what }
ack-file = the refused file { $file }
ack-taken = Taken out of attention: { $what }
ack-comes-back = It comes back when something new happens to it.
ack-not-job = job { $job } does not stand under attention: `qunfa show { $job }`
ack-unknown = nothing under attention is called { $thing }: `qunfa status` shows the ids

## status: `qunfa status`

## plan: `plan`, `check`, `submit`, the forecast

## show: `qunfa show`

## doctor: `init`, `doctor`, `config check`

finding-good = good{"     "}
finding-warning = warning{"  "}
finding-bad = bad{"      "}
finding-line = { $account }{ $check }: { $what }
finding-config = config
finding-secrets = secrets
finding-zone-data = zone data
finding-token = token
finding-ip-list = IP list
finding-listen = listen
finding-clock = clock
finding-connection = connection
finding-rights = rights
finding-callback = callback
finding-database = database
