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
rule-daily-draft-reads = daily_draft_reads
rule-daily-draft-pages = daily_draft_pages
rule-daily-uploadnews = daily_uploadnews
rule-daily-menus = daily_menus
rule-daily-qrcodes = daily_qrcodes
rule-permanent-qrcodes = permanent_qrcodes
window-ever = ever
list-separator = ,{" "}
place-keys = 微信开发者平台 (developers.weixin.qq.com/platform), 我的业务, 公众号 or 服务号, 基础信息, 开发密钥
place-callback = 微信开发者平台 (developers.weixin.qq.com/platform), 我的业务, 公众号 or 服务号, 基础信息, 域名与消息推送配置
place-rights = 微信开发者平台 (developers.weixin.qq.com/platform), 我的业务, 公众号 or 服务号, 接口管理, 接口权限与额度
place-history = 发表记录 on mp.weixin.qq.com
place-notices = 通知中心 on mp.weixin.qq.com
place-site = mp.weixin.qq.com
place-component = 微信开放平台 (open.weixin.qq.com: 管理中心, 第三方平台, 开发配置)
span-now = now
span-in = in { $span }
span-ago = { $span } ago
clause-separator = ,{" "}
sentence-separator = ;{" "}
title-and-text = { $title }: { $text }
head-account = account
head-title = title
head-job = job
head-state = state
head-rule = rule
weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday
weekday-short-monday = Mon
weekday-short-tuesday = Tue
weekday-short-wednesday = Wed
weekday-short-thursday = Thu
weekday-short-friday = Fri
weekday-short-saturday = Sat
weekday-short-sunday = Sun
action-broadcast = broadcast
action-delete = delete
action-menu = menu
action-qrcode = qrcode
action-speed = speed
audience-everyone = everyone
audience-unknown = unknown
audience-tag = tag { $tag }
audience-openids = { $count } OpenIDs
stored-broadcast-of = the broadcast of job { $job }
stored-article-of = article { $article } of job { $job }
stored-speed = { $level } ({ $real }w a minute)
stored-scene = scene { $scene }
stored-permanent-code = permanent code of { $scene }
stored-temporary-code = temporary code of { $scene }
stored-permanent-codes = { $count } permanent codes
stored-temporary-codes = { $count } temporary codes
stored-codes-from = { $codes }, { $first } to { $last }
stored-picture = picture of { $scene }
stored-preview-openid = preview to OpenID { $to }
stored-preview-wxname = preview to WeChat name { $to }
stored-deletion = deletion of { $subject }
stored-speed-get = question for the speed
stored-speed-set = setting of speed { $speed }
stored-menu = menu { $menu }
stored-menu-delete = deletion of the menu
stored-menu-read = question for the menu
stored-menu-try-openid = question for the menu of OpenID { $to }
stored-menu-try-wxname = question for the menu of WeChat name { $to }
stored-menu-delete-one = deletion of menu { $menuid }
stored-batch = { $call } (batch { $batch })
stored-by = { $call } by { $who }
stored-by-because = { $call } by { $who }: "{ $why }"
cannot-write = { $path } cannot be written: { $error }
time-and-distance = { $at } ({ $distance })
stored-wxname = WeChat name { $name }

## reason: why something is as it is (src/text/reason.rs)

reason-just-now = just now
reason-ago = { $span } ago
reason-quota-used-ever = { $rule } is used up for ever
reason-quota-used = { $rule } of { $window } is used up
reason-quota-used-elsewhere = { $rule } of { $window } is used up by a send made elsewhere
reason-reserved-by = { $rule } of { $window } belongs to { $owners }
reason-reserved-ever = { $rule } is used up for ever, with what earlier or higher-priority jobs have reserved
reason-reserved = { $rule } for { $window } is already reserved by earlier or higher-priority jobs
reason-needs-more-calls = needs more calls than the { $rule } limit
reason-needs-more = needs more than the { $rule } limit
reason-receivers-full = { $rule }: its receivers had their four of { $window }
reason-receivers-full-by-then = { $rule }: by then its receivers have had their four of { $window }
reason-receivers-dropped = { $dropped } receivers had their four of { $window } and were taken out
reason-platform-quota-used-month = the platform has no more quota in { $window }
reason-platform-quota-used-day = the platform has no more quota on { $window }
reason-no-room = { $cause }, and { $from } has no room either
reason-no-room-between = { $cause }, and { $from } to { $to } have no room either
reason-beyond-expiry = { $cause }, and its next window lies beyond its expires
reason-on-quota-fail = { $cause }, and on_quota is fail
reason-will-defer = { $cause }: it moves to a later window when it is due
reason-deferred = deferred: { $cause }
reason-deferred-to = deferred: { $cause }; it goes at { $at }
reason-advanced = comes forward to { $at }
reason-expires-before-due = its expires lies before its time
reason-past-grace = it was due { $ago }, and its grace of { $grace } is over
reason-waits-for-approval = it waits for approval
reason-not-approved = nobody approved it in time: it was due { $ago }
reason-waits-for-files = it waits for { $files }
reason-files-not-in-time = { $files } did not come in time: it was due { $ago }
reason-retry-window-over = it was not accepted in the time it had
reason-clientmsgid-forgotten = it was not asked for in time: the platform no longer surely remembers its clientmsgid
reason-may-have-gone-out = it may have gone out or not, and may not be asked again: look at the account's history ({ $history })
reason-release-begins = its time has come and the rules have room
reason-call-begins = its time has come
reason-waits = waits: { $cause }
reason-stopped-before-request = it was stopped before its request left
reason-batch-accepted = batch { $batch } accepted, msg_id { $msg_id }
reason-batch-ended = batch { $batch }: { $cause }
reason-sent-says-platform = the platform says it went out
reason-deleted-says-platform = the platform says it is deleted
reason-stopped-by-platform = the platform stopped it after accepting, and no event said why
reason-in-doubt = in doubt: { $answer }; asked again with the same clientmsgid
reason-not-accepted = not accepted: { $answer }; asked again
reason-token-refused = the access token was refused; asked again with a new one
reason-platform-refused = the platform refused it with { $code } ({ $errmsg }): { $what }; { $advice }
reason-platform-refused-so = the platform refused it: { $errmsg }
reason-uploads-done = everything it needs is uploaded; its text is fixed
reason-upload-token-refused = the access token was refused
reason-upload-unclear = { $file } { $name } got no clear answer ({ $errmsg })
reason-upload-refused = { $answer }: { $what }; { $advice }
reason-no-answer-came = no answer came
reason-last-upload-answer = for { $name } { $answer }
reason-last-upload-trouble = { $name }: { $errmsg }
reason-no-upload-call-left = the day has no call for { $file } left; it goes on at { $at }
reason-action-unknown = what it does is not known
reason-call-done = { $call }: done
reason-call-failed = { $call } failed: { $cause }
reason-calls-failed = { $failed } of { $all } failed: { $cause }
reason-daemon-ended = the daemon ended before the answer was stored
reason-on-hold = on hold: { $cause }
reason-account-paused = account { $account } is paused: { $cause }
reason-asked-often = { $cause }; it was asked { $times } times
reason-codes-made = { $made } of { $all } codes are made
reason-codes-stopped = { $made } of { $all } codes are made, and a retry goes on after them: { $cause }
reason-codes-put-off = { $made } of { $all } codes are made, and the others follow: { $cause }
reason-menu-replaced = the menu of job { $job } took its place
reason-menu-changed-elsewhere = the menu that stands is not the one of job { $job }: it was changed outside qunfa, so nothing was put back; `menu: {"{"} restore: { $job } {"}"}` puts it back all the same
reason-menu-until-over = its `until`, { $until }, is over: the menu was not changed
reason-id-is-taken = there is a job { $job } already, and the job that puts the menu back would have that id: the menu was not changed
reason-not-a-menu = job { $job } does not change the menu
reason-menu-not-set-yet = job { $job } is { $state }: it has not changed the menu yet
reason-menu-before-unknown = the menu that stood before job { $job } is not known
reason-menu-not-creatable = the API cannot create these buttons, which were made on the website: { $buttons }; the menu was not changed, and can be published again on the website only
reason-media-gone = the platform has neither a draft nor material with media id { $media }
reason-not-prepared = its content is not prepared yet: preview later
reason-no-preview-of-content = its content is not known yet
reason-no-card-ext = a coupon's preview needs its card_ext (code, openid, timestamp, signature)
reason-no-broadcast-number = its broadcast has no number
reason-shared-media-deleted = { $cause }; it sent the same media, which is gone with it
reason-broadcasts-not-out = { $not_out } of its { $all } broadcasts are not known to have gone out, and all of them are to be deleted
reason-no-such-job = no job has the id { $job }
reason-job-of-other-account = job { $job } is of account { $account }
reason-not-a-broadcast = job { $job } is no broadcast
reason-not-sent-yet = job { $job } is { $state }, and only what was sent can be deleted: `qunfa cancel { $job }` calls it off
reason-msg-id-unknown = the number of job { $job }'s broadcast is not known
reason-nothing-went-out = job { $job } is { $state }: nothing of it is known to have gone out
reason-deleted-already = the broadcast of job { $job } is deleted already
reason-msgtype-not-deletable = job { $job } sent { $msgtype }, and the platform deletes articles (mpnews) and videos (mpvideo) only
reason-not-confirmed-sent = the platform has not said yet that the broadcast of job { $job } went out, and only what was sent can be deleted
reason-media-shared = the same media was sent by { $jobs } too, and one deletion ends all of them
reason-article-not-named = the broadcast of job { $job } has { $articles } articles, and none was named: 1 to { $articles } is one, 0 all of them
reason-no-such-article = the broadcast of job { $job } has no article { $article }, only { $articles }
reason-planned-for = planned for { $at }
reason-minute-full = { $rule }: the calls before it fill its minute
reason-guard-after-midnight = after the 00:00-00:02 guard of a Beijing day
reason-held-until = held: `qunfa approve { $job }` before { $until }, or it is missed
reason-resume-lets-it-go = it may have been sent already: `qunfa resume { $account }` lets it go
reason-grace-over = its grace of { $grace_min } min is over: it becomes missed
reason-retry-for-over = its retry_for is over: what is in doubt becomes uncertain
reason-daemon-ended-in-request = the daemon ended during a request: when it runs, it asks again with the same clientmsgid
reason-pause-too-long-doubt = the pause before its next request is longer than its retry_for: what is in doubt then becomes uncertain
reason-pause-too-long = the pause before its next request is longer than its time for asking: it becomes missed
reason-uploads-begin = prepares at { $at }: its uploads begin then
reason-missed-after = missed if it has not gone by { $until }
reason-goes-after = will not go until `{ $command }`
reason-goes-after-config = will not go until the config is changed and the daemon reloaded
reason-daemon-not-running = waits for the daemon, which is not running
reason-daemon-stuck = waits for the daemon, whose loop stands still
reason-clock-not-trusted = waits for the platform's clock
reason-database-lost = the database that knew it is lost: it may have been sent
reason-database-lost-before-due = the database that knew it is lost; its time has not come: it was not sent unless an edit that accepted/ lacks moved it forward
reason-database-may-be-old = the database may be an older one: this may have been sent at its own time, which the platform would not know any more when it is due
reason-may-have-been-sent = it may have been sent already: it waits for `qunfa resume`
reason-gap-in-question = waits for `qunfa resume`: { $gap }
reason-clock-was-ahead = taken by a clock that was ahead: it is due from now on
reason-crashed-over = the daemon crashed { $times } times over this job, so it is set aside and was never sent; { $report }
reason-no-job-was-due = no job was due in the meantime
reason-may-have-been-restored = { $evidence }; { $question }
reason-token-server-refused = the shared token server gave no token: { $errcode } ({ $errmsg })
reason-no-token = the platform gave no token: { $errcode } ({ $errmsg }), { $what }
reason-account-refused = { $answer }: { $what }
reason-broadcast-of-other-job = the platform says that { $job } is broadcast { $msg_id }, which is job { $other }
reason-body-differs = broadcast { $msg_id } was asked for with another body than job { $job } has now
reason-quota-refused-twice = the platform refused a broadcast for want of quota on two days running, and no send made elsewhere is known
reason-not-in-config = account { $account } is not in the config: nothing of it goes
reason-taken-from = taken from { $file }, line { $line }
reason-taken-from-agent = taken from { $file }, line { $line }, submitted by { $by }
reason-changed-by = changed by { $file }, line { $line }
reason-changed-by-agent = changed by { $file }, line { $line }, submitted by { $by }
reason-date-withdrawn = series { $series } no longer has this date, by { $file }
reason-keeps-clientmsgid = { $cause }; the platform may have taken batch { $batches }, which keeps its clientmsgid so that it says so
reason-report-crash = please report the crash with the daemon's log (`journalctl -u qunfa`)
reason-gap = this database does not know what happened from { $from } to { $to }; if it was put back to an earlier state, the job may have been sent meanwhile, and the platform may have forgotten that
reason-platform-answered = the platform answered { $code } ({ $errmsg })
upload-picture = the picture
upload-cover = the cover
upload-image = the image
upload-voice = the recording
upload-video-file = the video file
upload-video = the video
upload-draft-of = the draft of
upload-articles-of = the articles of
reason-database-is-backup = the database is a backup of { $at }
reason-database-older-than-mark = the database is older than the mark beside it
reason-database-without-mark = the mark beside the database is missing, so it may be an old one
reason-database-lacks-files = accepted/ holds files that the database does not know, so it is an old one
reason-long-absence = the daemon was last seen on { $at }: the machine may have been restored
reason-platform-has-no-room = { $cause }: { $answer }
reason-batch-adopted = batch { $batch } adopted: the platform had it already, msg_id { $msg_id }
reason-batch-adopted-alone = batch { $batch } adopted: the platform had it already, msg_id { $msg_id }; this database never asked for it, so another copy may have sent the others too, or the whole in other batches: look in the account's history ({ $history }), then `qunfa retry { $job }` asks for those that are missing there
reason-stopped-by-platform-as = the platform stopped it after accepting: { $status }
reason-stopped-by-platform-advice = the platform stopped it after accepting: { $status }; { $advice }
reason-waits-for-uploads = waits for its uploads
reason-waits-for-uploads-because = waits for its uploads: { $cause }
reason-uploads-not-done = { $cause }; its uploads were not done in time
reason-uploads-not-done-because = { $cause }; its uploads were not done in time: { $last }
reason-call-answered = the platform answered { $code } ({ $errmsg }): { $what }
reason-call-answered-advice = the platform answered { $code } ({ $errmsg }): { $what }; { $advice }
reason-result-awaited = accepted at { $at } as msg_id { $msg_id }; the result is not in. If the account has broadcast protection (API群发保护), its administrator has until { $until } to confirm on the phone; with no answer by then it fails (err 40002)
reason-result-late = accepted at { $at } as msg_id { $msg_id }; the result is still not in. If its administrator was asked to confirm it (API群发保护), the time for that ended at { $until }: the platform is asked what became of it
reason-call-time-over-doubt = nobody could say in the time it had whether it was done
reason-call-time-over-doubt-last = nobody could say in the time it had whether it was done; what was last heard: { $last }
reason-call-time-over = it was not done in the time it had
reason-call-time-over-last = it was not done in the time it had; what was last heard: { $last }
reason-articles-unknown = how many articles job { $job } sent is not known, and none was named: 1 is the first, 0 all of them
reason-articles-unknown-at-least = how many articles job { $job } sent is not known (its event names { $many }, and need not name all), and none was named: 1 is the first, 0 all of them
reason-batches-in-doubt =
    { $all ->
        [one] { $in_doubt } of { $all } batch is in doubt: asked again with the same clientmsgid
       *[other] { $in_doubt } of { $all } batches are in doubt: asked again with the same clientmsgid
    }
reason-jobs-in-question = these jobs may have been sent already: { $jobs }
reason-read-back = { $cause }; read back from accepted/ as missed, these jobs may have been sent already as well: { $jobs }
reason-crashed-over-account = the daemon crashed { $times } times over this account
reason-crashed-over-account-job = the daemon crashed { $times } times over this account, the last time over job { $job }
reason-appid-changed = the config gives { $account } the appid { $appid }, but { $account } is known as { $known }: nothing of it goes, because what was planned for one account must not go to the readers of another
reason-appid-other-jobs = the config gives { $account } the appid { $appid }, but { $account } has jobs that were planned for another appid: nothing of it goes, because what was planned for one account must not go to the readers of another
reason-dates-passed-over = nobody planned its dates from { $from } to { $to }: they are passed over
reason-dates-passed-over-all = nobody planned its dates from { $from } to its end: they are passed over
reason-upload-answer = for { $file } { $name } { $answer }
reason-jobs-of-series =
    { $count ->
        [one] { $count } date of { $series }
       *[other] { $count } dates of { $series }
    }
reason-and-more-jobs = and { $count } more
job-title-and-id = "{ $title }" ({ $id })
operation-held = held by { $who }
operation-let-go-on = let go on by { $who }
operation-approved = approved by { $who }
operation-cancelled = cancelled by { $who }
operation-retried = retried by { $who }
operation-rescheduled = moved to { $at } by { $who }
operation-acknowledged = acknowledged by { $who }
operation-resolved-sent-as = batch { $batches } resolved as sent, as broadcast { $msg_id }, by { $who }
operation-resolved-sent = batch { $batches } resolved as sent by { $who }
operation-resolved-not-sent = batch { $batches } resolved as not sent by { $who }
operation-not-sent-taken-back = that it was not sent is taken back by { $who }
operation-because = { $operation }: "{ $why }"
reason-has-its-time-again = { $job } has its time again: { $was }
reason-comes-forward = { $job } comes forward from { $was } to { $to }
reason-moves = { $job } moves from { $was } to { $to }: { $because }
reason-not-sent = { $job } is not sent at { $was }: { $because }
reason-not-authorized = it has not authorised the component { $component } (第三方平台), or has ended that

## failure: why a request brought nothing (src/text/stored.rs)

failure-no-answer = no answer in time
failure-no-connection-in-time = no connection in time
failure-connection-refused = the connection was refused
failure-no-route = there is no route to the host
failure-connection-closed = the connection was closed before the whole answer came
failure-stood-still = the process stood still between the decision and the request
failure-daemon-ended = the daemon was told to end before it left
failure-token-refused = the platform refuses the token for this
failure-no-json-object = the answer is not a JSON object
failure-errcode-is-no-integer = the answer has an errcode that is no integer
failure-no-token-life = the answer does not say how long its token lives
failure-other-broadcast = the answer is about another msg_id
failure-no-medium = the answer is not the content of a medium
failure-menu-unclear = the answer does not say whether there is a menu
failure-button-unclear = a button of the answer cannot be read
failure-lists-unclear = the answer has no lists that can be read
failure-other-list = the answer is not the list that was asked for
failure-tag-without-id = a tag has no id that can be read
failure-page-miscounted = a page lists another number of OpenIDs than it says
failure-openid-unclear = a page lists an OpenID that cannot be read
failure-no-followers = the list of followers is empty, and should not be
failure-page-repeats = a page is followed by itself
failure-next-openid-unclear = a page's next_openid cannot be read
failure-picture-gone = the platform has no picture for the ticket (HTTP 404)
failure-picture-lost = the picture was not written
failure-too-many-pushes = too many pushes wait for it
failure-long-answer = an answer of more than 64 KiB
failure-host-unknown = the host's name cannot be resolved: { $detail }
failure-tls = TLS failed: { $detail }
failure-no-connection = no connection: { $detail }
failure-broken = the request failed: { $detail }
failure-cut-short = HTTP { $status }, then { $detail }
failure-too-long = HTTP { $status } with more than { $most } bytes
failure-status = HTTP status { $status }
failure-no-picture = HTTP { $status } without a picture
failure-no-json = the answer cannot be read as JSON at line { $line }, column { $column }
failure-no-field = the answer has no { $field } that can be read
failure-no-msg-id = errcode { $errcode } without a msg_id that can be read
failure-unknown-status = unknown status { $status }
failure-answered = the platform answered { $errcode } ({ $errmsg }): { $what }
failure-file-unreadable = the stored file { $file } cannot be read ({ $error }): submit the job anew
failure-picture-unwritten = the picture cannot be written: { $error }
failure-receiver-status = it answered HTTP { $status }
failure-receiver-without-code = it answered HTTP { $status } without a code
failure-receiver-code = it answered { $code } ({ $errmsg })
failure-mail-refused = the mail server refused: { $detail }
failure-command-ended = the command ended with { $status }
failure-command-unusable = the command cannot be run: { $error }
failure-command-too-slow = the command did not end within { $seconds } s

## alert: messages to receivers (src/text/alert.rs)

alert-headline = qunfa { $urgency }: { $subject }
alert-receiver-gone = the config has no such receiver any more
alert-given-up = messages to the receiver { $receiver } were given up: { $error }
alert-not-reaching = messages do not reach the receiver { $receiver }: { $error }
alert-correct-receiver = correct it under `alerts` in the config and reload the daemon, then `qunfa alert test { $receiver }`; `qunfa alert list` shows the messages
alert-callback-silent = broadcasts of the last day were sent, and the callback brought no event of any: their results were asked for instead
alert-see-callback = compare the callback's URL and token on the platform with the config, and see whether the proxy forwards /callback/ to the daemon
alert-free-database = end that program, or let it finish; the daemon goes on by itself
alert-reach-database = start PostgreSQL, or repair the way to it; the daemon goes on by itself
alert-not-read = what happened is stored in a form that this version cannot read
alert-see-status = `qunfa status` shows what needs a person; report it with the log
alert-see-disk = look at the disk and at the daemon's log; the service manager starts the daemon again, and what was under way is settled then
alert-config-refused = the daemon continues with the config that it has: { $why }
alert-see-config = see `qunfa config check`, correct the file, and reload the daemon
alert-config-warns = the config was reloaded, with a warning: { $warning }
alert-config-warns-more = the config was reloaded, with a warning: { $warning }; and { $more } more
alert-see-config-warnings = `qunfa config check` lists them; correct the file and reload the daemon, or `qunfa ack` this
alert-needs-restart = changed in the config, but needs a restart: { $keys }; the rest is in use
alert-restart = restart the daemon
alert-backup-failed = the backup of the database was not made: { $error }
alert-see-backup = look at the folder's rights and its disk; the daemon tries again every hour
alert-quota-low = { $used } of { $limit } of { $rule } in { $window } are used, { $left } are left
alert-see-quota = `qunfa quota { $account }` shows what used it
alert-approve = `qunfa show { $job }` shows it, `qunfa approve { $job }` lets it go
alert-bring-files = put the file beside its job file and run `qunfa submit` again
alert-show = `qunfa show { $job }` tells the whole story
alert-media-gone = the platform has neither a draft nor material with media id { $media }, which { $job } names: it is tried at its time, and will fail
alert-media-gone-draft = name another draft in the job file and submit it again; `qunfa drafts { $account }` lists them
alert-media-gone-material = upload it again, write the new media id into the job file and submit it again
alert-mend = read { $file }.error.txt in the inbox's rejected/, correct the file and drop it again under this name, or `qunfa ack { $file }`
alert-urgency-over = over
alert-urgency-test = test
alert-urgency-page = act now
alert-urgency-look = look today
alert-urgency-note = note
alert-subject-job-of = { $kind }, job { $job } of { $account }
alert-subject-job = { $kind }, job { $job }
alert-subject-account = { $kind }, account { $account }
alert-do = do: { $advice }
alert-link = approve: { $link }
alert-id = id { $id }
alert-job-because = the job is { $state }: { $because }
alert-job = the job is { $state }
alert-job-not-sent = the job is not sent at its time: { $because }
alert-job-moved = the job goes at { $at }: { $because }
alert-job-moved-from = the job goes at { $at } and not at { $from }: { $because }
alert-approval-due = the job waits for an approval; without one it is missed
alert-files-due = the job waits for { $files }; without it the job is missed
alert-confirm-due = the broadcast was accepted and has no result. If the account has broadcast protection (API群发保护), its administrator must confirm it on the phone; without that it fails
alert-summary = { $day }: { $sent } broadcasts were sent to { $reached } followers, { $moved } jobs moved, { $undone } were not sent as planned, { $waiting } wait
alert-over-job = the alert ({ $kind }) is over: the job is { $state }
alert-over = the alert ({ $kind }) is over
alert-test = this is a test: messages arrive here
alert-sent-to-all = the broadcast was sent to { $sent } followers
alert-sent-without-counts = the broadcast was sent; the platform gave no counts
alert-at = at { $at }
alert-at-until = at { $at }, until { $until }
alert-account-on-hold = the account is on hold: { $because }
alert-all-on-hold = all accounts are on hold: { $because }
alert-account-paused = the account is paused: { $because }
alert-all-paused = all accounts are paused: { $because }
alert-refused-file =
    { $problems ->
        [one] the inbox refused { $name }: { $problems } problem
       *[other] the inbox refused { $name }: { $problems } problems
    }
alert-refused-file-line =
    { $problems ->
        [one] the inbox refused { $name }: { $problems } problem, the first in line { $line }
       *[other] the inbox refused { $name }: { $problems } problems, the first in line { $line }
    }
alert-sent-to = the broadcast was sent to { $sent } of { $receivers } followers
alert-sent-to-failed = the broadcast was sent to { $sent } of { $receivers } followers, { $failed } failed
alert-kind-approval-due = approval due
alert-kind-files-due = file missing
alert-kind-clock = clock
alert-kind-confirm = confirm
alert-kind-database-locked = database locked
alert-kind-failed = failed
alert-kind-gap = gap
alert-kind-inbox = inbox
alert-kind-missed = missed
alert-kind-partial = partial
alert-kind-paused = paused
alert-kind-platform = platform
alert-kind-series = series
alert-kind-storage = storage
alert-kind-stuck = stuck
alert-kind-uncertain = uncertain
alert-kind-first-day = first day
alert-kind-first-month = first month
alert-kind-moved = moved
alert-kind-sent = sent
alert-kind-summary = summary
alert-kind-test = test
alert-kind-adopted = adopted
alert-kind-appid = appid
alert-kind-backup = backup
alert-kind-callback = callback
alert-kind-callback-silent = callback silent
alert-kind-component = third-party platform
alert-kind-component-ticket = component ticket
alert-kind-config = config
alert-kind-delivery = delivery
alert-kind-event-flood = event flood
alert-kind-events-dropped = events dropped
alert-kind-expired = expired
alert-kind-followers = followers
alert-kind-forward = forward
alert-kind-held = held
alert-kind-hold = hold
alert-kind-no-result = no result
alert-kind-quota-low = quota low
alert-kind-refused-file = refused file
alert-kind-rights = rights
alert-kind-unconfigured = unconfigured
alert-kind-unread-event = unread event
alert-kind-unreadable = unreadable
alert-kind-media = media
alert-kind-menu = menu
alert-kind-preview = preview
alert-kind-qrcodes = qrcodes
alert-kind-speed = speed
alert-kind-upload-stalled = upload stalled
alert-kind-zone-data = zone data
alert-headline-of-many = { $headline } (and { $others } more)

## code: what the platform's return codes mean (src/wechat/codes.rs)

code-advice-nothing = nothing: it is asked again by itself
code-advice-media = upload the media again, write its new id into the job file and drop the file again
code-advice-video = pass the video through uploadvideo and use the id that it returns
code-advice-targets = take these receivers out of the list
code-advice-content = correct the content and submit it as a new job
code-advice-menu = correct the menu and submit it as a new job
code-advice-console-menu = look at the account's menu on { $site }
code-advice-code = correct the qrcode and submit it as a new job
code-advice-console = look at the account's notices ({ $notices }), then resume it
code-advice-config = correct the account's appid and secret in the config ({ $keys }), then resume it
code-advice-administrator = let the account's administrator confirm the call on the phone
code-advice-ours = report it: the daemon made a request that it should not have made
code-unknown = the platform answered with a code that no document names
code-unknown-advice = nothing: it is asked again in a way that cannot send it twice
code-40001-token = the AppSecret is wrong
code-40015 = the type of the menu is not valid
code-40016 = the menu has too many or too few buttons
code-40017 = the type of a button is not valid
code-40018 = the name of a button is empty or longer than 16 bytes
code-40019 = the key of a button is empty or longer than 128 bytes
code-40020 = the url of a button is empty or longer than 1024 bytes
code-40021 = the version of the menu is not valid
code-40022 = the menu has more than two levels
code-40023 = a button has too many or too few sub-buttons
code-40024 = the type of a sub-button is not valid
code-40025 = the name of a sub-button is empty or longer than 60 bytes
code-40026 = the key of a sub-button is empty or longer than 128 bytes
code-40027 = the url of a sub-button is empty or longer than 1024 bytes
code-40028 = the account may not have a menu of its own
code-40052 = the action_name is not valid
code-40053 = the action_info, or the scene in it, is not valid
code-40054 = the url of a sub-button leads where it may not
code-40055 = the url of a button leads where it may not
code-41007 = a button has neither a type nor sub-buttons
code-45010 = the account can make no more menus
code-45029 = the account has all the permanent codes that it can have
code-45029-advice = make a temporary code, or use one of the codes that there are
code-45064 = the menu names a mini program that is not linked to the account
code-45064-advice = link it on { $site }, or take its button out
code-48001-call = the account may not use this API
code-48001-call-advice = look which APIs it may use ({ $rights }); most need a verified account
code-53600 = an article_id is not valid
code-65301 = there is no menu with this menuid
code-65302 = nobody of this name follows the account
code-65302-advice = give the OpenID of a follower, or the WeChat name of one
code-65303 = the account has no menu for all followers, which one for some needs
code-65303-advice = create it first: a job with `menu: {"{"} button: … {"}"}` and without `matchrule`
code-65304 = the matchrule is empty
code-65305 = the account can have no more menus for some followers only
code-65306 = the account may not have menus for some followers only
code-65307 = the menu has no buttons
code-65308 = a button of the menu has no type
code-65309 = menus for some followers only are switched off
code-65316 = these menus lead to more than 3 domains
code-65317 = a url of the menu is not valid
code-65320 = the matchrule has a key that the platform withdrew
code--1 = the platform had a system error, and may have taken it
code-0 = the platform took it
code-0-advice = nothing
code-40001 = the access token is not the latest, or the AppSecret is wrong
code-40002 = the grant type is wrong
code-40003 = an OpenID is not one of this account's followers
code-40004 = the media has the wrong type or size
code-40007 = the media id is not valid (any more)
code-40008 = the message type, or the type of a field, is not valid
code-40009 = the media has the wrong type or size
code-40013 = the appid is not valid
code-40014 = the access token is not valid
code-40031 = the list holds OpenIDs that are not valid
code-40032 = the list of OpenIDs has the wrong length
code-40033 = the request holds a \u escape, which the platform refuses
code-40035 = the request is not valid
code-40050 = the tag does not exist
code-40050-advice = look up the tag's id, and correct the job
code-40059 = the platform's API knows no broadcast with this msg_id
code-40059-advice = look for it in { $history }: broadcasts made there are unknown to the API
code-40060 = the broadcast has no article with this number
code-40060-advice = name one that it has, from 1; 0 is all of them
code-40097 = an argument of the request is not valid
code-40118 = the media id has the wrong size
code-40121 = the media type is not valid
code-40125 = the AppSecret is not valid
code-40130 = the list holds fewer than two OpenIDs that can receive
code-40130-advice = add receivers, or use a tag
code-40132 = the WeChat name is not valid
code-40132-advice = correct the name; an OpenID of unusual form is written openid:ID
code-40164 = this machine's address is not on the account's IP list
code-40164-advice = add the address named by the platform to the account's IP list ({ $keys }; it works after some minutes), then resume the account
code-40227 = the title is empty or not valid
code-40243 = the AppSecret is frozen
code-40243-advice = unfreeze it ({ $keys }; it works 10 minutes later), then resume the account
code-41001 = the request lacks its token, appid or secret
code-41040 = the originality check refused it
code-42001 = the access token has expired
code-42010 = one media id was sent again too quickly
code-43004 = a receiver does not follow the account
code-43019 = a receiver is on the account's blacklist
code-44002 = the content is empty
code-44008 = the audio did not pass review
code-45001 = the content is too long or too large
code-45009 = the account's calls of this kind are used up for today
code-45009-advice = nothing: it waits for the next day (clear_quota is never called: it works 10 times a month)
code-45011 = the account made too many calls in one minute
code-45019 = the list of OpenIDs is too long
code-45028 = the account has no broadcast left in this window
code-45028-advice = nothing: it waits for the next window; look for who else sends from this account
code-45040 = the account's quota of this month is used up
code-45040-advice = nothing: it waits
code-45052 = the message type is not valid for this account
code-45062 = the article carries an agreed advertisement, which the API may not send
code-45062-advice = send it from { $site } instead
code-45065 = the platform took it under this clientmsgid before
code-45065-advice = nothing
code-45066 = the platform saw this clientmsgid less than a minute ago
code-45067 = the clientmsgid is too long
code-45083 = the speed is missing or not from 0 to 4
code-45083-advice = give one from 0 to 4
code-45085 = the platform could not set the speed
code-45093 = the account's quota of this day is used up
code-45093-advice = nothing: it waits
code-45102 = the account is punished
code-45103 = the platform has withdrawn this API
code-45106 = the platform has withdrawn this API
code-45110 = the author's name is too long
code-45159 = the tag is not valid
code-45159-advice = look up the tag's id, and correct the job
code-45161 = the video did not go through uploadvideo
code-45166 = the content is not valid
code-45168 = the content holds a forbidden word
code-45501 = the account is restricted
code-46001 = the media does not exist (any more)
code-46004 = a receiver does not exist
code-46007 = the platform is still converting the video
code-47001 = the platform could not read the request
code-48001 = the account may not use this API
code-48001-advice = check that it is verified and may use it ({ $rights }); only a service account can send to a list of OpenIDs
code-48002 = a receiver refuses the account's messages
code-48003 = the account has not accepted the platform's terms for broadcasts
code-48003-advice = accept them on { $site } (the page for broadcasts asks), then resume the account
code-48004 = the platform has blocked this API for the account
code-48008 = the account may not send messages of this type
code-48013 = the video did not go through uploadvideo
code-48014 = the video did not pass review
code-48021 = the draft was only saved automatically
code-48021-advice = save the draft by hand first
code-50001 = the account may not use this API
code-50002 = the account is restricted
code-50004 = the account may not use this API
code-50005 = a receiver no longer follows the account
code-53500 = publishing is banned for this account
code-53501 = the account publishes too often
code-53502 = the publish id is not valid
code-61003 = the account has not authorised the component (第三方平台), or has ended that
code-61003-advice = let the account's administrator authorise the component: `qunfa component NAME link ACCOUNT` makes the link; then the account goes on by itself
code-61004 = this machine's address is not on the component's IP list
code-61004-advice = add the address to the component's IP list (白名单IP地址列表; { $component }), then resume the account
code-61005 = the component's ticket (component_verify_ticket) is older than 12 h
code-61006 = the component's ticket (component_verify_ticket) is not valid
code-61007 = the account has not granted the component this API
code-61007-advice = let the account's administrator authorise the component again with the right that is missing (群发与通知 for broadcasts): `qunfa component NAME link ACCOUNT` makes the link; a paused account then goes on by itself
code-61008 = a third-party platform's authorization failed
code-61011 = the platform knows no such component
code-61011-advice = correct the component's appid in the config ({ $component }), then resume the account
code-61023 = the refresh token is not valid
code-61024 = the appid is that of a component, and not of an account
code-61024-advice = write the account's own appid, and `component: NAME`, then resume the account
code-89501 = the platform waits for the administrator
code-89506 = the administrator refused the call; none is possible for 24 h
code-89507 = the administrator refused the call; none is possible for 1 h
code-200011 = the account is punished
code-9001001 = the request is not valid
code-268488001 = the platform was busy, and may have taken it
outcome-sent = sent (发送成功)
outcome-failed = failed (发送失败)
outcome-advertising = stopped in review: advertising (涉嫌广告)
outcome-advice-other-content = plan it anew with other content, under another id
outcome-politics = stopped in review: politics (涉嫌政治)
outcome-pornography = stopped in review: pornography (涉嫌色情)
outcome-social = stopped in review: social matters (涉嫌社会)
outcome-crime = stopped in review: crime (涉嫌违法犯罪)
outcome-fraud = stopped in review: fraud (涉嫌欺诈)
outcome-copyright = stopped in review: copyright (涉嫌版权)
outcome-other = stopped in review: other reasons (涉嫌其他)
outcome-mutual-promotion = stopped in review: mutual promotion (涉嫌互推(互相宣传))
outcome-originality-broke = the originality check broke down, and reprints were not to be sent (原创校验出现系统错误且用户选择了被判为转载就不群发)
outcome-advice-again = `retry` asks again
outcome-originality-forbids = the originality check forbids it (原创校验被判定为不能群发)
outcome-advice-reprint-owner = its owner has to allow the reprint, or plan it anew with other articles
outcome-reprint = judged a reprint, and reprints were not to be sent (原创校验被判定为转载文且用户选择了被判为转载就不群发)
outcome-advice-reprint = plan it anew with `send_ignore_reprint: 1` to send reprints too, or with other articles
outcome-refused = the administrator refused it (管理员拒绝)
outcome-advice-administrator = talk to the account's administrator; `retry` asks again
outcome-no-answer = the administrator did not answer within 30 minutes (管理员30分钟内无响应)
outcome-advice-answer = tell the account's administrator to answer in time; `retry` asks again
outcome-unknown-number = stopped for a reason no document names: err({ $number })
outcome-unknown = ended with an unknown status: { $status }
outcome-advice-notices = the account's notices ({ $notices }) may say why

## yaml: what is wrong in a YAML file

yaml-not-shown = (not shown)
yaml-utf-16 = this is UTF-16 or binary, not UTF-8
yaml-not-utf-8 = this is not UTF-8
yaml-take-out = take it out
yaml-jobs-in-own-file = put its jobs into a file of their own
yaml-second-document-starts-here = a second document starts here
yaml-too-many-values = more than { $nodes } values in one file
yaml-too-long-with-aliases = with its aliases written out the file has more than 32 MiB of text
yaml-alias-too-deep = what this stands for lies too deep
yaml-nothing-so-deep = nothing in a job file lies that deep
yaml-stands-inside-what-names = `*{ $name }` stands inside of what it names
yaml-write-out-what-begins = write out what `&{ $name }` begins
yaml-alias-unknown = `*{ $name }` stands for `&{ $name }`, which is not there before it
yaml-anchor-unused = `{ $name }` only names the value behind it, and nothing uses it
yaml-take-escape-out = take its escape out
yaml-key-is-a-word = a key must be a word
yaml-must-stand-keys-values-list = `<<` must stand for keys and values, or a list of such
yaml-key-already-line = the key { $key } is already there on line { $line }
yaml-keep-one-two = keep one of the two
yaml-exclamation-mark-needs-quotes = a value that begins with `!` needs quotes
yaml-tags-name-not-allowed = tags (`!name`) are not allowed
yaml-leave-out = leave it out; { $help }
yaml-not-yaml = this is not YAML: { $kind }
yaml-missing = `{ $key }` is missing
yaml-must-have-keys = { $what } must have keys, not { $describe }
yaml-keys = its keys are: { $keys }
yaml-unknown-key = unknown key { $key } in { $what }
yaml-did-you-mean = did you mean `{ $key }`?
yaml-list = a list
yaml-keys-values = keys and values
yaml-empty = `{ $key }` is empty
yaml-give-value-take-key-out = give it a value, or take the key out
yaml-must-text-not = `{ $key }` must be text, not { $describe }
yaml-must-true-false = `{ $key }` must be true or false
yaml-without-quotes-yes-1-neither = without quotes; `yes` and `1` are neither
yaml-must-number = `{ $key }` must be a number from { $least } to { $most }
yaml-no-value = { $word } is no value of `{ $key }`
yaml-one-of = it is one of { $names }
yaml-and-more = and { $untold } more
yaml-no-break-space-u-00a0 = a no-break space (U+00A0) stands here, as in text from a web page: write plain ones
yaml-full-width-space-u-3000 = a full-width space (U+3000) stands here: write plain ones
yaml-full-width-colon-after-key = `：` is a full-width colon; after a key goes `:` and a space
yaml-full-width-comma-between-values = `，` is a full-width comma; between values goes `,` and a space
yaml-full-width-yaml-own = `｛｝` and `［］` are full-width; YAML's own are `{"{"}{"}"}` and `[]`
yaml-quotes-not = quotes are `"` or `'`, not `“` and `”`
yaml-indent-spaces-here-next-line = indent with spaces, here and on the next line
yaml-after-key-goes-space = after a key goes `:` and a space
yaml-perhaps-quote-not-closed = perhaps a quote is not closed
yaml-perhaps-file-was-cut-short = perhaps the file was cut short
yaml-text-needs-quotes = text with ` #` in it needs quotes
yaml-placeholder-needs-quotes = write a text with a placeholder in quotes: "{ $text }"
yaml-check-indentation-text-needs-quotes = check the indentation; text with `: ` in it needs quotes
yaml-backtick = a backtick
yaml-first-needs-quotes = a value that begins with { $first } needs quotes
yaml-line-comment-which-ends-text = this line is a comment, which ends the text of `{ $key }`
yaml-begins-comment-which-not-part = `#` begins a comment, which is not part of `{ $key }`
yaml-text-begins-needs-quotes-comment = text that begins with `#` needs quotes: { $right }; a comment gets a blank behind its `#`
yaml-goes-over-lines-yaml-does = `{ $key }` goes over { $count } lines, and YAML does not keep its line ends
yaml-write-one-line-line-end = write it on one line; a line end in it is `\n` in double quotes
yaml-write-lines-below-indented-keep = write `{ $key } |` and the lines below it, indented, to keep them; or write it on one line
yaml-joins-lines-blanks = `>` joins the { $count } lines of `{ $key }` with blanks
yaml-write-keep-lines-all-one = write `{ $key }: |` to keep the lines, or all of it on one line
yaml-begins-comment-which-ends-text = ` #` begins a comment, which ends the text of `{ $key }`
yaml-comment-goes-line-own = { $right }; a comment goes on a line of its own
yaml-comment-indented-like-key = { $right }; a comment is indented like its key
yaml-control-character = the control character U+{ $code } is not allowed
yaml-direction-character = the text direction character U+{ $code } is not allowed
yaml-nothing = nothing
yaml-text = text
yaml-with-example = { $text }: { $example }
yaml-indent-text-or-key = if it is text, indent it like the text; if it is a comment, indent it like the key
yaml-indent-text-or-blank = if it is text, indent it like the text; if it is a comment, write a blank behind its `#`
yaml-help = help: { $help }

## inbox: what is wrong in a job file

inbox-comment = the comment { $written }
inbox-markdown-which-not-read-inside = { $shown } is Markdown, which is not read inside of HTML
inbox-write-img-src-href = write `<img src="…">` or `<a href="…">`
inbox-markdown-shown-stands-inside-html = { $shown } is Markdown, and is shown as it stands inside of HTML
inbox-not-closed-ends-where-what = `<{ $name }>` is not closed; it ends where what is around it ends
inbox-write-only-what-stands-inside = write only what stands inside `<body>`
inbox-write-styles-into-tags-p = write styles into the tags (`<p style="…">`), or into a file that `theme:` names
inbox-platform-would-filter-out = the platform would filter it out
inbox-tag-cannot-stand-article = the tag `<{ $name }>` cannot stand in an article
inbox-write-src-file-job-folder = write `src`: a file of the job's folder
inbox-picture-without-src = a picture without `src`
inbox-attribute = the attribute { $name }
inbox-points-platform-takes-ids-out = `<{ $name }>` points to { $pointed }, and the platform takes ids out: it may show nothing
inbox-points-out-drawing = `{ $name }` points out of the drawing
inbox-draw-same-svg-use-image = draw it in the same `<svg>`, or use `<image href="…">`
inbox-animation-cannot-change = an animation cannot change { $name }
inbox-may-change-transform-opacity-x = it may change `transform`, `opacity`, `x`, `y`, `width`, `height` and such
inbox-platform-may-not-play-animation = the platform may not play an animation of { $name }
inbox-style = the style { $shown }
inbox-picture-lies-outside-platform = the picture { $source } lies outside the platform
inbox-put-file-into-job-folder = put the file into the job's folder: it is uploaded from there
inbox-picture-stands-text-itself-data = the picture stands in the text itself (`data:`)
inbox-save-file-job-folder-name = save it as a file of the job's folder, and name that
inbox-account-may-not-link = the account may not link to { $address }
inbox-only-accounts-wechat-pay-may = only accounts with WeChat Pay may (`payment: true` in the config), or anyone to published articles (https://mp.weixin.qq.com/…)
inbox-no-address = { $address } is no address
inbox-write-https = write `https://…`
inbox-mini-program-card-no-title = the mini-program's card has no title
inbox-write-data-miniprogram-title = write `data-miniprogram-title`
inbox-mini-program-card-title-characters = the mini-program's card has a title of { $length } characters
inbox-may-35 = it may have 35
inbox-mini-program-card-no-cover = the mini-program's card has no cover
inbox-write-data-miniprogram-imageurl-picture = write `data-miniprogram-imageurl`: a picture of 1080 x 864 pixels
inbox-mini-program-no-appid = the mini-program has no appid
inbox-write-data-miniprogram-appid-wx = write `data-miniprogram-appid="wx…"`
inbox-mini-program-no-path = the mini-program has no path
inbox-write-data-miniprogram-path = write `data-miniprogram-path`
inbox-if-markdown-save-under-name = if this is Markdown, save it under a name that ends in .md and write `content_file: x.md`; Markdown is not read in `content` and in a .html file
inbox-front-matter-begins-here-which = front matter begins here (`{ $fence }`), which HTML has not
inbox-markdown-readers-would-see-written = { $shown } is Markdown, and readers would see it as it is written
inbox-text-no-tags-so-lines = the text has no tags, so its lines run together: write `<p>…</p>` around each, or `<br>` between them
inbox-take-out-readers-would-not = take it out; readers would not see it, or see the text turned
inbox-close-tags-left-open-write = close the tags that are left open, or write the text simpler
inbox-tags-stand-each-other-more = tags stand in each other more than 200 deep
inbox-quote-not-closed = a quote is not closed
inbox-tag-not-closed = a tag is not closed
inbox-close-quotes-end-tag-what = close its quotes, and end the tag with `>`: what stands behind it would be lost
inbox-cdata-section-not-closed = a CDATA section is not closed
inbox-close = close it with `]]>`
inbox-close-first-text-between-them = close the first with `-->`: the text between them would be lost
inbox-comment-holds-beginning-another = a comment holds the beginning of another
inbox-close-what-stands-behind-would = close it with `-->`: what stands behind it would be lost
inbox-comment-not-closed = a comment is not closed
inbox-end-tag-text-written-lt = end the tag with `>`; a `<` that is text is written `&lt;`: what stands between the two would be lost
inbox-tag-not-closed-where-another = a tag is not closed where another one begins
inbox-quote-not-closed-where-should = the quote of `{ $name }=` is not closed where it should be
inbox-close-front-next-attribute-what = close it in front of the next attribute or `>`: what stands behind it would be lost; inside a value write `&lt;`, `&gt;` and `&quot;`
inbox-line-gives-no-address = the line `[{ $label }]:` gives no address
inbox-write-name-address-line-own = write `[name]: <address>` on a line of its own, without words behind it
inbox-comment-taken-out = the comment { $comment } is taken out
inbox-taken-out-nothing-refers = { $line } is taken out: nothing refers to it
inbox-shown-stands = { $shown } is shown as it stands
inbox-cannot-shown = this cannot be shown
inbox-write-otherwise = write it otherwise
inbox-name-headline-taken-out = the name { $name } of a headline is taken out
inbox-shown-headline-space-behind = this is shown with its `#`; a headline has a space behind it
inbox-no-box-words-stand-behind = { $name } is no box: words stand behind it
inbox-put-words-next-line = put the words on the next line
inbox-shown-stands-table-below-first = `|` is shown as it stands; a table has `|---|` below its first line
inbox-backquote-shown-stands-code-ends = a backquote is shown as it stands: code ends with as many as it begins with
inbox-only-width-height-used = of { $text } only width and height are used
inbox-give-each-picture-own-words = give each picture its own `![words](file.png)`
inbox-picture-cannot-stand-another-words = a picture cannot stand in another's words
inbox-write-words-address-address-if = write `[words](address)`, the address in `<…>` if it has blanks; to show the brackets write `\]`
inbox-no-link-written = this is no link as it is written
inbox-write-footnote-text-1-line = write the footnote's text: `[^1]: …` on a line of its own
inbox-footnote-no-text = this footnote has no text
inbox-picture-syntax-site-generator-would = this picture is in the syntax of a site generator, and would be sent as text
inbox-write-words-png = write `![words](a.png)`
inbox-formula-cannot-shown-article = a formula cannot be shown in an article
inbox-put-picture-dollar-sign-write = put a picture of it there; for a dollar sign write `\$`
inbox-plantuml-cannot-drawn-article = PlantUML cannot be drawn in an article
inbox-put-picture-show-source-put = put a picture of it there; to show its source, put it into a block of code
inbox-write-words-file-png-name = write `![words](file.png)`; a name with blanks stands in `<…>`
inbox-picture-begins-here-does-not = a picture begins here and does not end
inbox-nothing-says-which-file-picture = nothing says which file this picture is
inbox-picture-misspelt = this picture is misspelt
inbox-picture-without-file = a picture without a file
inbox-inside-words-shown-stands-deletion = `~~` inside words is shown as it stands; for a deletion write `<del>…</del>`, for the sign `\~\~`
inbox-inside-words-shown-stands-mark = `==` inside words is shown as it stands; to mark words write `<mark>…</mark>`, for the sign `\=\=`
inbox-asterisks-inside-words-shown-they = asterisks inside words are shown as they stand; for emphasis write `<em>…</em>` or `<strong>…</strong>`, for an asterisk `\*`
inbox-inside-words-read-deletion-sign = `~~` inside words is read as a deletion; for the sign write `\~\~`
inbox-inside-words-read-mark-sign = `==` inside words is read as a mark; for the sign write `\=\=`
inbox-asterisks-inside-words-read-emphasis = asterisks inside words are read as emphasis; for an asterisk write `\*`
inbox-close-inside-other-html-before = close it with `-->`, inside of other HTML before an empty line; as text write `&lt;!--`
inbox-close-text-write-lt-cdata = close it with `]]>`; as text write `&lt;![CDATA[`
inbox-not-closed = `<?` is not closed
inbox-close-text-write-lt = close it with `?>`; as text write `&lt;?`
inbox-not-closed-2 = `<!` is not closed
inbox-take-out-article-no-such = take it out: an article has no such line; as text write `&lt;!`
inbox-close-quotes-end-tag-text = close its quotes, and end the tag with `>`; as text write `&lt;`
inbox-tag-misspelt = a tag is misspelt
inbox-put-values-quotes-close-them = put its values in quotes, close them, and end the tag with `>`; as text write `&lt;`
inbox-line-below-makes-headline-empty = the line of `---` below it makes this a headline; an empty line between them makes it a rule
inbox-comment-does-not-end = the comment `%%` does not end
inbox-end = end it with `%%`
inbox-table-contents-taken-out = the table of contents { $asked } is taken out
inbox-number-list-shown-markdown-counts = the number { $number } of this list is shown as { $shown }: Markdown counts on; write `{ $number }\.` after an empty line to keep it
inbox-words-beside-code-language-taken = the words { $rest } beside the code's language are taken out
inbox-cannot-drawn-article = { $drawn } cannot be drawn in an article
inbox-put-picture-show-source-leave = put a picture of it there; to show its source, leave the word out
inbox-code-begins-here-does-not = the code that begins here does not end
inbox-end-same-marks = end it with the same marks
inbox-four-spaces-line-beginning-make = four spaces at a line's beginning make it code, and it is shown as such
inbox-markdown-not-read-inside-html = Markdown is not read inside of HTML
inbox-put-empty-line-before-write = put an empty line before it, or write `<img src=…>` or `<a href=…>`
inbox-mermaid-cannot-drawn-article = `mermaid` cannot be drawn in an article
inbox-put-picture = put a picture of it there
inbox-shown-stands-inside-html = `**` is shown as it stands inside of HTML
inbox-stands-no-column-table = { $more } stands in no column of the table
inbox-give-headline-table-cell = give the headline of the table a cell for it
inbox-no-box = there is no box { $name }
inbox-nothing-refers = nothing refers to { $name }
inbox-write-where-belongs-take-out = write `[^…]` where it belongs, or take it out; each name once
inbox-delete-names-job-not-number = `delete` names a job, not a number
inbox-write-job-what-was-not = write `job: …`; what was not sent by a job is deleted on the website
inbox-preview-needs-broadcast-show = `preview` needs a `broadcast` to show
inbox-openids-wechat-names-anne = OpenIDs or WeChat names: `to: [anne, …]`
inbox-coupon-preview-needs-card-ext = a coupon's preview needs `card_ext`
inbox-json-text-card-ext-code = its JSON as text: `card_ext: '{"{"}"code": "", …, "signature": "…"{"}"}'`
inbox-must-name-1-people = `to` must name 1 to { $viewers_most } people
inbox-each-openid-wechat-name = each is an OpenID or a WeChat name
inbox-no-openid = { $id } is no OpenID
inbox-neither-openid-nor-wechat-name = { $name } is neither an OpenID nor a WeChat name
inbox-28-characters-begin-o-openid = 28 characters that begin with o are an OpenID, others a WeChat name; `openid:` or `wxname:` before it says which
inbox-neither-openid-nor-wechat-name-2 = this is neither an OpenID nor a WeChat name
inbox-id-job-sent = the id of the job that sent it
inbox-cannot-id = { $text } cannot be an id
inbox-later-file-name-came-before = a later file of this name came before this one was read
inbox-qunfa-did-not-take-none = qunfa did not take { $name }. None of its jobs was planned.
inbox-mend-put-into-inbox-again = Mend it and put it into the inbox again, under any name.
inbox-article = an article
inbox-thumb-media-id-not-job = `thumb_media_id` is not for job files
inbox-write-thumb-cover-png-cover = write `thumb: cover.png`: the cover is uploaded from the job's folder
inbox-write-articles-below-title = write `articles:` and below it `  - title: …`
inbox-articles-must-list = `articles` must be a list
inbox-broadcast-1-8-articles-not = a broadcast has 1 to 8 articles, not { $items }
inbox-write-title-here-front-matter = write `title: …`, here or in the front matter of a .md file
inbox-write-thumb-cover-png-cover-2 = write `thumb: cover.png`, or `cover:` in the front matter of a .md file
inbox-show-cover-pic-draft-no = show_cover_pic: a draft has no such field; put the cover into the text
inbox-write-content-p-p-content = write `content: <p>…</p>`, or `content_file: article.md`
inbox-content-content-file-cannot-stand = `content` and `content_file` cannot stand together
inbox-article-no-text = the article has no text
inbox-write-theme-default-none-css = write `theme: default`, `none`, a .css file of the folder, or a list of them
inbox-theme-named-file = a theme is named by its file
inbox-no-theme = there is no theme { $other }
inbox-longer-than-256-kib = { $path } is longer than 256 KiB
inbox-leave-out-what-articles-do = leave out what articles do not need
inbox-save-utf-8 = save it as UTF-8
inbox-rule-p-color-red-margin = a rule is `p {"{"} color: red; margin: 0 {"}"}`
inbox-article-text-empty-readers-would = the article's text is empty: readers would see nothing
inbox-write-text-show-picture = write a text, or show a picture
inbox-article-text-holds-qunfa-news = the article's text holds `qunfa:news`, which stands for something else
inbox-article-html-characters-bytes-text = the article's HTML has { $chars } characters in { $bytes } bytes: { $own } are the text's, { $theme_chars } the theme's styles
inbox-must-fewer-than-20-000 = it must have fewer than 20,000 characters: write `theme: none`, or name a theme with fewer styles, or shorten the text
inbox-article-html-characters-bytes = the article's HTML has { $chars } characters in { $bytes } bytes
inbox-must-fewer-than-20-000-2 = it must have fewer than 20,000 characters
inbox-neither-html-nor-markdown-name = { $path } is neither HTML nor Markdown by its name
inbox-name-html-md = name it .html or .md
inbox-must-less-than-1-mib = it must have less than 1 MiB
inbox-cover-no-file-folder = the cover { $name } is no file of the folder
inbox-put-picture-into-job-folder = put the picture into the job's folder: it is uploaded from there
inbox-taken-out = { $what } is taken out
inbox-content = this content
inbox-file-media-id-cannot-stand = `file` and `media_id` cannot stand together
inbox-files-media-ids-cannot-stand = `files` and `media_ids` cannot stand together
inbox-not-made-file = `{ $key }` is not made from a file
inbox-write-file = write `file: …`
inbox-write-files-png-b-png = write `files: [a.png, b.png]`
inbox-files-must-list-files = `files` must be a list of files
inbox-file-named-path = a file is named by its path
inbox-uploadvideo-asks-one = uploadvideo asks for one
inbox-broadcast = a broadcast
inbox-clientmsgid-not-job-files = `clientmsgid` is not for job files
inbox-leave-out-derived-account-job = leave it out: it is derived from the account and the job's id
inbox-music-cannot-broadcast = `music` cannot be broadcast
inbox-platform-documents-no-form = the platform documents no form for it
inbox-video-cannot-broadcast = `video` cannot be broadcast
inbox-use-mpvideo-id-uploadvideo-gave = use `mpvideo` with the id that uploadvideo gave
inbox-all-belongs-into-filter = `is_to_all` belongs into `filter`
inbox-write-filter-all-true = write `filter: {"{"}is_to_all: true{"}"}`
inbox-tag-id-belongs-into-filter = `tag_id` belongs into `filter`
inbox-write-filter-tag-id = write `filter: {"{"}tag_id: …{"}"}`
inbox-group-id-old-name-tag = `group_id` is the old name of `tag_id`
inbox-write-tag-id = write `tag_id`
inbox-images-media-ids = `images` has `media_ids`
inbox-write-media-ids-use-image = write `media_ids: ["…"]`, or use `image`
inbox-cannot-stand-together = `{ $key }` and `{ $key2 }` cannot stand together
inbox-broadcast-no-audience-everyone-must = the broadcast has no audience; everyone must be asked for by name
inbox-write-filter-all-true-filter = write `filter: {"{"}is_to_all: true{"}"}`, `filter: {"{"}tag_id: …{"}"}`, `touser` or `touser_file`
inbox-all-true-tag-id-contradict = `is_to_all: true` and a `tag_id` contradict each other
inbox-filter-names-nobody-everyone-must = `filter` names nobody; everyone must be asked for by name
inbox-write-all-true-everyone-tag = write `is_to_all: true` for everyone, or a `tag_id`
inbox-no-tag = { $text } is no tag
inbox-tag-given-number = a tag is given by its number
inbox-broadcast-no-content = the broadcast has no content
inbox-write-one-text-mpnews-articles = write one of text, mpnews, articles, image, images, voice, mpvideo, wxcard
inbox-msgtype-content = `msgtype` is { $msgtype }, the content is { $msgtype2 }
inbox-leave-msgtype-out = leave `msgtype` out
inbox-cannot-broadcast = { $text } cannot be broadcast
inbox-write-text-content = write `text: {"{"}content: …{"}"}`
inbox-text-characters-too-many-already = the text has { $length } characters; { $text_most } are too many already
inbox-write-media-ids = write `media_ids: ["…"]`
inbox-media-ids-must-list-ids = `media_ids` must be a list of ids
inbox-media-id-one-word = a media id is one word
inbox-write = write `{ $key }: …`
inbox-must-one-word = `{ $key }` must be one word
inbox-must-0-1 = `{ $key }` must be 0 or 1
inbox-leave-out-only-articles-can = leave it out: only articles can be reprints
inbox-send-ignore-reprint-mpnews = `send_ignore_reprint` is for `mpnews`
inbox-mpvideo-title-description-go-openid = mpvideo: title and description go to OpenID lists only; here those of uploadvideo show
inbox-name-longer-than-200-bytes = the name is longer than 200 bytes
inbox-name-longer-than-200-bytes-2 = the name is longer than 200 bytes when its special characters are escaped
inbox-shorten = shorten it
inbox-names-end-kept = names that end in { $ending } are kept for { $what }
inbox-give-another-name = give it another name
inbox-only-yaml-yml-json-files = only .yaml, .yml and .json files and folders are taken
inbox-rename-put-into-folder-job = rename it, or put it into a folder with its job file
inbox-hard-link-file-other-names = this is a hard link to a file that has other names
inbox-file-larger-than-16-mib = the file is larger than 16 MiB
inbox-split = split it
inbox-put-copy-file = put a copy of the file there
inbox-symbolic-link = a symbolic link
inbox-pipe = a pipe
inbox-socket = a socket
inbox-device = a device
inbox-folder = a folder
inbox-unknown-kind = of an unknown kind
inbox-not-file = this is { $what }, not a file
inbox-folder-cannot-read = the folder cannot be read: { $error }
inbox-let-qunfa-read = let qunfa read it
inbox-folders-lie-more-than-four = folders lie more than four deep in it
inbox-flatten = flatten it
inbox-folder-more-than-1-000 = the folder has more than 1,000 files
inbox-write-dates-2027-10-01 = write dates as 2027-10-01, spans as 2027-10-01..2027-10-07, or the name of a file
inbox-except-must-dates-not = `except` must be dates, not { $describe }
inbox-exception-text-not = an exception is text, not { $describe }
inbox-name-file-job-own-folder = name a file of the job's own folder, such as `holidays.ics`
inbox-not-text-utf-8 = { $path } is not text in UTF-8
inbox-contains-no-date = { $path } contains no date
inbox-ends-before-begins = { $text } ends before it begins
inbox-longer-than-days = { $text } is longer than { $dates_most } days
inbox-line = { $path }, line { $number }: { $message }
inbox-no-calendar = { $path } is no calendar: { $error }
inbox-export-again-icalendar-ics = export it again as iCalendar (.ics)
inbox-event = an event
inbox-recurs = { $name } recurs in { $path }
inbox-use-calendar-each-date-own = use a calendar that has each date of its own
inbox-front-matter-no-key = the front matter has no key { $key }
inbox-keys-title-author-digest-cover = its keys are title, author, digest, cover, source_url; if this is text between two rules, write `***` for `---`
inbox-write-line-own-above-if = write `---` on a line of its own above it; if this is text, write `***` for the `---` below it
inbox-front-matter-begins-here-without = front matter begins here without a line `---` above it
inbox-write-yaml-title-between-two = write it as YAML (`title: …`) between two lines `---`
inbox-front-matter-json-not-read = front matter as JSON is not read
inbox-front-matter-begins-here-does = the front matter begins here and does not end
inbox-end-same-line = end it with the same line
inbox-not-toml = this is not TOML: { $message }
inbox-job-file = a job file
inbox-job-stands-list-jobs = a job stands in the list `jobs`
inbox-start-file-jobs-id = start the file with `jobs:` and `  - id: …`
inbox-unknown-key-job-job-file = unknown key `job` in a job file
inbox-did-you-mean-jobs = did you mean `jobs`?
inbox-job = a job
inbox-nothing-prepare = there is nothing to prepare
inbox-articles-local-files-leave-out = it is for `articles` and local files; leave it out
inbox-job-file-jobs-list-least = a job file is `jobs:` and a list of at least one job
inbox-jobs-must-list = `jobs` must be a list
inbox-start-each-job = start each job with `- `
inbox-no-job-file = no job in this file
inbox-id-already-used-line = the id { $id } is already used on line { $first }
inbox-each-job-needs-id-own = each job needs an id of its own
inbox-without-preview-comes-when-goes = without `at` its preview comes when it goes
inbox-agent-waits = { $who } submitted it: it waits until a person approves it
inbox-agent-preview = an agent's job has no `preview`: it would be shown before a person approved it
inbox-agent-preview-help = leave `preview` out; a person can show it with `qunfa preview { $id } --to NAME`
inbox-agent-priority = an agent's job has no `priority` above 0: it would take the time of other jobs before a person approved it
inbox-agent-priority-help = write 0 or less, or leave `priority` out
inbox-submitter-unknown = `submitted-by` in a folder says which agent submitted it, as `agent:NAME`
inbox-submitter-unknown-help = remove the file, or give it another name
inbox-beside = `{ $path }` cannot be the path of a file beside the job file
inbox-beside-help = write names like `cover.jpg` or `images/a.png`, at most 998 of them; the job file is the only YAML file at the top
inbox-job-action-broadcast = a job's action is `broadcast: {"{"}…{"}"}`
inbox-cannot-stand-beside-another-action = `{ $key }` cannot stand beside another action
inbox-write-job-own = write a job of its own for it
inbox-platform-forgets-what-uploaded-after = the platform forgets what is uploaded after three days
inbox-prepare-must-most-2d = `prepare` must be at most 2d
inbox-no-account = there is no account { $text }
inbox-title-must-most-64-characters = `title` must have at most 64 characters
inbox-title-must-stand-one-line = `title` must stand on one line
inbox-names-job-lists-not-sent = it names the job in lists and is not sent; leave it out to use its content
inbox-grace-must-longer-than-nothing = `grace` must be longer than nothing
inbox-retry-must-most-20h = `retry_for` must be at most 20h
inbox-platform-forgets-request-after-24 = the platform forgets a request after 24 h; a later one could be a second broadcast
inbox-grace-must-shorter-than-retry = `grace` must be shorter than `retry_for`
inbox-left-out-grace-30m-retry = left out, `grace` is 30m and `retry_for` is 2h
inbox-expires-must-least-grace-after = `expires` must be at least `grace` after `at`
inbox-left-out-7d-after = left out, it is 7d after `at`
inbox-expires-must-most-ten-years = `expires` must be at most ten years after `at`
inbox-characters = `{ $key }` has { $length } characters
inbox-may-32-where-chinese-one = it may have 32, where a Chinese one counts as one and a letter as half
inbox-title-characters-documents-allow-32 = the title { $text } has { $length } characters; the documents allow 32, so the platform may refuse it (45003)
inbox-may = it may have { $most }
inbox-must-one-line = `{ $key }` must be one line
inbox-write-https-up-1-024 = write `https://…`, up to 1,024 characters, others escaped with %
inbox-more-than-footnotes-stand-their = more than { $footnotes_most } footnotes stand in their lines
inbox-write-1-text-line-own = write `[^1]`, and its text on a line of its own
inbox-put-picture-brackets-shall-seen = put a picture of it there; brackets that shall be seen need no backslash, or one in front of the first
inbox-would-seen-nobody = { $lost } would be seen by nobody
inbox-markdown-reads-something-not-shown = Markdown reads this as something that is not shown; write it otherwise
inbox-more-notes-kind = { $path }: { $more } more notes of this kind
inbox-cut-end-missing = is cut: its end is missing
inbox-name-file-job-own-folder-2 = name a file of the job's own folder, such as `cover.png`
inbox-outside-job-folder = { $path } is outside the job's folder
inbox-may-2 = { $kind } may be { $formats }
inbox-empty = { $shown } is empty
inbox-copy-file-once-more = copy the file once more
inbox-no-content = { $shown } is no { $words } by its content
inbox-text = { $shown } has { $length }
inbox-may-up = { $kind } may have up to { $most }
inbox-cover-mini-program-card-1080 = the cover of a mini-program's card has 1080 x 864 pixels
inbox-x-pixels = { $path } has { $width } x { $height } pixels
inbox-does-not-say-size = { $path } does not say its size
inbox-picture-article = a picture in an article
inbox-cover = a cover
inbox-picture = a picture
inbox-recording = a recording
inbox-video = a video
inbox-bytes = { $bytes } bytes
inbox-save-mp4-h-264-aac = save it as mp4 (H.264 and AAC); a new name is not enough
inbox-copy-whole-file-save-anew = copy the whole file, or save it anew as mp4
inbox-quicktime-film-mov = a QuickTime film (.mov)
inbox-fragment-mp4 = a fragment of an mp4
inbox-recording-m4a = a recording (.m4a)
inbox-save-mp3 = save it as mp3
inbox-avif-picture = an AVIF picture
inbox-save-jpg-png = save it as jpg or png
inbox-heic-picture = a HEIC picture
inbox-3gp-film = a 3GP film
inbox-camera-raw-picture = a camera's raw picture
inbox-fragment-mp4-table-contents-moov = is a fragment of an mp4: its table of contents (moov) is missing
inbox-fragment-mp4-pictures-mdat-missing = is a fragment of an mp4: its pictures (mdat) are missing
inbox-film-lasts-0-s = is a film that lasts 0 s
inbox-mp4-without-pictures = is an mp4 without pictures
inbox-send-recording-voice-mp3 = send a recording with `voice:`, as mp3
inbox-bmp-picture = a BMP picture
inbox-webp-picture = a WebP picture
inbox-tiff-picture = a TIFF picture
inbox-photoshop-file = a Photoshop file
inbox-svg-drawing = an SVG drawing
inbox-save-anew-where-was-made = save it anew from where it was made
inbox-copy-whole-file-save-anew-2 = copy the whole file, or save it anew
inbox-no-pixels = has no pixels
inbox-says-larger-than-any-picture = says that it is larger than any picture
inbox-wav-recording = a WAV recording
inbox-ogg-recording = an Ogg recording
inbox-flac-recording = a FLAC recording
inbox-aac-recording = an AAC recording
inbox-no-sound = has no sound in it
inbox-save-anew-mp3 = save it anew as mp3
inbox-recording-may-last-60-s = a recording may last 60 s: cut it shorter
inbox-save-anew-amr-one-channel = save it anew as amr of one channel, or as mp3
inbox-copy-whole-file-save-anew-3 = copy the whole file, or save it anew as mp3
inbox-menu-must-hold-button-itself = `menu` must hold `button` itself
inbox-write-what-stands-under-key = write what stands under this key: `button: […]`
inbox-platform-no-longer-tells-followers = the platform no longer tells followers apart by sex, place and language (65320)
inbox-use-tag-id-client-platform = use `tag_id`, or `client_platform_type`: 1 iOS, 2 Android, 3 others
inbox-write-tag-id-2 = write `tag_id: …`
inbox-button = a button
inbox-platform-deletes-menus-some-followers = the platform deletes the menus for some followers only (matchrule) with the menu
inbox-sub-button = a sub-button
inbox-first-level-buttons-button-type = the first-level buttons: `button: [{"{"}type: click, name: …, key: …{"}"}, …]`; or `delete: true`, or `restore: JOB`
inbox-cannot-stand-beside = `{ $key }` cannot stand beside `{ $key2 }`
inbox-matchrule-names-nobody = `matchrule` names nobody
inbox-menus-some-followers-only-lead = menus for some followers only lead to at most { $domains_most } domains in all
inbox-number-show-prints-menu-job = the number that `show` prints for the menu's job: `delete: {"{"}menuid: …{"}"}`
inbox-take-out-write-delete-true = take it out, or write `delete: true`
inbox-delete-false-does-nothing = `delete: false` does nothing
inbox-id-job-whose-menu-undone = the id of the job whose menu is undone
inbox-until-menu-all-followers = `until` is for the menu of all followers
inbox-delete-one-menuid = delete this one by its menuid
inbox-until-cannot-stand-beside-restore = `until` cannot stand beside `restore`
inbox-write-second-job-menu-after = write a second job for the menu after it
inbox-menu-series-no-until = a menu in a series has no `until`
inbox-write-second-series-menu = write a second series with `menu: {"{"}…{"}"}`
inbox-until-must-after = `until` must be after `at`
inbox-when-menu-stood-before-put = it is when the menu that stood before is put back
inbox-id-too-long-job-until = the id is too long for a job with `until`
inbox-most-58-characters-job-puts = it has at most 58 characters: the job that puts the menu back is called ID@until
inbox-must-list-1-buttons = `{ $key }` must be a list of 1 to { $most } buttons
inbox-text-2 = this has { $nodes }
inbox-start-each-button = start each button with `- `
inbox-button-sub-button-no = a button with `sub_button` has no `{ $key }`
inbox-only-opens-others-take-one = it only opens the others: take one of the two out
inbox-put-buttons-beside = put its buttons beside it
inbox-menu-two-levels = a menu has two levels
inbox-what-pressing-does-type-click = what pressing it does: `type: click`, `view`, …; or give it `sub_button`
inbox-button-type-no = a button of type `{ $word }` has no `{ $key }`
inbox-what-stands-button = what stands on the button
inbox-phone-cuts-name-button-shows = a phone cuts the name of the button { $name }: it shows { $shown } Chinese characters
inbox-starts-https-http-no-space = it starts with https:// or http:// and has no space
inbox-url-must-address-page = `url` must be the address of a page
inbox-must-most-bytes = the `{ $key }` of { $of } must be at most { $most } bytes
inbox-chinese-character-3 = this has { $text }; a Chinese character has 3
inbox-button-type-needs = a button of type `{ $word }` needs { $keys }
inbox-file-not-what-inbox-takes = the file is not what the inbox takes
inbox-no-folder = there is no `{ $path }` in the folder
inbox-no-beside-job-file-can = there is no `{ $path }` beside the job file that can be read
inbox-inbox-never-looks-what-such = the inbox never looks at what has such a name
inbox-names-start-end-tmp-part = names that start with `.` or `~$`, or end in .tmp, .part, .partial, .filepart, .crdownload, .download, .bak, .swp or ~ are unfinished; accepted, rejected, lost+found and what other systems leave behind are not for jobs
inbox-cannot-read = { $path } cannot be read
inbox-file-does-not-end-line = the file does not end with a line `...`, so it may be cut short
inbox-end-config-asks-inbox-end = end it with `...`; the config asks for it (`inbox_end_marker: required`)
inbox-folder-larger-than-64-mib = the folder is larger than 64 MiB
inbox-folder-holds-one-yaml-file = a folder holds one .yaml file at its top, and what that names
inbox-no-yaml-file-folder = there is no .yaml file in the folder
inbox-folder-two-job-files = the folder has two job files, { $main } and { $second }
inbox-qunfa-may-not-read = qunfa may not read it
inbox-let-user-group-read = let its user or group read it
inbox-pipe-socket-device = a pipe, socket or device
inbox-belongs-somebody-else-remove = { $moving } in it belongs to somebody else: remove it
inbox-scene-stands-action-info = `scene` stands in `action_info`
inbox-write-action-info-scene = write `action_info: {"{"}scene: {"{"}…{"}"}{"}"}`
inbox-scene-id-stands-scene = `scene_id` stands in a scene
inbox-write-action-info-scene-scene = write `action_info: {"{"}scene: {"{"}scene_id: …{"}"}{"}"}`
inbox-scene-str-stands-scene = `scene_str` stands in a scene
inbox-write-action-info-scene-scene-2 = write `action_info: {"{"}scene: {"{"}scene_str: …{"}"}{"}"}`
inbox-job-makes-most-10-000 = a job makes at most 10,000 codes
inbox-split-into-several-jobs = split it into several jobs
inbox-one-code-no-picture-own = one code has no picture of its own: `show` prints its address
inbox-out-needs-scenes = `out` needs `scenes`
inbox-action-info-cannot-stand-beside = `action_info` cannot stand beside `scenes`
inbox-put-scene-into-scenes = put its scene into `scenes`
inbox-qr-scene-qr-str-scene = QR_SCENE or QR_STR_SCENE (temporary), QR_LIMIT_SCENE or QR_LIMIT_STR_SCENE (permanent)
inbox-no-folder-pictures = { $text } is no folder for pictures
inbox-draft-closed = the draft { $title } has no media id here, and the inbox takes no other name
inbox-draft-closed-help = `qunfa submit` looks it up and writes it into the file that it submits; or write `media_id` (`qunfa drafts { $account }` lists them)
inbox-draft-later = the draft { $title } is looked up by `submit`, or by `check --media`
inbox-draft-several = the draft box of { $account } has { $count } drafts { $title }
inbox-draft-several-help = write the `media_id` of one: { $drafts }
inbox-draft-none = the draft box of { $account } has no draft { $title }
inbox-draft-box-empty = its draft box is empty
inbox-draft-nearest = the titles most like it: { $titles }; `qunfa drafts { $account }` lists all
inbox-draft-unwritable = the media id of a draft cannot be written into this file: write `media_id` beside `draft`
inbox-lies-qrcodes-state-directory-only = it lies in `qrcodes/` of the state directory, the only place that the daemon may write to: name it like `doors` or `2027/doors`
inbox-list-1-100-file-scenes = a list, `{"{"}from: 1, to: 100{"}"}` or `{"{"}file: scenes.txt{"}"}`
inbox-cannot-stand-beside-file = `{ $key }` cannot stand beside `file`
inbox-scenes-must-name-scenes = `scenes` must name scenes
inbox-number-text-scenes-1-2 = a number or a text: `scenes: [1, 2]`, `scenes: [door-1, door-2]`
inbox-scene-must-one-value = a scene must be one value
inbox-name-file-job-own-folder-3 = name a file of the job's own folder, such as `scenes.txt`
inbox-write-one-scene-line = write one scene a line
inbox-range-numbers = a range is of numbers
inbox-use-qr-scene-qr-limit = use QR_SCENE or QR_LIMIT_SCENE, or write a list of texts
inbox-must-not-less-than = `to` must not be less than `from`
inbox-scenes-names-no-scene = `scenes` names no scene
inbox-write-least-one = write at least one
inbox-twice = { $text } is there twice
inbox-no-number-1 = { $text } is no number from 1 to { $most }
inbox-not-1-bytes = { $text } is not 1 to { $scene_str_bytes } bytes
inbox-numbers-qr-scene-qr-limit = numbers are for QR_SCENE and QR_LIMIT_SCENE, texts for the others
inbox-what-scan-brings-along-action = what a scan brings along: `action_info: {"{"}scene: {"{"}scene_id: 123{"}"}{"}"}`
inbox-take-out-make-temporary-code = take it out, or make a temporary code: QR_SCENE, QR_STR_SCENE
inbox-permanent-code-no-expire-seconds = a permanent code has no `expire_seconds`
inbox-1-30-days-left-out = 1 to { $expire_seconds_most } (30 days); left out, the platform lets the code die after a minute
inbox-scene-scene-id-123-scene = `scene: {"{"}scene_id: 123{"}"}`, or `scene: {"{"}scene_str: door{"}"}`
inbox-number-qr-scene-qr-limit = a number is for QR_SCENE and QR_LIMIT_SCENE
inbox-text-qr-str-scene-qr = a text is for QR_STR_SCENE and QR_LIMIT_STR_SCENE
inbox-action-name-needs-not = this `action_name` needs `{ $key }`, not `{ $other }`
inbox-scene = a scene
inbox-config-no-account = the config has no account
inbox-config = the config has: { $names }
inbox-config-more = the config has: { $names }, and { $more } more
inbox-subscription-account-sends-filter-only = a subscription account (订阅号) sends by `filter` only
inbox-needs-service-account = `{ $key }` needs a service account
inbox-repeated-openids-sent-once = { $key }: { $repeated } repeated OpenIDs are sent to once
inbox-needs-least-two-openids = it needs at least two OpenIDs
inbox-show-one-person-write-preview = to show it to one person write `preview: {"{"}to: …{"}"}` or say `qunfa preview JOB --to …`; to send it, add a second OpenID, such as your own
inbox-openids-take-calls-account-day = { $count } OpenIDs take { $batches } calls; the account has { $limit } a day (`daily_calls`)
inbox-split-list-over-several-jobs = split the list over several jobs
inbox-touser-must-list-not = `touser` must be a list, not { $describe }
inbox-write-touser = write `touser: ["…", "…"]`
inbox-openid-text-not = an OpenID is text, not { $describe }
inbox-write-touser-file-file-vip = write `touser_file: {"{"}file: vip.csv, column: openid{"}"}`
inbox-name-file-job-own-folder-4 = name a file of the job's own folder, such as `vip.txt`
inbox-save-utf-8-excel-csv = save it as UTF-8 (Excel: CSV UTF-8)
inbox-was-no-openid-export-here = there was no OpenID to export here: take it out of the list
inbox-phone-number-platform-knows-follower = this is a phone number; the platform knows a follower by the OpenID alone
inbox-header-stands-first-line-file = a header stands on the first line of a file only
inbox-was-cut-where-was-copied = it was cut where it was copied from
inbox-openid-up-64-characters-z = an OpenID is up to 64 characters of A-Z a-z 0-9 _ -
inbox-characters-openid-28-may-cut = it has { $length } characters and an OpenID has 28: it may be cut, or a UnionID or a name; an account whose OpenIDs differ says `openids: any`
inbox-openid-28-characters-z-z = an OpenID has 28 characters of A-Z a-z 0-9 _ -; an account whose OpenIDs differ says `openids: any`
inbox-quote-opens-here-no-end = a quote (`"`) that opens here has no end, or lines of the list lie before its end
inbox-close-take-out-lines-behind = close it or take it out: the lines behind it would be lost
inbox-more-than-openid-stands-line = more than an OpenID stands on this line
inbox-write-one-openid-line-first = write one OpenID a line, or a first line that names the columns
inbox-no-openid-stands-line = no OpenID stands on this line
inbox-take-line-out-table = take the line out of the table
inbox-touser-file-first-line-header = touser_file: the first line of { $path } is its header, the OpenIDs are in { $name }
inbox-no-header-openid-stands-first = { $path } has no header: an OpenID stands on its first line
inbox-name-columns-first-line-write = name the columns on the first line, or write one OpenID a line
inbox-no-one-column = { $path } has no one column { $wanted }
inbox-columns-without-names = { $path } has { $width } columns without names
inbox-columns-say-which-one-holds = { $path } has { $width } columns: say which one holds the OpenIDs
inbox-write-touser-file-file-column = write `touser_file: {"{"}file: …, column: …{"}"}`; { $names }
inbox-needs-cron = `{ $key }` needs `cron`
inbox-bounds-series-dates = it bounds a series' dates
inbox-cannot-stand-beside-cron = `at` cannot stand beside `cron`
inbox-series-time-day-cron = a series has its time of day in `cron`
inbox-give-first-date-dates-counted = give the first date: the dates are counted from there
inbox-count-needs = `count` needs `from`
inbox-write-cron-0-20-fri = write `cron: 0 20 * * FRI`, or a list of such expressions
inbox-cron-empty = `cron` is empty
inbox-expression-text-not = an expression is text, not { $describe }
inbox-stands-twice = `{ $text }` stands twice
inbox-write-each-expression-once-time = write each expression once: a time comes once
inbox-no-date-cron-lies-between = no date of `cron` lies between `from` and `until`
inbox-both-included = both are included
inbox-id-series-most-characters = the id of this series has at most { $room } characters
inbox-each-dates-gets-id-own = each of its dates gets an id of its own, such as { $date }
inbox-reads-like-one-date-series = { $id } reads like one date of a series
inbox-leave-date-out = leave `@` and the date out
inbox-expires-series-must-duration = `expires` of a series must be a duration
inbox-counts-each-date-until-ends = it counts from each date; `until` ends the series
inbox-delete-cannot-series = `delete` cannot be a series
inbox-broadcast-deleted-once = a broadcast is deleted once
inbox-permanent-code-cannot-series = a permanent code cannot be a series
inbox-valid-ever-each-date-would = it is valid for ever; each date would use up one of the 100,000
inbox-permanent-code-no-renew = `renew` is for temporary codes: a permanent one never expires
inbox-leave-renew-out = leave `renew` out
inbox-renew-needs-a-day = `renew` needs an `expire_seconds` of at least 86400, one day
inbox-renew-is-a-job = each time is a job of its own, ID@renew-2, ID@renew-3 and so on
inbox-renew-id-too-long = with `renew`, the id has at most { $most } characters
inbox-renew-beside-cron = `renew` cannot stand beside `cron`
inbox-series-makes-it-anew = a series makes the code anew on each of its dates
inbox-draft-goes-first-broadcast-unless = a draft goes with its first broadcast: unless this media_id is permanent material, the platform refuses it from the second date on; `articles:` are made anew for each date
inbox-each-dates-waits-approval-own = each of its dates waits for an approval of its own
inbox-leave-seconds-out-minute-hour = leave the seconds out: minute, hour, day, month, day of the week
inbox-write-minute-hour-day-month = write minute, hour, day, month, day of the week: 0 20 * * FRI
inbox-write-minute-one-number-each = write the minute as one number and each hour as a number: 0 8,20 * * *; for other times write a list of expressions
inbox-write-minute-hour-first-numbers = write minute and hour first, as numbers: 0 20 * * FRI is 20:00
inbox-not-clear-whether-either-both = it is not clear whether either or both must hold: write `*` for one of them
inbox-days-1-31-l-months = days are 1-31 or L, months 1-12 or JAN-DEC, weekdays MON-SUN
inbox-no-month-such-day = no month has such a day
inbox-hundred-names-like-taken-already = a hundred names like it are taken already
inbox-n-needs = `{"{"}n{"}"}` needs `from`
inbox-dates-share-file = the dates { $one } and { $other } would both use { $file }
inbox-name-file-by-date = write a name that no two dates share, such as "{"{"}date:%Y-%m-%d{"}"}.md"; a series with several times of a day needs the hour, too: "{"{"}date:%Y-%m-%d-%H%M{"}"}.md"
inbox-dates-have-files =
    { $count ->
        [one] 1 date has its files, { $last }
       *[other] { $count } dates have their files, the last one { $last }
    }; each other date waits for its { $file }: submit the job file again with it
inbox-no-date-has-files = each date waits for its { $file }: submit the job file again with it
inbox-date-would-which-too-long = a date would have { $filled }, which is too long
inbox-shorten-text-format = shorten the text, or a format in it
inbox-sent-only-series-cron-fills = { $text } is sent as it is: only a series (`cron`) fills in placeholders
inbox-series-fills-date-date-m = a series fills in `{"{"}date{"}"}`, `{"{"}date:%m月%d日{"}"}` and `{"{"}n{"}"}`; `{"{"}{"{"}` is a brace
inbox-write-date-y-m-d = write it as in `{"{"}date:%Y年%-m月%-d日 %H:%M{"}"}`; a local time has no zone
inbox-cannot-written-into-tags = { $written } cannot be written into tags
inbox-no-selector-theme-knows = { $written } is no selector that a theme knows
inbox-no-block = { $written } has no block `{"{"}…{"}"}`
inbox-no-declaration = { $value } is no declaration
inbox-theme-no-pictures = a theme has no pictures: { $value }
inbox-platform-drops = the platform drops { $shown }
inbox-write-2027-03-20-20 = write it as 2027-03-20 20:00, or with an offset as 2027-03-20T20:00:00+08:00
inbox-write-iana-name-such-asia = write an IANA name such as `Asia/Shanghai`
inbox-no-time-zone = { $name } is no time zone
inbox-utc-definition-reads-like-utc = { $name } is UTC{ $is }{ $hours } by its definition, and reads like UTC{ $reads }{ $hours }
inbox-beijing-time-write-asia-shanghai = for Beijing time write `Asia/Shanghai`, or leave it out
inbox-write-place-such-asia-shanghai = write the place, such as `Asia/Shanghai`, or each time with its offset: `…T20:00:00{ $other }{ $hours }:00`
inbox-does-not-exist-clocks-go = { $text } does not exist in { $zone }: the clocks go forward there
inbox-write-one-meant-which = write the one that is meant: `{ $first }`, which is { $one } there, or `{ $second }`, { $other }
inbox-take-time-before-after-change = take a time before or after the change
inbox-comes-twice-where-clocks-go = { $text } comes twice in { $zone }, where the clocks go back: at { $one } and at { $other }
inbox-write-one-meant-offset = write the one that is meant with its offset: `{ $first }` or `{ $second }`
inbox-no-time = { $text } is no time
inbox-write-2027-03-20-time = write it as 2027-03-20, or with a time as 2027-03-20 20:00
inbox-no-date = { $text } is no date
inbox-write-2027-03-20 = write it as 2027-03-20
inbox-time-day-missing-write-2027 = a time of day is missing: write it as 2027-03-20 20:00
inbox-check-month-day = check the month and the day
inbox-write-00 = write { $next } 00:{ $minute }
inbox-day-goes-00-00-23 = a day goes from 00:00 to 23:59:59
inbox-write-30m-2h-7d = write it as 30m, 2h or 7d
inbox-no-duration = { $text } is no duration
inbox-not-whole-number-seconds = { $text } is not a whole number of seconds
inbox-job-file-ends-line-least = a job file ends with a line `...`, or at least with a line end
inbox-file-promises-end-line-does = the file promises to end with a line `...` and does not
inbox-file-ends-middle-line-so = the file ends in the middle of a line, so it may be cut short
inbox-last-job-sets-speed-nothing = the last job sets the speed and nothing else, and the file may be cut short before what it sends
inbox-if-job-whole-end-file = if the job is whole, end the file with a line `...`
inbox-end-tag-shows-paragraph = `</p>` stands without `<p>`, and shows an empty paragraph
inbox-end-tag-shows-nothing = `</{ $name }>` stands without `<{ $name }>`, and shows nothing
inbox-text-transparent = the text { $text } is transparent: nobody can see it
inbox-text-transparent-lost = the text { $text } is transparent, which was taken out: nobody can see it
inbox-text-no-contrast = the text { $text } has the colour of what is behind it: nobody can see it
inbox-text-no-contrast-lost = the text { $text } has the colour of what is behind it, which was taken out: nobody can see it
inbox-single-line-ends = { $count } single line ends do not break the line, the first one here; end a line with `\` or two spaces to break it
inbox-single-line-ends-point = { $count } single line ends do not break the line, the first one here (so { $point } begins no line); end a line with `\` or two spaces to break it
inbox-file-predicate = { $file } { $what }
inbox-lasts-s = lasts { $seconds } s
inbox-time-years = { $text } is not in the years 2000 to 2199
inbox-time-no-date = { $text } is no date of the calendar
inbox-time-no-hour-24 = { $text } has no hour 24
inbox-time-no-time-of-day = { $text } is no time of a day
inbox-wrong-format = { $file } is no { $words } but { $name } by its content
inbox-other-format = { $file } is { $what } by its content
inbox-two-helps = { $first }; { $second }
inbox-words-picture = picture
inbox-words-recording = recording
inbox-words-film = mp4 video
inbox-words-jpg-png = jpg or png
inbox-alternative = { $first } or { $second }
inbox-keep-one-of = keep one of { $keys }
inbox-names-nobody = `{ $key }` names nobody
inbox-names-one = `{ $key }` names one OpenID; the platform refuses fewer than two
inbox-id-form = 1 to 64 characters of A-Z a-z 0-9 . _ @ -
inbox-an-id-is = an id is 1 to 64 characters of A-Z a-z 0-9 . _ @ -
inbox-box-names = write [!NOTE], [!TIP], [!IMPORTANT], [!WARNING] or [!CAUTION]
inbox-save-as-utf-8 = save the file as UTF-8
inbox-needs-folder = { $path } needs a folder: drop one with the job file and its media
inbox-unusable = the inbox { $path } cannot be used
inbox-not-accepted = { $name } in the inbox could not be moved to accepted/
inbox-not-rejected = { $name } in the inbox could not be moved to rejected/
inbox-not-read = { $name } in the inbox could not be read
inbox-not-read-back = { $name } in the inbox could not be read back
inbox-changed = { $name } in the inbox changed after it was read
inbox-list-needs-folder = `touser_file` needs a folder: drop one with the job file and its list
inbox-json-is-an-object = a .json file is one object `{"{"}"jobs": […]{"}"}`
inbox-no-json-object = this is not a JSON object
inbox-not-taken-media = { $name } in the inbox could not be taken: its media cannot be stored
inbox-cron-error = { $text } { $error }
inbox-article-text-has = the article's text has { $size }
inbox-count-pictures =
    { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    }
inbox-count-covers =
    { $count ->
        [one] { $count } cover
       *[other] { $count } covers
    }
inbox-count-images =
    { $count ->
        [one] { $count } image
       *[other] { $count } images
    }
inbox-count-recordings =
    { $count ->
        [one] { $count } recording
       *[other] { $count } recordings
    }
inbox-count-videos =
    { $count ->
        [one] { $count } video
       *[other] { $count } videos
    }
inbox-count-articles =
    { $count ->
        [one] { $count } article
       *[other] { $count } articles
    }
inbox-count-calls =
    { $count ->
        [one] { $count } call
       *[other] { $count } calls
    }
inbox-between-items = {", "}
inbox-uploads = uploads { $parts } ({ $size } of files, { $calls }), from { $span } before its time
inbox-text-many-bytes = the text has { $bytes } bytes; the platform probably takes no more than { $most }: it may be refused (45002)
inbox-text-many-characters = the text has { $characters } characters; the platform's rules speak of { $most }: it may be refused (45002)
inbox-leaves-out = { $path } leaves out { $count ->
        [one] { $count } date
       *[other] { $count } dates
    }, { $first } to { $last }
inbox-working-days =
    { $days ->
        [one] {"; "}a working day (班) in it is not left out
       *[other] {"; "}{ $days } working days (班) in it are not left out
    }
inbox-columns = its columns are: { $names }
inbox-columns-more = its columns are: { $names } and { $more } more
inbox-front-matter-unused = the front matter's { $key } is not used
inbox-front-matter-unused-meant = the front matter's { $key } is not used; did you mean `{ $meant }`?
inbox-no-drop-everyone = on_full_receivers: drop does nothing here: only an OpenID list can go without some, and of everyone the platform filters them by itself
inbox-no-drop-tag = on_full_receivers: drop does nothing here: only an OpenID list can go without some, and of a tag the platform filters them by itself
inbox-and-more-lines = {" "}and { $others } more lines
inbox-note-on-lines = { $path }:{ $first }{ $others }: { $message }
inbox-kept-receipts = receipts
inbox-kept-reasons = reasons

## config: what is wrong in a config

config-console = `console`
config-user = a user
config-token-is-a-secret = a token is a secret and does not belong into the config
config-password-is-a-secret = a password is a secret and does not belong into the config
config-password-hash-help = `qunfa token NAME --password-file FILE` prints the hash of a password and the lines for the config
config-password-hash = `password_hash` begins with `$argon2id$` and is a hash that can be checked with at most 256 MiB
config-user-without-hash = the user has neither `token_hash` nor `password_hash`
config-user-proxy-half = `proxy_user_header` and `proxy_from` belong together
config-user-proxy-help = write `proxy_user_header: X-Forwarded-User` and `proxy_from: [127.0.0.1]`: the header counts only from these addresses
config-no-header = { $text } is no name of a header
config-no-addresses = `proxy_from` must be a list of IP addresses
config-user-name-help = 1 to 64 letters, digits, or . _ @ -
config-token-hash-help = `qunfa token NAME` prints a new token and the lines for the config
config-write-console-listen = write `listen: 127.0.0.1:8073`
config-users-list = `users` must be a list, not { $kind }
config-user-twice = there is a user { $name } already
config-user-other-name = give each user another name
config-token-twice = two users have the same token
config-user-no-name = { $text } cannot be a user's name
config-write-role = write viewer, editor, approver or operator
config-token-hash = `token_hash` is `sha256:` and 64 hexadecimal digits
config-console-without-users = `console` has no `users`: nobody can use it
config-user-of-no-account = the user { $name } is for account { $account }, which does not exist
config-config = the config
config-no-account-file = there is no account in this file
config-save-file-utf-8 = save the file as UTF-8
config-config-empty = the config is empty
config-config-example-yaml-shows-one = config.example.yaml shows one
config-write-accounts-below-each-account = write `accounts:` and below it each account's name with its keys
config-write-each-account-name-below = write each account's name, and below it its keys
config-write-state-dir-var-lib = write `state_dir: /var/lib/qunfa`
config-holds-files-like-brand-yaml = it holds files like `brand.yaml`, each with accounts as below `accounts:`
config-cannot-read = { $folder } cannot be read: { $error }
config-not-file = { $other } is not a file
config-holds-no-yaml-file = { $folder } holds no .yaml file
config-no-address-port = { $text } is no address and port
config-write-listen-127-0-0 = write `listen: 127.0.0.1:8071`
config-no-account-accounts = there is no account in `accounts`
config-another-file-account-already = another file has an account `{ $name }` already
config-give-one-them-another-name = give one of them another name
config-already-account = { $appid } is already the account `{ $name }`
config-two-names-one-account-would = two names of one account would each count its quota alone
config-not-set = ${"{"}{ $name }{"}"} is not set
config-systemd-sets-unit-loadcredential-elsewhere = systemd sets it for a unit with LoadCredential=; elsewhere set it yourself
config-set-daemon-environment-write-path = set it in the daemon's environment, or write the path out
config-account = an account
config-secret-does-not-belong-into = a secret does not belong into the config
config-write-secret-file-secret-env = write `secret_file: …` or `secret_env: NAME`
config-token-does-not-belong-into = a token does not belong into the config
config-write-token-file-token-env = write `token_file: …` or `token_env: NAME`
config-key-does-not-belong-into = a key does not belong into the config
config-mode-not-written-here = the mode is not written here
config-encoding-aes-key-file-pushes = with `encoding_aes_key_file` pushes must be encrypted (安全模式 or 兼容模式), without it they are read as plain (明文模式)
config-write-encoding-aes-key-file = write `encoding_aes_key_file: …` or `encoding_aes_key_env: NAME`
config-subscription-service = subscription (订阅号) or service (服务号)
config-write-appid-wx = write `appid: wx…`
config-cannot-account-name = { $name } cannot be an account's name
config-1-64-letters-chinese-ones = 1 to 64 letters (Chinese ones too), digits, or . _ @ -: it is part of the callback's URL
config-write-appid-name-stood-before = write the appid that the name stood for before, or take the line out
config-account-own-appid = this is the account's own appid
config-appid-wx-letters-digits = an appid is `wx` and letters or digits
config-no-appid = { $text } is no appid
config-write-token-url-https = write `token: {"{"}url: https://…{"}"}`
config-stable-classic-url-https = it is `stable`, `classic` or `{"{"}url: https://…{"}"}`
config-no-source-tokens = this is no source of tokens
config-secret-not-needed-token-server = the secret is not needed: the token server of `token` has it
config-account-no-secret = the account has no secret
config-variable-not-set = the variable is not set
config-does-not-hold-one-word = it does not hold one word
config-no-url = { $shown } is no URL
config-url-user-password-not-taken = a URL with a user or password in it is not taken
config-take-them-out = take them out
config-not-https = { $shown } is not https
config-tokens-travel-over-http-127 = tokens travel over it; http is for 127.0.0.1 only
config-history-per-day-0-service = `history_per_day: 0` is for service accounts
config-rule-always-binds-subscription-account = the rule always binds a subscription account
config-write-listen-127-0-0-2 = write `listen: 127.0.0.1:8071` at the top of the config
config-callback-needs-listener = a callback needs a listener
config-callback-no-token = the callback has no token
config-previous-key-stands-beside-present = a previous key stands beside the present one only
config-qunfa-own-listener = this is qunfa's own listener
config-write-url-account-callback-before = write the URL that the account's callback had before
config-no-url-handler = this is no URL of a handler
config-write-http-https = write `http://…` or `https://…`
config-receiver = a receiver
config-receiver-channel = a receiver has a channel
config-channel-called-feishu = the channel is called feishu
config-write-feishu-url-file = write `feishu: {"{"}url_file: …{"}"}`
config-write-one-wecom-feishu-dingtalk = write one of wecom, feishu, dingtalk, webhook, email and command
config-url-post = a URL to post to
config-url-robot-secret-does-not = the URL of a robot is a secret and does not belong into the config
config-write-url-file-url-env = write `url_file: …` or `url_env: NAME`
config-password-does-not-belong-into = a password does not belong into the config
config-write-password-file-password-env = write `password_file: …` or `password_env: NAME`
config-route = a route
config-no-route-alerts-goes-receiver = no route of `alerts` goes to the receiver { $name }
config-receivers-must-keys-not = `receivers` must have keys, not { $describe }
config-write-names-below-each-channel = write names, and below each its channel
config-cannot-receiver-name = { $name } cannot be a receiver's name
config-receiver-no-channel = the receiver has no channel
config-approver-no-url = `approver` needs the address to which its links lead
config-approver-no-url-help = write `console: {"{"}listen: …, url: https://…{"}"}`: where people reach the console
config-no-approver = { $name } is no user who may approve
config-no-approver-help = name a user of `users` with `role: approver` or `role: operator`
config-give-each-channel-receiver-own = give each channel a receiver of its own
config-receiver-one-channel = a receiver has one channel
config-whsec-base64-standard-webhooks = it is `whsec_` and base64, as Standard Webhooks has it
config-no-secret-webhook = this is no secret of a webhook
config-url-missing = the URL is missing
config-does-not-hold-https-url = `{ $key }` does not hold an https URL
config-http-127-0-0-1 = http is for 127.0.0.1 only
config-write-server-smtp-example-com = write `server: smtp.example.com`
config-write-qunfa-example-com = write `from: qunfa@example.com`
config-write-ops-example-com = write `to: [ops@example.com]`
config-server-another-machine-needs-security = a server on another machine needs `security: starttls` or `tls`
config-mail-would-travel-unprotected = mail would travel unprotected
config-no-mail-address = { $text } is no mail address
config-mail-address-help = write `ops@example.com` or `"Ops <ops@example.com>"`
config-user-no-password = the user has no password
config-must-list-words = `{ $key }` must be a list of words
config-write-one-two = write `[one, two]`
config-routes-must-list-not = `routes` must be a list, not { $describe }
config-write-name = write `- to: [NAME]`
config-write-name-2 = write `to: [NAME]`
config-text = there are: { $known }
config-write-22-00 = write it as 22:00
config-write-one-like-asia-shanghai = write one like Asia/Shanghai
config-no-time-day = { $text } is no time of day
config-no-duration-1s-7d = { $text } is no duration from 1s to 7d
config-write-60s-30m-2h = write it as 60s, 30m or 2h
config-api-base-both = `api_base` and `api_bases` cannot stand together
config-keep-one = keep one of the two
config-listed-twice = { $base } stands in the list twice
config-each-once = write each address once
config-this = this
config-two-keys = `{ $first }` and `{ $second }` cannot stand together
config-no-postgres-url = this is no URL of PostgreSQL
config-write-store-postgres = write `store: postgres://qunfa@db.example.com/qunfa`; with a password, write the whole URL into a file that only qunfa reads, and its path at `store_file`
config-no-proxy-url = this is no URL of a proxy
config-proxy-password = a proxy's user and password do not belong into the config
config-proxy-help = write `proxy: http://HOST:PORT` (or https, socks5, socks5h); a URL with a password belongs into `proxy_file` or `proxy_env`
config-receiver-name-help = 1 to 64 letters, digits, or . _ @ -
config-readable-by-all = everybody on this machine can read `{ $key }` { $path } (mode { $mode }): chmod o-rwx { $path }
config-unreadable = the config { $path } cannot be read
config-copy-aes-key = copy it from the account's callback settings (消息加解密密钥; { $callback })
config-secret = `{ $key }`: { $problem }
config-secret-in-file = `{ $key }` { $path }: { $problem }
config-secret-not-shown = `{ $key }` (the name, which may be the secret itself, is not shown) in { $folder }: { $problem }
config-secret-no-folder = `{ $key }` (in a folder that is not there; as it may be the secret itself, it is not shown): { $problem }
config-no-receiver = { $word } is no receiver
config-no-kind-of-alert = { $word } is no kind of alert
config-no-history = { $text } is neither a duration of 62 days or more nor `forever`
config-write-400d = write it as 400d or 2years
config-write-backup-dir = write `dir: /var/lib/qunfa/backups`: the folder for the backups
config-component = a component
config-no-component = there is no component in `components`
config-write-components = write `components:` at the top of the config, and below it each component's name with its keys
config-component-needs-listener = a component needs a listener: the platform pushes its ticket there
config-already-component = { $appid } is already the component `{ $name }`
config-cannot-component-name = { $name } cannot be a component's name
config-component-no-secret = the component has no secret
config-component-no-token = the component has no token for its pushes (消息校验Token)
config-component-no-key = the component has no key for its pushes (消息加解密Key): they always come encrypted
config-write-aes-key-file = write `aes_key_file: …` or `aes_key_env: NAME`
config-component-has-the-keys = pushes about this account come with the component's token and key
config-component-only-forward = `callback` has only `forward_to` here
config-component-url-query = this URL has a query or a fragment
config-write-component-url = write the address at which others reach `listen`: `url: https://wx.example.com`
config-unknown-component = there is no component { $name }
config-not-with-component = `{ $key }` is not needed: the component has the account's tokens
config-component-own-appid = this is the component's own appid
config-write-authorizer-appid = write the appid of the account that authorised the component
config-component-unused = no account has `component: { $name }`

## receipt: answers to a file (src/daemon)

receipt-later-file = job { $id } stands in { $name } too, which came later and is taken already; drop this file anew if it is the one that counts
receipt-crashed = the daemon crashed over and over while it took this file, so it is not tried again
receipt-crashed-help = take out what is unusual in it and drop it anew; please report the crash with the daemon's log (`journalctl -u qunfa`)
receipt-known = it was known already; nothing changed
receipt-updated = it was planned already, and is as written now
receipt-anew-failed = a job of this id had failed: it is planned anew as written now
receipt-anew = a job of this id had ended and never gone out: it is planned anew as written now
receipt-between-notes = {"; "}
receipt-more-moves = { $more } more jobs move: `qunfa plan`
receipt-series-over = a series ({ $words }): no date of it waits
receipt-series-over-near = a series ({ $words }): no date of it waits; the one of { $at } is { $state }
receipt-series = a series ({ $words }): this is its next date; each date is a job of its own
receipt-left-out = job { $id } was planned by an earlier file of this name; it stays planned

## store: what the database refuses

store-goes-after-resume = nothing of it goes before `qunfa resume { $command }`
store-stops-all = all accounts are on hold ({ $why }): { $next }
store-stops-account = { $account } is on hold ({ $why }): { $next }
store-stops-paused = { $account } is paused ({ $why }): { $next }
store-hint-goes-by-itself = it goes by itself, at its time
store-hint-asked-already = it was asked for already
store-hint-retry-asks-again = `qunfa retry` asks again for what was not accepted
store-hint-new-id = plan it anew under another id
store-waits-for-no-approval = job { $id } is { $state } and waits for no approval: { $hint }
store-files-missing = job { $id } has nothing to send yet: { $files } did not come; put it beside the job file and run `qunfa submit` again
store-hint-resolve = it may have gone out, and is not asked for any more: `qunfa resolve` says what became of it
store-hint-no-recall = what the platform accepted cannot be called back
store-hint-nothing-goes = nothing of it goes out any more
store-not-cancellable = job { $id } is { $state } and cannot be cancelled: { $hint }
store-hint-request-ready = its request is ready and leaves in an instant; only `qunfa hold { $account }`, said before that, keeps it back
store-hint-under-way = a request for it is under way, so say it again in a moment
store-hint-asked-until-told = it may have gone out, and is asked for until the platform says so
store-not-stoppable = nothing of job { $id } can be stopped now: { $hint }
store-name-the-batch = batches { $batches } of job { $id } are in doubt, and one number is one of them: name it with --batch
store-hint-still-asked = it is still being asked for, which may settle it by itself
store-hint-not-in-doubt = nothing of it is in doubt
store-not-resolvable = job { $id } is { $state } and cannot be resolved: { $hint }
store-hint-batch-not-in-doubt = batch { $number } is not in doubt
store-hint-no-batch-in-doubt = no batch of it is in doubt
store-broadcast-of-other = broadcast { $msg_id } is one of job { $other }, and of no other
store-action-under-way = nothing of job { $id } can be stopped now: its request is under way, so say it again in a moment
store-pruned = job { $id } ended long ago, and its content is not kept any more (`retention` in the config): plan it anew under another id
store-pre-send-seconds = { $api_call }, { $ahead } s before
store-pre-send-hours = { $api_call }, { $hours } h before
store-pre-send-minutes = { $api_call }, { $minutes } min before
store-again-in-question = job { $id } may have been sent by another copy of this database: look in the account's history ({ $history }), say `qunfa resume { $account }`, and plan it again if it did not go out
store-again-in-doubt = job { $id } may have been sent, and another one would reach the same people again: wait until it is settled, or say what became of it (`qunfa resolve { $id } --sent` or `--not-sent`; the account's history, { $history }, shows it)
store-retry-lost = the database that knew job { $id } is lost, and its content is not known any more: look in the account's history ({ $history }), and if it did not go out, plan it anew under another id
store-retry-in-question = job { $id } may have been sent by another copy of this database, and the platform may have forgotten it: look in the account's history ({ $history }), then say `qunfa resume { $account }`, and retry it if it did not go out
store-other-readers = job { $id } was planned while { $name } was an account with another appid than { $appid }, so its readers are other people: plan it anew under another id
store-held-approve = job { $id } is held: it goes at its time once `qunfa approve { $id }` was said
store-goes-by-itself = job { $id } is { $state }: it goes by itself, at its time
store-uncertain-resolve = job { $id } is uncertain: it may have gone out, so look in the account's history ({ $history }) and say `qunfa resolve { $id }` first
store-not-retriable = job { $id } is { $state } and cannot be asked for again: plan it anew under another id
store-anew-cancel = if it went out, `qunfa cancel { $id }`; a changed version of it wants another id
store-anew-resume = then say `qunfa resume { $account }`, and ask for it again if it did not go out
store-anew-in-question = job { $id } may have been sent by another copy of this database, under a clientmsgid that is not known here: look in the account's history ({ $history }), { $next }
store-retry-not-before = job { $id } cannot be asked for again before { $until }: batch { $number } was asked for on { $first_at } without a clear answer, and until then nobody knows whether the platform still remembers that; look in the account's history ({ $history }), and if it is not there, say `qunfa retry { $id }` from then on
store-no-such-job = no job has the id { $id }
store-id-of-other-account = the id { $id } belongs to a job of account { $account }: give this job an id of its own
store-job-not-editable = job { $id } is { $state } and cannot be changed any more: use a new id for a new broadcast
store-list-too-long = the list makes { $batches } calls, and { $rule } allows { $limit }: split it into several jobs
store-entry-held = entry { $entry } is held by job { $job }, which may go out or have gone out: what becomes of the job settles it
store-entry-counts = entry { $entry } is of job { $job }, which the platform accepted: it counts
store-entry-returned = entry { $entry } was returned already
store-lost-by-id = job { $id } may have been sent already ({ $why }), and its content is not known any more: look in the account's history ({ $history }), and give it a new id
store-lost = job { $id } may have been sent already ({ $why }): look in the account's history ({ $history }), then say `qunfa retry { $id }` or give it a new id
reach-unknown-tag = tag { $set } is not among the account's tags (read { $read }): the platform will refuse it
reach-followers = followers
reach-in-tag = in tag { $tag }
reach-in-named-tag = in tag { $tag } ({ $name })
reach-all = of { $members } { $who } all can still receive it { $read }
reach-some = of { $members } { $who }, { $full } had their four of { $month }: { $most } can still receive it { $read }
reach-at-most = of { $members } { $who }, at least { $full } had their four of { $month }: at most { $most } can still receive it { $read }
reach-between = of { $members } { $who }, from { $full } to { $possible } had their four of { $month }: from { $least } to { $most } can still receive it { $read }
receivers-full = { $full } of { $of } receivers had their four of { $month }; the platform filters them
receivers-full-of-all = from { $certain } to all of the followers had their four of { $month }; the platform filters them
receivers-full-between = from { $certain } to { $possible } followers had their four of { $month }; the platform filters them
followers-waits-for-daemon = waits for the daemon
followers-listed = { $listed } OpenIDs were listed and are being counted
followers-asks-for-tags = asks for the tags
followers-listing = { $listed } OpenIDs listed, { $ended } of { $sets } lists complete
series-refuse-over = series { $id } has no date after now: its `until` has passed
series-refuse-other-account = the id { $id } belongs to a series of account { $account }: give this series an id of its own
series-refuse-lost = some dates of series { $id } may have been sent, by a database that is lost: look in the account's history ({ $history }), then say `qunfa retry { $id }` or give it a new id
series-refuse-cancelled = series { $id } is cancelled and cannot be changed any more: use a new id
series-refuse-zone = the dates of series { $id } are those of { $zone }, and a series keeps its `timezone`: cancel it and use a new id
series-refuse-cancelled-already = series { $id } is cancelled already ({ $why })
series-unknown = no series has the id { $id }
series-refuse-job-exists = there is a job { $other }, which is no date of a series: give this series another id
series-refuse-id = the id { $id } belongs to a series: give this job an id of its own
series-refuse-id-of-date = the id { $id } is that of a date of series { $series }: `qunfa cancel { $id }` calls the date off, and this job needs an id of its own
series-not-active = series { $id } is { $state }: no date of it comes
series-date-without-job = { $id }@{ $date } was due { $due } and has no job
series-no-such-date = series { $id } has no date { $date }; `qunfa show { $id }` lists them
series-date-only-later = { $id }@{ $date } has no job yet, and comes { $at }: until it has one it can be moved to a later time only. Cancel it, and plan a job of its own for the earlier time
series-approved-already = series { $id } is approved up to { $before } already, and an approval is not taken back: `qunfa cancel { $id } --from DATE` keeps dates from being sent
series-hint-dates-planned = its dates are planned; retry one of those, by its own id
series-not-retriable = series { $id } is { $state }: { $hint }
series-cannot-go-on = series { $id } cannot go on: { $why }
store-would-be-missed = job { $id } would be missed: it was due { $at }, its grace of { $grace } min is over, and it is { $now } now
store-would-be-missed-stays = job { $id } would be missed: it was due { $at }, its grace of { $grace } min is over, and it is { $now } now; the job stays as it was
store-asked-before = job { $id } is { $state } and was requested before: cancel it
store-not-movable = job { $id } is { $state } and cannot be moved: plan it anew under another id
store-moved-to-past = job { $id } cannot be moved to { $at }, which has passed
store-menu-replaced = job { $id } is { $state } and cannot be asked for again: the menu of job { $later }, planned for { $at }, took its place; submit it under another id to put it back
store-menu-to-be-replaced = job { $id } is { $state } and cannot be asked for again: the menu of job { $later }, planned for { $at }, takes its place; submit it under another id to put it back
reach-read = (followers read { $read })
reach-read-not-before = (followers read { $read }; what was sent before qunfa knew the account is not counted)
reach-read-fewer = (followers read { $read }, but fewer were listed than the platform counts)
reach-read-fewer-not-before = (followers read { $read }, but fewer were listed than the platform counts; what was sent before qunfa knew the account is not counted)
reach-read-old = (followers read { $read }, too old to be sure)
reach-read-old-not-before = (followers read { $read }, too old to be sure; what was sent before qunfa knew the account is not counted)
strangers-too-few-left = with fewer than two left it may refuse the call (40130)
strangers-left-out = the platform leaves out who does not follow
strangers =
    { $n ->
        [one] { $count } of { $of } receivers was not among the followers read { $read }: { $what }
       *[other] { $count } of { $of } receivers were not among the followers read { $read }: { $what }
    }
strangers-doubt =
    { $n ->
        [one] { $count } of { $of } receivers was not among the followers read { $read } (fewer were listed than the platform counts): { $what }
       *[other] { $count } of { $of } receivers were not among the followers read { $read } (fewer were listed than the platform counts): { $what }
    }
followers-asked-again =
    { $tries ->
        [one] { $how }; asked once without a clear answer, and again in a while: { $why }
       *[other] { $how }; asked { $n } times without a clear answer, and again in a while: { $why }
    }
series-cancelled-already = series { $id } is cancelled already
series-cancelled-already-from = series { $id } is cancelled already from { $date } on
series-needs-no-approval = series { $id } needs no approval: its dates go by themselves
series-is-in-state = series { $id } is { $state }
account-barred = { $why }; { $advice }
account-renamed = account { $name } is named { $new } now: write `account: { $new }`
account-unknown = no account is named { $name }
store-damaged = the database { $path } is damaged: { $why }; restore a backup, or move it away to begin anew
store-newer = the database { $path } has version { $version }, and this program knows { $known }: install the newer qunfa
store-older = the database { $path } has version { $version }, and this program upgrades from version { $oldest } on: open it once with the qunfa that came after the one that made it, or move it away to begin anew
store-access = cannot open the database { $path }: { $why }; run as the owner of the state directory (sudo -u qunfa qunfa …)
store-failed = the database failed: { $why }
store-locked = the database is locked by another program; nothing was changed: wait until that has ended, or end it, and try again
store-locked-by = the database is locked by another program ({ $by }); nothing was changed: wait until that has ended, or end it, and try again
store-unreachable = PostgreSQL cannot be reached: { $why }; nothing was changed: try again once it answers
store-unseated = the daemon on { $by } has taken over, so this one ends; what was under way is settled there
store-shared = PostgreSQL: { $why }
run-import-first = { $path } is a database of this host alone, and the config names a shared one: copy it there with `qunfa fleet import`, or move it away
fleet-still-active = a daemon is active: stop every daemon of the shared database first
fleet-no-store = the config has no `store`: SQLite on this host is the truth, and there is nothing to share
fleet-none-active = No daemon of the shared database is active.
fleet-one-active = Active: { $active }. No daemon stands by.
fleet-active-and-standby = Active: { $active }. Stands by: { $standby }.
fleet-unreadable = { $path } cannot be used: { $error }
fleet-stop-first = a daemon runs on { $path }: stop it first
fleet-no-database = there is no { $path }
fleet-imported-next = PostgreSQL is the truth now. Copy the `media` folder and the `mark` to every host that may take over, then start the daemons.
fleet-exported-next = PostgreSQL refuses every later change. To go on with the file, put it into the state directory as qunfa.db, with the `mark` of the host that was active last, and take `store` out of the config.
fleet-moved = { $file } is kept.
doctor-shared-good = the shared database answers. { $line }
store-shared-version = the tables in PostgreSQL have version { $found }, and this program knows { $known }: run the same qunfa on every host
store-shared-moved = what was stored in PostgreSQL was exported to a file, which is the truth since then: take `store` out of the config
store-shared-not-empty = PostgreSQL has tables of qunfa already, so nothing was imported: give `store` another database, or drop its schema `qunfa`
store-commit-lost = the connection was lost before the transaction was stored; nothing was changed
store-commit-unknown = whether the transaction was stored is unknown: { $why }; look at what is stored before you repeat a command
store-not-committed = the transaction was not stored: { $why }
store-stamp-moved = another host changed the same rows under the lock
store-no-answer = no answer within { $seconds } s
store-no-postgres-url = the URL at `store` cannot be read: { $why }
store-another-host = another host
store-postgres-standby = this PostgreSQL is a standby that only reads: name the primary, or all hosts with target_session_attrs=read-write
store-postgres-fsync = this PostgreSQL runs with fsync=off, so a power cut can lose what was sent: set fsync=on
store-postgres-old = this PostgreSQL is older than version 14: use 14 or later
store-older-active = the daemon on { $by } has an older version and is active: stop it, and this one upgrades the tables
store-history-forked = its history does not continue the one that this process read: this process ends, and reads everything anew when it is started again
store-is-cache = this file is the working memory of a daemon on a shared database, so nothing was stored: put job files into the inbox of the active host; approve with the command, the API or the console
store-lookup = cannot look at { $path }: { $why }
## api: the HTTP API and its client (src/server, `token`, `--server`)

api-unauthorized = no user has this token; send `Authorization: Bearer TOKEN`
api-too-many-attempts = too many wrong tokens came from this address; try again in a minute
api-role = this needs the role { $role }
api-all-accounts = this is about all accounts, and the user is for some of them only
api-name-account = the user is for some accounts only: name one of them with `account`
api-no-path = there is nothing at this path; /api/v1/openapi.json lists what there is
api-method = the path does not take this method; /api/v1/openapi.json lists those that it takes
api-no-job = no job has this id
api-no-account = there is no such account
api-no-file = no file of this name was handed in
api-parameter = the parameter { $name } is missing, unknown, given twice, or not a plain text of at most 1000 characters
api-body = the body must be a JSON object whose values are texts, numbers, true or false
api-too-large = the body is larger than what is taken here
api-busy = the server is busy; try again in some seconds
api-too-long = the answer is too long; ask for less, for example with `limit`
api-crashed = the command failed by a fault of qunfa; the log of the daemon has the details, and the daemon goes on
api-id-taken = the id { $id } is taken: give the job another one
api-no-random = the system gave no random bytes for a token or a hash: try again
api-token = The token of { $name }, which is shown this once:
api-cannot-listen = the HTTP API cannot listen on { $address } ({ $error }): another program uses it, or choose another `listen`
api-token-config = Add this to `users:` in the config, choose the role, and restart the daemon:
api-password-unreadable = the file { $path } cannot be read: { $error }
api-password-short = { $path } must hold one line, a password of at least { $least } characters
api-token-name = { $name } cannot be a user's name: write 1 to 64 letters, digits, or . _ @ -
api-client-token = --server needs --token-file
api-client-token-unreadable = the token file { $path } cannot be read: { $error }
api-client-token-empty = the token file { $path } holds no token
api-client-url = { $url } is not an address of a server: write https://HOST, or http:// for this machine
api-client-none = { $command } cannot be run on a server; log in there and run it
api-client-option = --{ $option } is not taken by a server; leave it out
api-client-one-file = a server takes one job file at a time
api-client-file = { $path } cannot be read: { $error }
api-client-failed = the server { $url } did not answer: { $error }
api-client-refused = the server says no ({ $status }): { $detail }

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
check-a-job = { $id } ({ $account })
check-recurrence = { $words } ({ $cron }, { $timezone })
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
approve-counts = Your approval of job { $job } counts: { $given } of { $needed }. It goes only after another person approves it too.
approve-own = job { $job } needs the approvals of two other people: you handed it in, so yours does not count
approve-again = your approval of job { $job } counts already; it needs that of another person
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
series-label-submitted-by = submitted
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
series-approval-counts = Your approval of the dates of { $id } up to { $until } counts: { $given } of { $needed }. They go only after another person approves them too.
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
cli-only-daemon-asks = the daemon is not running, and only it asks the platform: start it first
media-progress = { $read } of { $all } media ids are checked
media-gone = the platform has neither a draft nor material with media id { $media } (asked { $distance }): the job will fail
media-there = the platform has media id { $media } (asked { $distance })
media-unknown = whether the platform has media id { $media } is not known: it gave no answer
drafts-progress = { $account }: { $read } of { $all } drafts are read
drafts-failed = the draft box of { $account } could not be read: { $why }
drafts-later = the draft box of { $account } is not read yet: the daemon had no answer in 30 s; `qunfa status` shows what it waits for
drafts-later-because = the draft box of { $account } is not read yet: { $why }; try again in some minutes
drafts-none = The draft box of { $account } is empty.
drafts-head-title = title
drafts-head-articles = articles
drafts-head-updated = updated
drafts-untitled = (no title)
drafts-unknown = not known
drafts-media-id = media_id { $id }
drafts-one = { $id }, updated { $updated }
drafts-cover = cover { $cover }
drafts-count = { $count } drafts of { $account }. `mpnews: {"{"} media_id: … {"}"}` sends one, and the platform then removes it.
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
menu-none = there is no menu
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
alerts-sent-nothing = the daemon sent nothing: if the receivers are new in the config, reload it
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
moves-line = { $sentence }.
moves-more =
    { $n ->
        [one] { $count } more job moves: `{ $command }`.
       *[other] { $count } more jobs move: `{ $command }`.
    }
lookup-renamed = account { $name } is named { $new } now
lookup-left-out = { $why }; { $advice }
lookup-no-account = there is no account { $name }; the config has { $names }
lookup-other-appid = the config gives { $name } the appid { $appid }, and the database knows it as { $known }: put that one back, or restart the daemon, which says what else can be done
lookup-moves = the config has account { $old } as { $new } now: restart the daemon, which moves it
lookup-unknown = no job has the id { $id }
lookup-similar = no job has the id { $id }; there is { $ids }
lookup-no-date-waits = { $id } is a series, and no date of it waits; this is said of one date
lookup-name-a-date = { $id } is a series; say it of one of its dates: { $dates }
lookup-no-such-date = no job has the id { $id }: series { $series } has no such date, or it is not planned yet; `qunfa show { $series }` lists them
place-others-look = other users can look into { $folder }, where the database is
place-owner-runs = { $folder } belongs to { $owner }, who must run the daemon
place-only-owner-runs = { $folder } belongs to { $owner }, and only its owner can run the daemon
place-run-as-owner = run as its owner: sudo -u { $owner } qunfa ...
place-belongs = { $folder } belongs to { $owner }
place-not-writable = { $folder } belongs to { $owner }, and this user cannot write to it
place-join-group = run as its owner (sudo -u { $owner } qunfa ...), or join the folder's group
place-made-at-start = { $folder } does not exist: the daemon makes it at its start
place-other-meant = if another folder is meant, correct `inbox` in the config
place-correct = correct `{ $key }` in the config, or the folder's owner and mode
place-usable = { $folder } can be used
place-cannot-make = { $folder } does not exist, and this user cannot make it
place-make = make it as the user that runs the daemon, or correct `{ $key }` in the config
place-denied = this user cannot write to { $folder }
place-no-folder = { $folder } is not a folder
place-unknown = { $folder } cannot be looked at: { $error }
place-not-loopback = { $address } is not a loopback address: other machines reach /metrics too
place-listen = write `listen: 127.0.0.1:8071` and let a web server with TLS pass /callback/ on to it; if this is meant, let a firewall admit only the callbacks
event-separator = {" "}

decisions-time = write a time in RFC 3339, like 2027-03-13T20:00:00+08:00
decisions-none = Nobody decided anything yet.
decisions-all = all accounts
decisions-hold = put on hold by { $who }
decisions-resume = resumed by { $who }
decisions-record = a send made elsewhere recorded by { $who }
decisions-return = taken back by { $who }
decisions-acknowledge = taken out of attention by { $who }
series-none = There is no series.
series-line = { $id } is { $state }, of { $account }
approve-other-content = job { $job } is not the one that was read any more: a job file changed it. Read it again; `qunfa show { $job }` has its digest

## status: `qunfa status`

forecast-under-way = a request is under way
forecast-in-doubt = in doubt
forecast-runs-out = NOT ASKED AGAIN
forecast-if-approved = if approved
forecast-if-files = if its files come
forecast-stopped = STOPPED
forecast-too-late = TOO LATE
forecast-will-defer = will be deferred
forecast-will-fail = WILL FAIL
forecast-will-expire = WILL EXPIRE
forecast-cell-in-doubt = in doubt, waits for the daemon
forecast-cell-runs-out = not asked again, its time ends { $at }
forecast-cell-stopped = stopped, due { $at }
forecast-cell-too-late = too late, due { $at }
forecast-cell-will-defer = full, due { $at }
forecast-cell-will-fail = will fail, due { $at }
forecast-cell-will-expire = will expire, due { $at }
mark-again = again
mark-moved = moved
mark-asking = asking
mark-doubt = doubt
mark-approve = APPROVE
mark-files = FILE MISSING
mark-approvals = { $given } of { $needed }
mark-stopped = STOPPED
mark-late = LATE
mark-full = full
mark-fails = FAILS
mark-expires = EXPIRES
status-heading = qunfa at { $now } (Beijing time)
status-overdue = Overdue for { $late }: { $what }
status-to-decide = { $count } to decide now
status-to-look-at = { $count } to look at
status-to-note = { $count } to note
status-to-approve = { $count } to approve
status-to-do = { $parts }.
status-not-running = The daemon is NOT RUNNING: nothing is released until it is started (`systemctl start qunfa`, or `qunfa run`).
status-runs = The daemon runs: pid { $pid }, since { $since }, version { $version }.
status-is-stuck = The daemon is STUCK: pid { $pid }, since { $since }, version { $version }.
status-turned = Its loop last turned { $ago }.
status-no-pulse = Whether its loop turns is not known: it left no pulse.
status-none-waits = No job waits to be released.
status-head-next = NEXT
status-head-this-minute = THIS MINUTE
status-head-to-approve = TO APPROVE
status-more-planned = and { $count } more: `qunfa plan --list` tells when they go
status-more-held = and { $count } more: `qunfa jobs --state held` shows them
status-more-notes = and { $count } more: `qunfa status --json` has all
status-more-awaited = and { $count } more: `qunfa jobs --state accepted`
status-nothing-needed = Nothing needs a person.
status-nothing-else-needed = Nothing else needs a person.
status-head-decide = DECIDE
status-head-since = since
status-head-what = what
status-head-id = id
status-page = page
status-look = look
status-note = note
status-all-accounts = all
status-what-helps = `qunfa show ID` tells what helps; `qunfa ack ID` takes it off this list.
status-tell-earlier = what was sent before is to be told: quota record
status-refused-file =
    { $n ->
        [one] { $name }: { $n } problem
       *[other] { $name }: { $n } problems
    }
status-refused-file-line =
    { $n ->
        [one] { $name }: { $n } problem in line { $line }
       *[other] { $name }: { $n } problems, the first in line { $line }
    }
status-refused-before = { $count } more files before these
status-head-awaited = AWAITED
status-head-administrator = administrator
status-confirm-until = until { $until }
status-confirm-over = time is over
status-quotas = QUOTAS used+claimed/limit
status-quota-send = send
status-quota-history = history
status-quota-month = month
status-quota-calls = calls
status-on-hold = ON HOLD
status-paused = PAUSED
status-clock-ahead = platform's clock { $apart } s ahead
status-clock-behind = platform's clock { $apart } s behind
status-by-base = by { $base }
status-unconfirmed = { $rule } { $count } unconfirmed
status-no-job = No job was taken yet.
status-jobs = Jobs: { $counts }.
status-jobs-in-state = { $count } { $state }
status-stuck = the daemon (pid { $pid }) runs, but its loop last turned { $ago }: nothing is released
status-stuck-advice = look at its log and at the disk; restarting it is safe: what is under way is asked again with the same clientmsgid
status-locked-advice = end that program, or let it finish; the daemon goes on by itself, and what passed its `grace` meanwhile is missed
status-unreachable-advice = start PostgreSQL, or repair the way to it; the daemon goes on by itself, and what passed its `grace` meanwhile is missed
status-moved-to = moved to { $at }: { $why }
status-head-used = used
status-head-claimed = claimed
status-head-limit = limit
status-head-resets = resets
status-sent-elsewhere =
    { $n ->
        [one] and { $count } send made elsewhere that only an event tells of
       *[other] and { $count } sends made elsewhere that only an event tells of
    }
status-slides = slides, { $seconds } s
status-never = never
watch-unread = The status cannot be read: { $why }
watch-nothing-holds = Nothing here holds "{ $filter }".
watch-writing = /{ $filter }_   Enter keeps it, Esc shows all
watch-keys = q ends, / filters
watch-keys-filtered = only "{ $filter }", Esc shows all; q ends, / filters
watch-lines = { $keys }; { $first }-{ $last } of { $all } lines, arrows scroll
watch-no-signals = signals cannot be heard: { $error }

## plan: `plan`, `check`, `submit`, the forecast

plan-heading = The forecast of { $from }, until { $until }
plan-not-running = The daemon is NOT RUNNING: nothing of this happens until it is started.
plan-more-unread = Of the jobs of these days the first { $first } were read; { $more } more wait for them.
plan-none-beyond = No job waits for a later day.
plan-beyond =
    { $n ->
        [one] { $count } job waits for a later day: `qunfa plan --days N` looks further.
       *[other] { $count } jobs wait for later days: `qunfa plan --days N` looks further.
    }
plan-nothing-moves = With these files every planned job keeps its time.
plan-moves = With these files planned jobs get other times:
plan-more-moves =
    { $n ->
        [one] and { $count } more job: `--json` lists them
       *[other] and { $count } more jobs: `--json` lists them
    }
plan-written =
    { $n ->
        [one] { $path }: { $count } job, until { $until }.
       *[other] { $path }: { $count } jobs, until { $until }.
    }
plan-no-page = the page cannot be made: { $error }
plan-refused = The inbox would refuse this, so there is no plan with it.
plan-what-broadcast = {" "}to { $subject }
plan-what-delete = , deletes { $subject }
plan-what-menu = , sets the menu { $subject }
plan-what-qrcode = , makes the { $subject }
plan-what-speed = , sets the speed to { $subject }
plan-what-other = , { $action } { $subject }
plan-calls = {" "}in { $calls } calls
plan-outlook = , { $outlook }
plan-month = Month { $month }
plan-day = { $weekday } { $day }
plan-day-today = { $weekday } { $day }, today
plan-empty-day = nothing is used, and no job waits
plan-more-listed =
    { $n ->
        [one] and { $count } more job: `qunfa plan --json`
       *[other] and { $count } more jobs: `qunfa plan --json`
    }
plan-window = { $rule } { $used } used + { $claimed } claimed of { $limit }
plan-window-unconfirmed = { $window } ({ $count } more unconfirmed)
plan-window-by = { $window } (by { $by })
plan-nothing-used = nothing used or claimed
plan-elsewhere = { $count } made elsewhere
plan-others = others
plan-idle =
    { $n ->
        [one] { $count } account has no job on these days and room on each: { $names }
       *[other] { $count } accounts have no job on these days and room on each: { $names }
    }
plan-idle-more =
    { $n ->
        [one] { $count } account has no job on these days and room on each: { $names } and { $more } more
       *[other] { $count } accounts have no job on these days and room on each: { $names } and { $more } more
    }
plan-head-day = day
plan-free = free
plan-full = full
plan-cell-more = and { $count } more
plan-legend = free: room for a broadcast to everyone, else none; !: not sent as written
plan-legend-files = free: room for a broadcast to everyone, else none; !: not as written; +: of these files
plan-reasons = `qunfa plan --list` tells the reasons
plan-more-marked = and { $count } more: `qunfa plan --list`
plan-page-name = qunfa plan, { $from }
plan-page-title = Plan
plan-page-grid = Days and accounts
plan-page-legend = free: room for a broadcast to everyone; full: none
plan-page-legend-files = free: room for a broadcast to everyone; full: none; +: a job of these files
plan-page-followers = Followers
plan-page-days = Day by day
plan-page-time = time
plan-page-of-files = of these files
plan-page-today = today
plan-state-and-mark = { $state }, { $mark }
plan-goes = is sent at this time
plan-ics-account = account: { $account }
plan-ics-job = job: { $job }
plan-ics-state = state: { $state }, { $outlook }

## show: `qunfa show`

show-none-taken = { $unknown }: no job was taken yet
show-is = { $job } is { $state }
show-label-title = title
show-label-account = account
show-label-action = action
show-label-at = at
show-label-due = due
show-label-expires = expires
show-label-file = file
show-label-reason = reason
show-label-goes = goes
show-label-because = because
show-label-not-after = not after
show-label-before = before
show-label-receivers = receivers
show-label-approvals = approvals
show-approvals-none = none of { $needed }
show-approvals = { $given } of { $needed }: { $who }
show-approval = { $who } at { $at }
show-label-submitted-by = submitted
show-label-went-out = went out
show-label-did-not = did not
show-label-picture = picture
show-label-ticket = ticket
show-label-says = says
show-label-menuid = menuid
show-at-once = as soon as allowed
show-heading-story = STORY
show-heading-asked = ASKED FOR
show-heading-batches = BATCHES
show-heading-uploads = UPLOADS
show-heading-doubt = IN DOUBT
show-heading-charges = CHARGES
show-heading-result = RESULT
show-head-batch = batch
show-head-receivers = receivers
show-head-asked = asked
show-head-what = what
show-head-kind = kind
show-head-last = last
show-head-outcome = outcome
show-head-window = window
show-head-amount = amount
show-times = { $times } x
show-batch-in-doubt = in_doubt
show-made-anew = made anew { $times } x, by `qunfa retry` or a corrected file
show-deleted = deleted
show-no-answer-yet = no answer yet
show-asked = { $call }: { $state }, { $said }
show-step = { $from } -> { $to }: { $why }
show-request = request for batch { $batch }: { $said }
show-no-answer-stored = no answer is stored yet
show-no-answer = no answer
show-answer = { $outcome } ({ $errmsg })
show-answer-code = { $outcome }, { $code } ({ $errmsg })
show-answer-helps = { $outcome }, { $code } ({ $errmsg }): { $what }; what helps: { $advice }
show-outcome-accepted = accepted
show-outcome-adopted = adopted
show-outcome-in-doubt = in doubt
show-outcome-later = later
show-outcome-refused = refused
show-outcome-token = token
show-upload-under-way = under way
show-upload-done = done
show-upload-lost = lost
show-account = account { $account }
show-every-account = every account
show-entry-of = entry { $entry } of { $whom }
show-decided-hold = { $whom } held by { $who }
show-decided-resume = { $whom } resumed by { $who }
show-decided-return = { $whom } returned by { $who }
show-decided-record = { $whom } recorded by { $who }
show-nobody-knows = { $event }; nobody knows whose it is
show-nothing-charged = It has charged nothing.
show-some-batches = of { $some } of { $all } batches; the others have no result yet
show-menuid-deletes = `menu: {"{"} delete: {"{"} menuid: { $menuid } {"}"} {"}"}` deletes it
show-never = never
show-range = { $least } to { $most }
show-filtered = { $filtered } of { $members } expected to be filtered, the platform filtered { $told }
show-filtered-untold = { $filtered } of { $members } expected to be filtered, the platform did not say how many it filtered
charge-reserved = reserved
charge-kept = kept
charge-returned = returned
charge-unconfirmed = unconfirmed
call-state-waiting = waiting
call-state-planned = planned
call-state-asking = asking
call-state-in-doubt = in doubt
call-state-done = done
call-state-failed = failed
call-state-dropped = dropped
show-kind-picture = picture
show-kind-cover = cover
show-kind-image = image
show-kind-voice = voice
show-kind-video = video
show-kind-mpvideo = mpvideo
show-kind-draft = draft
show-kind-news = news

## quota: `qunfa quota`

quota-account = { $account } ({ $kind })
quota-subscription = subscription
quota-service = service
quota-none-before = nothing was sent before qunfa knew it: said { $at } by { $who }
quota-returned = returned { $at } by { $who }
quota-recorded = recorded { $at } by { $who }
quota-nothing-charged = Nothing has charged the windows that count now.
quota-head-entry = entry
quota-head-when = when
quota-head-charges = charges
quota-that-day = that day
quota-in-month = in { $month }
quota-charge = { $rule } { $window }
quota-charges = { $amount } x { $rule } { $window }
quota-none = none
quota-of-job = job { $job }, batch { $batch }
quota-by-event = made elsewhere: an event told of it
quota-by-refusal = made elsewhere: the platform refused ours with 45028
quota-by-person = made elsewhere: entered by a person
quota-with-broadcast = { $origin }, broadcast { $msg_id }
quota-calls-gone = the platform said that the day's calls are used up (45009)
quota-own-followers = qunfa's own reading of the followers
quota-own-uploads = qunfa's own uploads
quota-own-calls = qunfa's own calls
quota-lies-ahead = { $at } lies ahead: enter a send once it was made
quota-no-database = there is no database yet: start the daemon (`qunfa run`) first
quota-booked = booked now
quota-known-by-event = an event told of it already; it is confirmed now
quota-known-by-refusal = a refusal (45028) told of it already; it stays one send
quota-counted = it was counted before, and has its time now
quota-again = it was entered before; nothing changed
quota-stored-none = Stored: nothing was sent from { $account } before qunfa knew it.
quota-sends =
    { $n ->
        [one] { $count } send of { $account } made elsewhere:
       *[other] { $count } sends of { $account } made elsewhere:
    }
quota-entry = entry { $entry }: { $what }
quota-rule-used = { $rule } of { $window }: { $used } of { $limit } used.
quota-no-entry = there is no entry { $entry }; `qunfa quota` lists them
quota-entry-returned = Entry { $entry } of { $account } is returned: it uses no quota.
quota-forward = Job { $job } comes forward to { $at }.
quota-before-2000 = that day lies before 2000
quota-write-time = write 2026-11-20, 2026-11-20 20:00 (Beijing time), or RFC 3339
quota-write-entry = an entry is written like s3 or c12; `qunfa quota` lists them

## call: `preview`, `delete`, `speed`

call-no-viewer = neither an OpenID nor a WeChat name
call-no-broadcast = job { $job } is no broadcast: there is nothing to show
call-needs-card-ext = a coupon's preview needs --card-ext with its code, openid, timestamp and signature
call-first-picture = The platform's preview takes one picture: it shows the first of { $all }.
call-force = { $why }; `--force` asks for it all the same
call-shared = The same media was sent by { $jobs }: it ends there too.
call-ends =
    { $n ->
        [one] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } call.
       *[other] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } calls.
    }
call-ends-before =
    { $n ->
        [one] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } call, { $before } ended before.
       *[other] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } calls, { $before } ended before.
    }
call-ends-to-come =
    { $n ->
        [one] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } call, { $to_come } may still go out: say it again after that.
       *[other] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } calls, { $to_come } may still go out: say it again after that.
    }
call-ends-before-to-come =
    { $n ->
        [one] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } call, { $before } ended before, { $to_come } may still go out: say it again after that.
       *[other] Job { $job } is { $all } broadcasts: this ends { $ends } of them in { $count } calls, { $before } ended before, { $to_come } may still go out: say it again after that.
    }
call-no-daemon = the daemon is not running, and only it asks the platform: start it, or say `--no-wait` to leave this for its start
call-paused = account { $account } is paused, so nothing is asked for it: { $why }; { $advice }; then `qunfa resume { $account }`
call-failed = { $call } failed: { $why }.
call-kept = { $call } is written down for the daemon.
call-not-yet = { $call } is not done yet ({ $why }). The daemon goes on trying for some minutes.
call-deleted = { $call }: the platform says it is done. Who has the message still sees its card, which opens nothing.
call-speed = The platform sends at speed { $speed }.
call-speed-real = The platform sends at speed { $speed }, and says that this is { $real }w (ten thousands) a minute.
call-taken = { $call }: the platform took it.
call-answered = { $call }: the platform answered.
call-head-speed = speed
call-head-followers = followers a minute, by the documents
call-present = present

## render: `qunfa render`

render-unreadable = it cannot be read: { $why }
render-refused = The inbox would refuse this, so there is no page of it.
render-jobs =
    { $n ->
        [one] { $count } job
       *[other] { $count } jobs
    }
render-articles =
    { $n ->
        [one] { $count } article
       *[other] { $count } articles
    }
render-written = { $path }: { $jobs }, { $articles }.
render-written-remarks =
    { $n ->
        [one] { $path }: { $jobs }, { $articles }, { $count } remark on their texts.
       *[other] { $path }: { $jobs }, { $articles }, { $count } remarks on their texts.
    }
render-not-opened = { $opener } did not open it; open the file in a browser.
render-no-message = This job sends no message.
render-digest = digest: { $digest }
render-picture = picture
render-recording = recording
render-video = video
render-articles-of = articles
render-coupon = coupon
render-awaited = these files have not come yet
render-taken-out = { $what } is taken out

## demo: `qunfa demo`, `qunfa sandbox`

demo-introduction = A rehearsal: the real daemon, a sandbox in place of the platform, and a clock
    that jumps over the waiting. Four jobs are dropped into the inbox:
demo-in-time = goes at its time
demo-deferred = finds the day's only broadcast taken, and goes the next day at its time of day
demo-too-fast = is told 45066 (too fast), waits over a minute, and asks with the same id
demo-answer-lost = is accepted, but the answer is lost: asked again, the platform knows it (45065)
demo-conclusion = { $jobs } jobs, { $requests } requests to send, { $broadcasts } broadcasts at the platform: each exactly once.
sandbox-not-loopback = { $address } is not a loopback address: add --allow-remote to serve other machines
sandbox-no-listener = cannot listen on { $address }
sandbox-any-account = any appid and secret is a service account with 1,000 followers
sandbox-accounts = accounts: { $names } (any secret)
sandbox-explanation =
    The sandbox answers as the platform does; { $accounts }.
    In qunfa's config, give an account `api_base: { $address }`; elsewhere replace
    https://api.weixin.qq.com by it. What it accepted: { $address }/sandbox/accepted
    A fault for the next send: curl { $address }/sandbox/fault -d '{"{"}"fault": "answer_lost@sendall"{"}"}'
    A follower's message: curl { $address }/sandbox/message -d '{"{"}"appid": "APPID", "content": "hello"{"}"}'
    Ctrl-C ends it.
demo-no-folder = no temporary directory could be made
demo-not-started = the daemon did not start
demo-too-long = the rehearsal did not end in { $seconds } s
demo-ended-as = job { $job } ended as { $state }
demo-miscounted = the platform counted { $broadcasts } broadcasts for { $jobs } jobs
show-pruned = its content, attempts and history, { $at }: `retention` in the config keeps no more

## doctor: `init`, `doctor`, `config check`

finding-good = good{"     "}
finding-warning = warning{"  "}
finding-bad = bad{"      "}
finding-line = { $account }{ $check }: { $what }
finding-account = { $name }:{" "}
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
config-check-secrets-unread = The secrets were not read: only the unit has ${"{"}CREDENTIALS_DIRECTORY{"}"}. To check them too: `{ $command }`
config-check-classic = classic token
config-check-token-server = token server
config-check-uploadnews = articles via uploadnews
config-check-forward = forward
config-check-payment = payment
config-check-not-verified = not verified
config-check-replaces = replaces another appid
config-check-proxy = proxy
config-check-plain = callback (plain)
config-check-encrypted = callback (encrypted)
config-check-unusable = { $file } cannot be used:
config-check-nobody = Nobody is told of alerts (no `alerts:`); `qunfa status` shows them.
config-check-alerts-go-to = Alerts go to { $names }.
config-check-head-account = account
config-check-head-kind = kind
config-check-head-on = on
config-check-kind-subscription = subscription
config-check-kind-service = service
doctor-clock-behind = this machine's clock is { $apart } behind the platform's
doctor-clock-ahead = this machine's clock is { $apart } ahead of the platform's
doctor-clock-behind-bad = this machine's clock is { $apart } behind the platform's, so nothing is sent
doctor-clock-ahead-bad = this machine's clock is { $apart } ahead of the platform's, so nothing is sent
doctor-not-listed-as = the platform sees this machine as { $ip }, which is not on the account's IP list (40164)
doctor-not-listed = the platform sees this machine ({ $errmsg }), which is not on the account's IP list (40164)
doctor-list-address = add { $ip } to it ({ $keys }); it works after some minutes
doctor-list-that-address = add that address to it ({ $keys }); it works after some minutes
doctor-no-address = it has no address
doctor-step-of = { $account }: { $step }
doctor-step-names = name look-up
finding-disk-of-state = disk of state_dir
finding-disk-of-inbox = disk of inbox
finding-step-folders = state_dir and inbox
finding-proxy = proxy
config-check-good =
    { $n ->
        [one] { $file } can be used: { $count } account.
       *[other] { $file } can be used: { $count } accounts.
    }
config-check-receiver = { $receiver } ({ $channel })
doctor-config-good =
    { $n ->
        [one] { $file } has { $count } account
       *[other] { $file } has { $count } accounts
    }
doctor-warnings =
    { $n ->
        [one] { $count } warning
       *[other] { $count } warnings
    }
doctor-nothing-bad = Nothing is bad; { $warnings }.
doctor-bad =
    { $n ->
        [one] { $count } thing is bad; { $warnings }. Steps after a bad one are left out.
       *[other] { $count } things are bad; { $warnings }. Steps after a bad one are left out.
    }
init-config-about =
    The config of qunfa. Relative paths start in this file's folder. config.example.yaml
    explains every line; `qunfa config check` checks this file.
init-config-lang = the language of answers, alerts and commands
init-config-state = the database; only its owner can look into it
init-config-inbox = job files are dropped here
init-config-listen = callbacks, /healthz and /metrics
init-config-account = the account's name in job files
init-config-callback =
    With a callback, results come by themselves, and sends on the website are seen. It is
    served at /callback/{ $account }; its token is a word that you choose:
init-config-unit-secret = The unit passes /etc/qunfa/credentials/{ $account }.secret under this name.
init-account = The account's name in job files
init-kind = Its kind, subscription (订阅号) or service (服务号)
init-appid = Its appid (wx...)
init-secret-env = An environment variable with its AppSecret (empty: a file)
init-secret = Its AppSecret (hidden; { $keys })
init-no-home = there is no home folder: name a folder with --dir
init-no-secret-file = the secret's file { $file } does not exist: make it (mode 0600) first, or run `qunfa init` at a terminal, which asks for the secret
init-exists = { $file } exists already, and `init` overwrites nothing: add the account to it (config.example.yaml shows every line), or name another folder with --dir
init-failed = { $file } cannot be made ({ $error })
init-denied = { $file } cannot be made ({ $error }): run as its owner, or name another folder with --dir
init-set-for-unit = Set { $name } for the unit, with `systemctl edit qunfa` and EnvironmentFile=.
init-set-before = Set { $name } to the AppSecret before them.
init-write-secret = Write the AppSecret into { $file } (mode 0600) first.
init-add-address = Add this machine's address to the account's IP list ({ $keys }).
init-made = { $file } is the config, with account { $account }.
init-made-secret = { $file } is its secret; only its owner can read it.
init-next = Next:
init-secret-one-word = a secret is one word; nothing was written
init-no-answer = no answer came, so nothing was written
init-no-terminal = nobody can be asked without a terminal: say --{ $flag }
init-no-terminal-secret = nobody can be asked without a terminal: say --secret-file or --secret-env
init-bad-account = a name is 1 to 64 letters (Chinese ones too), digits, or . _ @ -
init-bad-kind = the kind is `subscription` (订阅号) or `service` (服务号)
init-bad-appid = an appid is `wx` and letters or digits
init-bad-variable = a variable's name is letters, digits and _, and does not begin with a digit
doctor-correct-config = correct it, then say this again
doctor-secrets-unread = not checked: only the unit has ${"{"}CREDENTIALS_DIRECTORY{"}"}
doctor-secrets-good = every secret that the config names can be read
doctor-no-answer = no answer in time (10 s)
doctor-names-good = { $base } is { $addresses }
doctor-names-bad = the host of { $base } cannot be found: { $why }
doctor-names-advice = correct the machine's name server (/etc/resolv.conf), or `api_base` in the config
doctor-connects = { $address } accepts connections
doctor-connect-advice = let the firewall pass outgoing connections, or correct `api_base`, `api_bases` or `proxy`
doctor-clock-good = it agrees with the platform's
doctor-clock-advice = let NTP set it (`timedatectl set-ntp true`)
doctor-token-good = one is given, valid for { $expires_in_s } s more
doctor-listed = this machine's address is on it
doctor-rights-good = it may read its tags, as a verified account may
doctor-no-callback = the account has no callback URL, so the platform pushes nothing
doctor-enter-callback = enter one that leads to /callback/{ $account } ({ $callback })
doctor-callback-refused = not checked: the platform answers { $code } ({ $errmsg })
doctor-not-checked = not checked: { $why }
doctor-callback-no-address = the platform finds no address for the host of the callback URL
doctor-correct-callback = correct the URL ({ $callback }), or the host's DNS
doctor-callback-no-ping = the platform finds its host at { $shown }, and no ping is answered
doctor-callback-ports = if events do not arrive either, let the firewall pass ports 80 and 443 to that host
doctor-callback-good = the platform finds its host at { $shown }, and pings are answered
doctor-refused = { $what } ({ $code }: { $errmsg })
doctor-passes = it passes by itself: say this again in a minute
doctor-unclear = the platform gave no answer that can be read: { $why }
doctor-unclear-advice = look whether a proxy or a firewall answers in its place, and whether `api_base` is right; TLS needs the machine's root certificates (ca-certificates)
doctor-free-space = { $mib } MiB are free at { $folder }
doctor-free-some = free some space: the daemon ends if it cannot store what it does
doctor-no-listener = there is no listener in the config
doctor-served = the daemon serves { $address }
doctor-port-free = { $address } is free; the daemon is not running
doctor-served-elsewhere = the running daemon serves { $other }, not { $address }
doctor-restart = restart it with this config
doctor-not-served = the running daemon does not serve { $address } (yet)
doctor-restart-unless-new = if it did not start just now, restart it with this config
doctor-port-taken = { $address } cannot be listened on: { $error }
doctor-end-program = end the program that listens there (`ss -ltnp` shows it), or correct `listen`
doctor-no-database = there is none yet: the daemon makes it at its start
doctor-database-advice = `qunfa backup` says how a copy is put back; the log says more
doctor-database-large = it can be opened; it is too large to be read through here
doctor-database-good = it can be read, and is whole
doctor-database-restore = stop the daemon, keep a copy of the folder, and put a backup back
doctor-zones-good = those of the program and of the machine agree
doctor-token-not-asked = not asked for, because the secret was not read
doctor-way-not-checked = the way to the platform was not checked, because the proxy's URL was not read
doctor-correct-it = correct it in the config
doctor-the-proxy = the proxy
config-check-component = component { $name }
finding-ticket = ticket
doctor-ticket-good = the last ticket of the component { $component } came { $at }
doctor-ticket-late = the last ticket of the component { $component } came { $at }; one comes every 10 minutes
doctor-no-ticket = the component { $component } has no ticket that the platform accepts
doctor-component-token = the component { $component } has a token, which ends { $until }
doctor-no-component-token = the component { $component } has no token
doctor-see-component = the daemon requests one as soon as there is a ticket; `qunfa status` shows what the platform answers
doctor-authorized = it has authorised the component { $component }, with mass sends (群发与通知)
doctor-rights-unknown = it has authorised the component { $component }; what it granted is not known yet
doctor-unauthorized = it has not authorised the component { $component }, or has ended that
doctor-authorization-sought = whether it has authorised the component { $component } is not known yet: the platform is asked as soon as there is a token
component-none = the config has no `components`, and so no { $name }
component-unknown = there is no component { $name }; the config has: { $names }
component-heading = { $name } ({ $appid })
component-no-ticket = No ticket (component_verify_ticket) has come yet; one comes every 10 minutes.
component-ticket = The last ticket came { $at }; it is valid until { $until }.
component-ticket-over = The last ticket came { $at }, and the platform does not accept it any more.
component-token = Its token is valid until { $until }.
component-no-token = It has no valid token: the daemon requests one as soon as it has a ticket.
component-events = URL for authorization events (授权事件接收配置): { $path }
component-messages = URL for messages and events (消息与事件接收配置): { $path }
component-no-authorizer = No account has authorised it.
component-head-account = account
component-head-appid = appid
component-head-state = state
component-head-since = since
component-head-sends = mass sends
component-authorized = authorised
component-unauthorized = not authorised
component-sought = the platform is asked
component-may-send = yes
component-may-not-send = no
component-rights-unknown = not known
component-not-in-config = not in the config
component-not-of = account { $account } does not have `component: { $component }` in the config
component-no-url = the component { $component } has no `url` in the config: the address at which the administrator's browser reaches `listen`
component-no-token-for-link = the component has no valid token: start the daemon, and wait for a ticket (every 10 minutes)
component-proxy-unread = the URL of the component's proxy is a secret of the unit: make the link as the unit does, with its credentials
component-link-refused = the platform gives no link: { $what } ({ $code }: { $errmsg })
component-link-unanswered = the platform gives no clear answer: { $why }
component-link-start = Let an administrator of { $account } open this page on a computer, and scan the code that follows:
component-link-phone = Or open this in WeChat on the administrator's phone:
component-link-until = The link is valid until { $until }.

## told: what alerts tell, and what an operator can do (src/text/told.rs)

told-clock-ahead = this machine's clock is { $seconds } s ahead of the platform's: its jobs wait
told-clock-behind = this machine's clock is { $seconds } s behind the platform's: its jobs wait
told-set-the-clock = set the clock (chronyc makestep); releases go on by themselves
told-no-preflight = the platform gave no token or clock: { $why }; its jobs wait
told-empty-preflight = the platform gave no token or clock: HTTP { $status }, and no usable token or Date in it; its jobs wait
told-check-network = check the network and api_base; releases go on by themselves
told-unreadable = { $times } answers in a row to { $question } for { $account } could not be read: { $why }
told-see-proxy = it is asked on; see whether a proxy or api_base answers in the platform's place, or look for a newer qunfa
told-question-token = the token request
told-question-clock = tags/get
told-question-send = mass sends
told-question-result = mass/get
told-question-followers = the reading of followers
told-question-upload = uploads
told-question-api-call = calls beside the broadcasts
told-followers-unread = the followers of { $account } could not be read: { $why }
told-followers-later = nothing waits for it; they are read again tomorrow, or by `qunfa followers { $account } --refresh`
told-unconfigured = account { $account } is not in the config and has planned jobs
told-callback-refused = pushes to the callback of { $account } are refused: { $why }
told-handler-fails = the handler of { $account } at { $host } failed { $times } times in a row; at last: { $failure }
told-see-handler = look after the handler: followers see an error meanwhile, and the platform gives a message up after three tries; qunfa's own events and releases are not affected
told-unread-event = a signed event of { $account } could not be read: { $why }
told-event-kept = its bytes are kept in the table unread_event; look for a newer qunfa
told-events-dropped = { $events } events of { $account } were dropped while a broadcast was in doubt: more came than can wait for it, and its own may be among them
told-look-before-resolve = look at the broadcast in the platform's history before you resolve it; if the events are not the website's, somebody else knows the callback's token: change it at the platform and in the config, and use the encrypted mode
told-event-flood = over { $most } events came to the callback of { $account } that tell of broadcasts which nobody here made; the oldest are no longer kept
told-change-token = if they are not the website's, somebody else knows the callback's token: change it at the platform and in the config, and use the encrypted mode
told-first-month = qunfa knows this account since { $since }: what was sent this month without it, on the website or by other programs, it does not know, and that uses the same quota
told-first-day = qunfa knows this account since { $since }: what was sent today without it, on the website or by other programs, it does not know, and that uses the same quota
told-record-month = count what the account's history ({ $history }) shows for this month and `qunfa jobs` does not: `qunfa quota record { $account } --count N`, or `qunfa quota record { $account } --none`
told-record-day = count what the account's history ({ $history }) shows for today and `qunfa jobs` does not: `qunfa quota record { $account } --count N`, or `qunfa quota record { $account } --none`
told-qrcodes-run-out = { $account } has { $used } of its { $limit } permanent QR codes
told-make-temporary-codes = they cannot be deleted: make temporary codes where 30 days are enough
told-adopted = the platform had job { $job } already, though this database never asked for it: its broadcast was adopted
told-compare-adopted = compare the broadcast with the account's history ({ $history })
told-menu-stays = the menu of job { $job } will not be put back at its `until`: { $why }
told-codes-not-renewed = the codes of job { $job } will not be made anew before they expire: { $why }
told-new-codes = make them with a job of another id before they expire
told-restore-menu = submit a job with `menu: {"{"} restore: { $job } {"}"}`
told-speed-not-set = speed { $speed } could not be set for job { $job }, which goes at its time all the same: { $cause }
told-see-speed = `qunfa speed { $account }` shows the speed that it goes at
told-preview-failed = the preview to { $to } of job { $job } failed: { $cause }
told-call-failed = the { $call } of job { $job } failed: { $cause }
told-preview-again = `qunfa preview { $job } --to NAME` shows it; `qunfa cancel { $job }` stops it
told-series-lost = some dates of series { $series } may have been sent, by a database that is lost: none is planned
told-retry-series = look in the account's history ({ $history }); `qunfa retry { $series }` plans its dates from tomorrow on, `qunfa cancel { $series }` ends it
told-date-refused = { $series }@{ $date } cannot be planned: { $why }
told-mend-series = mend it in the series' file, and drop that again; `qunfa cancel { $series }` ends the series
told-inbox-unusable = { $why }: files are not taken until it is mended
told-entry-stuck = { $why }: it stays in the inbox and is tried again
told-entries-stuck = { $why }: it stays in the inbox and is tried again; so are { $more } more
told-see-directory = look at the directory's rights and its disk; files are taken again by themselves
told-upload-stalled = { $folder } in the inbox waits for { $path } in it, which nobody writes on
told-uploads-stalled =
    { $n ->
        [one] { $folder } in the inbox waits for { $path } in it, which nobody writes on; so does { $more } more folder
       *[other] { $folder } in the inbox waits for { $path } in it, which nobody writes on; so do { $more } more folders
    }
told-finish-upload = finish the upload under its real name, or remove what is left of it; the folder is taken then by itself
told-database-locked = another program keeps the database locked, so nothing is sent or taken
told-database-locked-by = another program ({ $by }) keeps the database locked, so nothing is sent or taken
told-database-unreachable = PostgreSQL cannot be reached, so nothing is sent or taken: { $why }
told-correct-secret = correct the secret that { $source } holds, or the account's appid in the config ({ $keys }), then resume it
told-see-token-server = look at the token server, its secret and its IP list ({ $keys }), then resume the account
told-look-at-both = look at both broadcasts in the account's history ({ $history })
told-see-mass-send-right = see whether the account may mass-send by API (verified, not a test account) and what the website's history shows
told-after-crash = cancel that job, or settle it as `qunfa show` says, then resume the account; { $report }
told-put-back = put the account back into the config, under this name or another, and reload the daemon; or cancel its jobs
told-put-known-back = put { $known } back into the config; or give { $appid } another name there; or, if { $account } is to mean { $appid } from now on, write `replaces_appid: { $known }` below it: then the jobs of { $known } stay behind, under another name. Then reload the daemon
told-put-earlier-back = put the earlier appid back into the config; or cancel the waiting jobs of { $account } (`qunfa jobs --account { $account }`). Then reload the daemon
told-component-ticket = no ticket (component_verify_ticket) of the component { $component } has come since { $since }; one comes every 10 minutes, and is valid for 12 h
told-component-no-ticket = no ticket (component_verify_ticket) of the component { $component } has come yet; one comes every 10 minutes
told-see-component-url = see that the URL for authorization events (授权事件接收配置; { $place }) leads to /component/{ $component }/events of `listen`; the platform is asked to push again
told-component-refused = the platform refuses the component { $component }: { $what } ({ $errcode }: { $errmsg }); the jobs of its accounts wait
told-correct-component = correct the component's appid and secret in the config ({ $place }) and reload; it is asked again by itself
told-component-unanswered = the platform gives no clear answer to the component { $component }: { $why }; the jobs of its accounts wait
told-no-mass-send-right = { $account } has not granted the component { $component } 群发与通知 (permission set 7): its broadcasts will be refused
told-grant-mass-sends = let its administrator authorise the component again, with 群发与通知: `qunfa component { $component } link { $account }` makes the link
told-authorize = let its administrator authorise the component: `qunfa component { $component } link { $account }` makes the link; then the account goes on by itself
component-page-go = Continue to WeChat
component-page-before = Here you let the service behind this address act for your Official Account. WeChat shows next which rights it asks for; leave 群发与通知 selected.
component-page-after = Thank you: the authorization was received. You can close this page.

## callback: why a push is refused, and what helps (src/wechat/listener/auth.rs)

callback-noise = it is no push of the platform
callback-unsigned = the signature is wrong
callback-stale = the timestamp is more than ten minutes from this machine's clock
callback-used = the timestamp and nonce were used for another message
callback-plain = it is not encrypted, and the config has a key
callback-unreadable = it cannot be read
callback-encrypted = it is encrypted, and the config has no key
callback-do-nothing = nothing has to be done
callback-compare-token = the token in the account's callback settings ({ $callback }) and the config's must be the same; if events still arrive, it is a stranger who knocks
callback-see-clock = look at this machine's clock; if it is right, somebody repeats old pushes
callback-repeated = somebody repeats pushes with other contents; true events are not affected
callback-use-safe-mode = set the account's callback to safe mode (安全模式; { $callback }), or take `encoding_aes_key_file` out of the config; until then qunfa asks for results itself and does not see website sends
callback-one-is-none = one of these is none to worry about; if it stays, look for a newer qunfa
callback-name-key = name a file with the account's EncodingAESKey (消息加解密密钥; { $callback }) as `encoding_aes_key_file` in the config and restart the daemon; until then qunfa asks for results itself and does not see website sends
callback-renew-key = put the account's present EncodingAESKey (消息加解密密钥; { $callback }) into `encoding_aes_key_file`, name the one before as `previous_aes_key_file`, and restart the daemon; until then qunfa asks for results itself and does not see website sends
callback-see-url = every account has a callback URL of its own, /callback/NAME: look whose URL this is ({ $callback }), and at the config's appid
callback-damaged = its ciphertext is damaged
callback-key = no configured EncodingAESKey decrypts it
callback-appid = it is encrypted for another appid
callback-key-length = an EncodingAESKey has 43 characters, and this has { $count }
callback-key-characters = an EncodingAESKey has letters and digits only, and this has something else

## attention: what needs a person (src/store/view.rs)

job-broadcast-to = broadcast of { $msgtype } to { $audience }
job-deletion-of = deletion of { $audience }
job-sent-deleted = sent (deleted)
job-partly-deleted = partly deleted
attention-drop-corrected = correct its file and drop it again, under the same id; `qunfa retry { $id }` asks for the same once more, and helps only where the cause was not in the file
attention-resolve = look in the account's history ({ $history }) whether it went out, then say `qunfa resolve { $id } --sent MSG_ID` or `qunfa resolve { $id } --not-sent`; `qunfa show { $id }` tells the attempts, and events that may be its own
attention-show-retry = `qunfa show { $id }` tells why; `qunfa retry { $id }` asks again for what was not accepted
attention-show-anew = `qunfa show { $id }` tells why; plan it anew under another id
attention-approve-in-time = `qunfa approve { $id }` before its time, or it is missed
attention-approve-until = its time has passed: `qunfa approve { $id }` before { $last }, and it goes at once, or it is missed
attention-approve-too-late = its time has passed and its grace too, so it becomes missed; then `qunfa retry { $id }` asks for it anew
attention-all-held = all accounts are on hold: { $why }
attention-look-then-resume-all = look at the jobs named, then `qunfa resume --all`
attention-resume-all = `qunfa resume --all` lets the jobs go on
attention-held = the account is on hold: { $why }
attention-resume = `qunfa resume { $account }` lets its jobs go on
attention-paused = the account is paused: { $why }
attention-then-resume = { $advice }; then `qunfa resume { $account }`
attention-job = job { $job } is { $state }: { $why }
attention-no-result = job { $job } was accepted over 24 h ago and has no result
attention-look-for-broadcast = look for broadcast { $msg_id } in the account's history ({ $history })
attention-look-known-by-id = look in { $history }; its content is not known any more, so if it did not go out, plan it anew under another id
attention-look-retry = look in { $history }; only if it did not go out, `qunfa retry { $job }`
attention-look-resume-retry = look in { $history }; only if it did not go out, `qunfa resume { $account }`, then `qunfa retry { $job }`
attention-in-question = { $jobs } of { $account } may have been sent already: { $gap }
attention-resume-or-look = if nothing was put back, `qunfa resume { $account }`; else look in { $history }, `qunfa cancel` what went out, then `qunfa resume { $account }`
attention-resume-or-look-retry = if nothing was put back, `qunfa resume { $account }`; else look in { $history }, `qunfa cancel` what went out, then `qunfa resume { $account }`; `qunfa retry` only what did not go out
attention-and-more = { $jobs } and { $more } more
attention-job-state = { $job } ({ $state })
attention-waiting-and-ended = { $waiting } and { $ended }
attention-refused =
    { $problems ->
        [one] the inbox refused { $name }: { $count } problem
       *[other] the inbox refused { $name }: { $count } problems
    }
attention-refused-line =
    { $problems ->
        [one] the inbox refused { $name }: { $count } problem in line { $line }
       *[other] the inbox refused { $name }: { $count } problems, the first in line { $line }
    }
attention-mend-file = read { $name }.error.txt in the inbox's rejected/, mend the file and drop it again under this name, or say `qunfa ack { $name }`
attention-refused-more = the inbox refused { $more } more files before these
attention-see-rejected = look into the inbox's rejected/
job-done = done

## cron: why an expression gives no dates, and a recurrence in words (src/calendar)

cron-fields = has { $count } instead of five fields
cron-pattern = has a pattern for its time of a day
cron-no-time = has no time of a day
cron-both-days = names days of the month and days of the week
cron-unreadable = cannot be read: { $why }
cron-never = never comes
template-unknown = there is no placeholder `{"{"}{ $name }{"}"}`
template-format = a date cannot be written as `{ $format }`
cron-every-day = every day
cron-times = { $before } and { $last }
cron-words = at { $times }, { $days }
cron-separator = ;{" "}


## console: the pages in the browser (src/server/console, templates/console)

console-skip = Skip to the content
console-pages = Pages
console-today = Today
console-month = Month
console-jobs = Jobs
console-approvals = Approvals
console-accounts = Accounts
console-series = Series
console-decisions = Decisions
console-new = New
console-light = Light
console-dark = Dark
console-device = As the device
console-sign-in = Sign in
console-sign-out = Sign out
console-name = Name
console-secret = Password or token
console-wrong-password = The name and the password or token do not belong together.
console-too-many-passwords = There were too many attempts. Wait a minute, or use your token.
console-no-cookie = The form is too old, or the browser did not keep its cookie, which needs https. Try again.
console-form = The form is too old, or of another site. Go back, load the page again and repeat it.
console-refused = That was not done
console-to-today = To the first page
console-viewer = Viewer
console-editor = Editor
console-approver = Approver
console-operator = Operator
console-in = in { $span }
console-ago = { $span } ago
console-as-of = As of { $at }, Beijing time
console-not-running = The daemon is not running: nothing is sent until it is started.
console-stuck = The daemon is stuck: nothing is sent. Look at its log and restart it.
console-attention = Needs somebody
console-open-job = Open the job
console-to-approve = Waits for an approval
console-deadline = Deadline
console-job = Job
console-state = State
console-next = What goes next
console-nothing-next = No job waits.
console-time = Time
console-awaited = Accepted, without a result
console-lately = Not at its time, in the last seven days
console-held = on hold
console-paused = paused
console-quota = { $used } used, { $claimed } planned, of { $limit }
console-monday = Monday
console-tuesday = Tuesday
console-wednesday = Wednesday
console-thursday = Thursday
console-friday = Friday
console-saturday = Saturday
console-sunday = Sunday
console-service = service account
console-subscription = subscription account
console-broadcast = broadcast
console-delete = deletion
console-menu = menu
console-qrcode = QR code
console-speed = speed
console-deferred = deferred
console-outlook-under-way = a request is under way
console-outlook-interrupted = in doubt
console-outlook-runs-out = is not asked for again
console-outlook-needs-approval = if it is approved
console-outlook-needs-files = if its files come
console-outlook-stopped = the account is stopped
console-outlook-too-late = too late
console-outlook-will-defer = will be deferred
console-outlook-will-fail = will fail
console-outlook-will-expire = will expire
console-new-job = New job
console-edit-job = Edit the job
console-edit = Edit
console-step = { $from } → { $to }
console-attempt = Request for batch { $batch }: { $outcome }
console-attempt-open = Request for batch { $batch }, without an answer
console-upload = Upload of { $name }: { $outcome }
console-upload-open = Upload of { $name }, without an answer
console-event = The platform reports: { $words }
console-decision = { $who }: { $what }
console-api-call = { $what }: { $state }
console-deleted = deleted
console-goes = Goes
console-unknown = not known
console-at = Planned for
console-as-soon = as soon as allowed
console-due = Due
console-expires = Expires
console-audience = Audience
console-reason = Why
console-before = Before it
console-file = File
console-decide = Decide
console-why = Why (is stored)
console-approve = Approve
console-approve-exactly = Approves exactly the content shown. If a file changed it since, nothing is approved.
console-approvals-label = Approvals
console-approvals-given = { $given } of { $needed }
console-approvals-count = { $given } of { $needed } approvals
console-approvals-two = Two different people must approve it. Whoever handed it in does not count.
console-new-time = New time
console-reschedule = Move
console-retry = Ask again
console-msg-id = number of it, if known
console-was-sent = It was sent
console-was-not-sent = It was not sent
console-cancel = Cancel the job
console-cancel-series = Cancel these dates
console-cancel-from = Only the dates from this one on
console-approve-until = The dates up to this one
console-approved-until = Approved until
console-cancelled-from = Cancelled from
console-dates = Dates
console-changes = Changed dates
console-left-out = left out
console-story = Story
console-results = Results
console-batch = Batch
console-attempts = Requests
console-receivers = Receivers
console-total = Audience
console-filtered = After filters
console-sent = Sent
console-errors = Errors
console-charges = Charged
console-articles = Articles
console-content = Content as a phone shows it
console-account = Account
console-all = All
console-how-many = How many
console-limit = { $n } nearest to now
console-show = Show
console-approvals-about = Open a job to read its content; its approval is there.
console-no-jobs = No job is like that.
console-nearest = These are the ones nearest to now; choose more or filter them to see others.
console-no-series = There is no series.
console-next-date = Next date
console-decision-head = Decision
console-older = Older decisions
console-month-about = The next 31 days in Beijing: what goes when, and where there is room for a broadcast to everyone.
console-day = Day
console-elsewhere = { $n } sent elsewhere
console-free = free
console-full = full
console-followers = Followers
console-daemon = Daemon
console-running = running
console-its-jobs = Its jobs
console-callback = Callback
console-last-event = last event at { $at }
console-no-event = no event yet
console-no-callback = not set up
console-clock = Platform's clock
console-clock-read = { $ahead } s ahead of ours, read { $age } s ago
console-spare = Spare address
console-quotas = Quotas
console-rule = Rule
console-use = Use
console-resets = Empty again
console-unconfirmed = { $n } more that only an event tells of
console-hold = Put on hold
console-hold-about = Nothing more of the account is sent until it is resumed; a request under way is not stopped.
console-resume = Resume
console-ledger = Ledger
console-no-entries = Nothing has charged the windows that count now.
console-entry = Entry
console-what-for = For
console-reserved = reserved
console-kept = used
console-not-confirmed = not confirmed
console-returned = returned
console-file-wrong = The inbox would refuse this file.
console-checked = Checked
console-checked-no = Some of it would not go as written.
console-moves = It moves these jobs
console-no-place = no place
console-choose-file = Choose a file, or drop it on the text
console-file-name = Name of the file
console-file-text = Job file (YAML or JSON)
console-check = Check
console-submit = Hand in
console-link = Approval
console-link-as = You approve as { $person }. This link works once.
console-link-approved = Job { $job } is approved.
console-no-link = This link is not valid: it was used, its time is over, or the job was changed or decided. The console shows what waits.
console-form-at = Time in China; empty: at once
console-form-title = Title in lists; may be empty
console-form-id = Id; empty makes one
console-form-everyone = Everyone who follows
console-form-tag = The followers with one tag
console-form-tag-id = Number of the tag
console-form-list = A list
console-form-openids = OpenIDs, one a line
console-form-content = Content
console-form-draft = A draft
console-form-no-drafts = The draft box is empty.
console-form-articles = { $n ->
        [one] { $n } article
       *[other] { $n } articles
    }
console-form-other-draft = The draft chosen before
console-form-media-id = Its media_id
console-form-read-drafts = Choose from the draft box
console-form-drafts-cost = Reading it uses calls of the day’s quota; the list is kept for 5 minutes.
console-form-text = Text
console-form-approval = It waits for an approval
console-form-file = The job file that this makes
console-form-by-hand = Write or drop a job file instead
console-id-taken = There is a job { $id } already. Choose another id, or open that job to edit it.
console-not-editable = This job cannot be edited here: only a job that waits can, and only if its file is a single one whose accounts you may all see.
console-day-job = { $title } ({ $at })
console-day-elsewhere = a broadcast made elsewhere
console-day-goes = It would go at { $at }.
console-day-no-place = It has no place.
console-day-free = { $day } is free.
console-day-also = It goes on { $day }, like { $names }.
console-day-taken = { $day } is taken by { $names }. { $goes }
console-day-full = { $day } has no room for it. { $goes }
console-file-waits = The file waits to be taken.
console-look-again = Look again
console-file-taken = The file was taken.
console-file-refused = The file was refused.
console-series-active = active
console-series-ended = ended
console-series-cancelled = cancelled
console-series-lost = lost
console-did-approve = approved
console-did-cancel = cancelled
console-did-retry = asked again
console-did-reschedule = moved
console-did-hold = put on hold
console-did-resume = resumed
console-did-record = send elsewhere recorded
console-did-return = entry taken back
console-did-acknowledge = taken out of attention
console-did-resolve-sent = settled as sent
console-did-resolve-not-sent = settled as not sent

## mcp: the tools for agents (src/server/mcp)

mcp-failed = the tools for agents cannot be served: { $error }
mcp-answered = The answer of `qunfa { $command } --json` follows.
mcp-checked = The inbox would take this file. When its jobs go follows.
mcp-checked-wrong = { $n ->
        [one] The inbox would refuse this file: one mistake follows.
       *[other] The inbox would refuse this file: { $n } mistakes follow.
    }
mcp-submitted = The file was taken. Nothing of it is sent before a person approves it: `qunfa approve JOB`, or the console.
mcp-submitted-later = The file is in the inbox, and the daemon has not taken it yet: `show` tells when it has. Nothing of it is sent before a person approves it.
mcp-file-twice = the file `{ $path }` comes twice
mcp-not-base64 = `base64` of the file `{ $path }` is not base64
