### The sentences of qunfa in Chinese. en.ftl has the same names with the same arguments.
### Names begin with the part of the program that uses them; a part keeps its order in both files.

## common: used in several parts

span-days = { $days } 天
span-day-hours = 1 天 { $hours } 小时
span-hours = { $hours } 小时
span-hours-minutes = { $hours } 小时 { $minutes } 分
span-minutes = { $minutes } 分钟
span-seconds = { $seconds } 秒
time-skipped = { $zone } 没有这个时刻：当地时钟在此拨快
state-planned = 排队中
state-held = 待审核
state-releasing = 发送中
state-accepted = 已受理
state-sent = 已发送
state-failed = 失败
state-partial = 部分发送
state-uncertain = 结果不明
state-cancelled = 已取消
state-expired = 已过期
state-missed = 已错过
state-asking = 请求中
state-in-doubt = 待核实
state-refused = 被拒绝
rule-daily-send = 每日群发次数
rule-daily-history = 每日全员群发次数
rule-monthly-history = 每月全员群发次数
rule-monthly-receiver = 每人每月接收条数
rule-daily-calls = 每日群发接口调用次数
rule-per-minute = 每分钟调用次数
rule-daily-previews = 每日预览次数
rule-daily-deletes = 每日删除次数
rule-forced-token = 每日强制刷新 token 次数
rule-follower-pages = 每日拉取粉丝列表次数
rule-daily-drafts = 每日新建草稿次数
rule-daily-uploadnews = 每日上传图文次数
rule-daily-menus = 每日创建菜单次数
rule-daily-qrcodes = 每日生成二维码次数
rule-permanent-qrcodes = 永久二维码数量
window-ever = 永久
list-separator = 、

## reason: why something is as it is (src/text/reason.rs)

## alert: messages to receivers (src/text/alert.rs)

## code: what the platform's return codes mean (src/wechat/codes.rs)

## yaml: what is wrong in a YAML file

## inbox: what is wrong in a job file

## config: what is wrong in a config

## receipt: answers to a file (src/daemon)

## store: what the database refuses

## cli: the commands

cli-languages = 只能是 en 或 zh-CN
cli-man-unwritable = 无法写入 { $folder }：{ $error }
cli-man-written = 手册页已写入 { $folder }。
check-known = 这个任务已经存在，再次投递不会有任何改变
check-known-over = 这个任务已经存在，再次投递不会有任何改变；当前状态：{ $state }
check-updated = 同一编号的任务正在排队：将改为此处的内容
check-anew = 同一编号的任务已结束且从未发出：将按此处的内容重新安排
check-anew-failed = 同一编号的任务已失败：将按此处的内容重新安排
check-deletes-nothing = 不会删除任何内容：{ $why }
check-deletes-nothing-unless = 不会删除任何内容：{ $why }；写上 `force: true` 仍会请求删除
check-qrcode-subscription = 按平台文档，带参数二维码仅限服务号使用：平台可能拒绝 (48001)
check-fails = 不会发出：{ $why }，且 on_quota 为 fail
check-kept-back = { $why }：{ $until } 之前不会发出
check-missed = 预定时间是{ $passed }，已超过宽限期：将错过
check-never = 不会发出：{ $state }
check-never-because = 不会发出：{ $state }，{ $why }
check-not-at = 不在 { $at } 发出：{ $why }
check-guard = 每个北京日的头两分钟不发送
check-held = 待审核，审核通过后才会发出
check-ok = { $file }：正确，{ $jobs } 个任务
check-ok-series = { $file }：正确，{ $series } 个系列任务
check-ok-both = { $file }：正确，{ $jobs } 个任务，{ $series } 个系列任务
check-more-moves = 另有 { $count } 个任务移动：用 `--json` 查看
check-unread = 未计入已经排队的任务：{ $why }
check-problems = { $count } 个问题
check-files = { $count } 个文件
check-refused = { $files }中有 { $problems }：投递目录会拒绝。
check-receivers = { $count } 名接收者
check-what = { $action }：{ $msgtype }，发给{ $receivers }，调用 { $calls } 次
check-goes = 将于 { $at } 发出
check-note = 提示：
check-warning = 警告：
check-a-series = { $id } ({ $account })，系列任务
check-more-dates = 预先安排的几周内另有 { $count } 期
submit-nothing = 没有放入投递目录。
submit-question = { $count } 个已排队的任务将失去原定时间。仍要投递吗？
submit-declined = 没有放入投递目录；用 `--yes` 可不经询问直接投递
submit-no-inbox = 无法使用投递目录 { $inbox }（{ $error }）；守护进程（`qunfa run`）启动时会建立它
submit-unwritable = 无法把 { $file } 放入投递目录：{ $error }
submit-unwritable-after = 无法把 { $file } 放入投递目录：{ $error }；此前已放入：{ $names }
submit-taken = { $file } 已取走。
submit-taken-jobs = { $file } 已取走：
submit-not-yet = { $file } 已在投递目录中，守护进程尚未取走。
submit-no-daemon = { $file } 已在投递目录中。守护进程没有运行，启动后会取走。
submit-stands = { $id } ({ $account }) { $state }
submit-stands-due = { $id } ({ $account }) { $state }，预定 { $due }
submit-date = 日期：
submit-withdrawn = { $id } 已撤回，原定 { $from }
submit-as-written = { $id } 已改为文件中的内容，预定 { $to }
submit-moves = { $id } 从 { $from } 改到 { $to }
submit-new = { $id } 是新增的一期，预定 { $to }
check-unreadable = 无法读取：{ $why }
check-no-marker = 文件没有以单独一行 `...` 结尾，投递目录会拒绝它
check-no-marker-help = 在末尾加上 `...`；配置要求如此（`inbox_end_marker: required`）
cli-no-runtime = 无法启动运行时：{ $error }
cli-not-owner = { $folder } 属于 { $user }；请以其所有者的身份运行：sudo -u { $user } qunfa ...
cli-unreadable = 无法读取 { $folder }（{ $error }）；请以其所有者的身份运行：sudo -u { $user } qunfa ...
zone-warning = 从 { $from } 起，本机的时区数据与本程序的 { $zone } 数据不一致：此后的当地时间可能相差一小时
zone-warning-and-advice = 从 { $from } 起，本机的时区数据与本程序的 { $zone } 数据不一致：此后的当地时间可能相差一小时。请安装新版 qunfa，或写明时差（2027-03-12T20:00:00-07:00）；若本机数据较旧，请更新 tzdata
zone-advice = 请安装新版 qunfa，或写明时差（2027-03-12T20:00:00-07:00）；若本机数据较旧，请更新 tzdata
cli-no-database = { $unknown }；还没有数据库
cli-no-series = { $option } 只用于系列任务，而 { $id } 不是
cli-job-is = 任务 { $job }：{ $state }。
hold-no-database = 还没有数据库，没有任务在发送，也就无从暂停
hold-all = 全部账号
hold-account = 账号 { $account }{" "}
hold-already = { $whom }早已暂停，自 { $since } 起（{ $why }）。
hold-held = { $whom }自 { $since } 起暂停：从现在起不再发出请求。
hold-under-way = 正在进行的请求，其结果仍会存储。
hold-resume = 用 `qunfa resume { $whom }` 恢复任务；届时宽限期已过的任务即错过。
approve-without-place = 任务 { $job } 已通过审核，但照目前情况不会在 { $due } 发出：{ $why }。
approve-late = 任务 { $job } 已通过审核，但预定时间 { $due } 的宽限期已过：将错过。
approve-at-once = 任务 { $job } 已通过审核，立即发出：预定时间是 { $due }。
approve-goes = 任务 { $job } 已通过审核，将于 { $due } 发出。
cancel-date = { $id } 已取消：系列任务的这一期不会发出。
cancel-whole = 任务 { $job } 已取消：没有任何内容会发出。
cancel-rest = 任务 { $job } { $state }，到此为止：未发送的批次是 { $batches }。
cancel-accepted = 平台已受理的无法撤回：批次 { $batches }。
cancel-open = 可能已经发出，照常核实：批次 { $batches }。
resolve-kept-back = 暂存的事件计为在别处发出的群发。
resolve-sent = 保留占用的额度，并向平台查询结果。
resolve-sent-without-number = 保留占用的额度；没有消息编号，无法了解更多情况。
resolve-not-sent = 预留的额度已退回。
resolve-others = 其他批次仍待核实。
resolve-retry = 用 `qunfa retry { $job }` 再次请求。
resolve-back = 在此之前，可用 `qunfa resolve { $job } --sent` 收回这一决定。
cli-unknown-job = 没有编号为 { $id } 的任务；用 `qunfa jobs` 列出任务
cli-problem-help = { $message }：{ $help }
next-hold = 解除暂停之前不会发出（{ $why }）：`qunfa resume { $whom }`。
next-barred = 不会发出：{ $why }。
next-barred-advice = 解决办法：{ $advice }。
next-paused = 账号 { $account } 已暂停（{ $why }）：`qunfa resume { $account }`。
next-daemon = 守护进程一秒内即可得知。
next-no-daemon = 守护进程没有运行：启动后继续。
retry-vouched = 它是恢复数据库时读回的，这样做即由你担保它没有发出：如果已经发出，将会重复发送。发出之前可用 `qunfa cancel { $job }` 收回。
retry-again = 任务 { $job } 重新{ $state }，预定 { $due }。
retry-job = 任务 { $job } 重新{ $state }，预定 { $due }：{ $asked }。
retry-asked = 将请求 { $count } 个批次
retry-asked-rest = 将请求 { $count } 个批次；{ $kept }
retry-kept = { $count } 个批次保持不变
retry-held = 它从未通过审核：请及时 `qunfa approve { $job }`，否则会再次错过。
resume-no-database = 没有任何暂停：还没有取走过任务。
resume-nothing = 没有任何暂停。
resume-lifted = 解除了 { $count } 个暂停。
resume-account-nothing = 账号 { $account } 本身没有暂停。
resume-account-lifted = 账号 { $account } 的一个暂停已解除。
resume-account-paused = 账号 { $account } 已恢复。此前自 { $since } 起暂停：{ $why }
resume-account = 账号 { $account } 已恢复。
resume-jobs = { $n } 个任务将按时发出，尽管它们可能已经发送过。
resume-ended = { $count } 个错过或失败的任务从现在起可以重试，但无人知道其间发出过什么，平台也可能已无记录：每次 `qunfa retry` 之前请查看 { $history }。
resume-separator = ；
resume-and-others = { $jobs } 等
resume-none-due = 现在没有到时间的任务。
resume-due = 现在到时间的：{ $jobs }。宽限期已过的即错过，其余发出。
resume-later = 已到时间，但稍后请求：{ $jobs }。
reschedule-without-place = 任务 { $job } 已改期，但照目前情况不会在 { $due } 发出：{ $why }。
reschedule-goes = 任务 { $job } 已改期，将于 { $due } 发出。
reschedule-goes-because = 任务 { $job } 已改期，将于 { $due } 发出（{ $why }）。
reschedule-is = 任务 { $job } 已改期，当前状态：{ $state }。
reschedule-date = { $id } 已改到 { $at }；到时会提前几周排入。
again-no-id = { $id } 不能用作编号
again-exists = 任务 { $job } 已经存在：请给新任务另一个编号
again-no-file = 无法再次安排任务 { $job }：它的文件已不在 `accepted/` 中，或无法读取
series-reads = { $date } 的内容为：{ $line }
series-is = { $id } 是系列任务，{ $state }
series-active = 进行中
series-state-ended = 已结束
series-state-cancelled = 已取消
series-state-lost = 记录已丢失
series-dates = { $count } 期
series-cancelled-from = 自 { $from } 起取消
series-up-to = 到 { $until } 为止
series-label-title = 标题
series-label-account = 账号
series-label-action = 操作
series-label-comes = 周期
series-label-from = 开始
series-label-until = 截止
series-label-count = 期数
series-label-except = 除外
series-label-ends = 结束
series-label-approved = 已审核
series-label-file = 文件
series-label-because = 原因
series-label-changed = 变更
series-lost = 部分日期可能已由丢失的数据库发出：请查看账号的记录（{ $history }）
series-dates-heading = 各期
series-head-due = 预定
series-head-state = 状态
series-head-job = 任务
series-none-planned = 没有排入的日期。
series-lost-retry = 用 `qunfa retry { $id }` 安排从明天起的各期。
series-no-more = 没有后续日期。
series-then = 之后{"  "}
series-cancelled = 系列任务 { $id } 已取消：不再有后续日期。
series-cancelled-with = 系列任务 { $id } 已取消，连同等待中的 { $dates }（最早的是 { $first }）：不会再发出。
series-ended = 系列任务 { $id } 自 { $from } 起取消：此后不会再发出。
series-ended-with = 系列任务 { $id } 自 { $from } 起取消，连同等待中的 { $dates }：此后不会再发出。
series-approved = { $id } 到 { $until } 为止的各期已通过审核，其中 { $dates }正在等待审核。
series-approved-none = { $id } 到 { $until } 为止的各期已通过审核，其中没有正在等待审核的。
series-approved-later = 尚未排入的各期无须再次审核，除非系列任务被修改。
series-releasing = { $job } 正在发送，会继续进行：用 `qunfa cancel { $job }` 停止尚能停止的部分。
series-goes-on = 系列任务 { $id } 继续进行，从 { $id }@{ $date }（{ $at }）开始。
series-before = 此前的不会发出。
series-over = 系列任务 { $id } 在今天之后没有日期，已经结束。
cli-question = { $question }[y/N]{" "}
cli-unwritten = 无法写出答复
cli-config-denied = { $error }（{ $source }）；请以状态目录所有者的身份运行：sudo -u qunfa qunfa ...
article-heading = 文章
article-declared-nothing = 未声明
article-declared-original = 声明原创
article-declared-reprint = 声明转载
article-declared-other = 声明状态 { $state }
article-unchecked = 原创校验：未审核
article-checking = 原创校验：审核中
article-passed = 原创校验：审核通过
article-failed = 原创校验：审核未通过（{ $state }）
article-like-original = 与原创文章相似：{ $url }
article-like-older = 与老文章（非原创）相似：{ $url }
article-like-news = 与新闻相似：{ $url }
article-like-banned = 与黑名单文章相似：{ $url }
article-like-another = 与其他文章相似：{ $url }
article-no-reprint = 该文章不可转载
article-may-reprint = 该文章可以转载
article-replaced = 内容替换为原文
article-source-named = 注明转载来源
backup-no-database = 还没有数据库，没有可备份的内容
backup-unwritable = 无法写入备份 { $file }：{ $error }
backup-failed = 备份 { $file } 失败：{ $error }
backup-exists = { $file } 已经存在，备份不会覆盖任何文件：请换一个名称
backup-stop = 停止守护进程
backup-move = 移走 { $state }/qunfa.db，连同 qunfa.db-wal 和 qunfa.db-shm
backup-copy = 以 { $state } 所有者的身份，把 { $file } 复制为 { $state }/qunfa.db
backup-mark = 保持 { $state }/mark 不变（在另一台机器上：放入保存的那一份）：守护进程由此得知此后用过哪些编号
backup-media = 把保存的 { $state }/media 复制回原处：备份中的任务可能需要此后已删除的文件
backup-start = 启动守护进程：恢复的备份启动时总是暂停的，`qunfa status` 会列出此后可能已发送的任务
backup-look = 查看 { $history }，用 `qunfa cancel` 取消已发出的，然后 `qunfa resume --all`
backup-made = { $file } 是数据库当前的备份：{ $bytes } 字节，已校验。
backup-keep = 为防机器损坏，请现在复制以下内容，与备份和密钥一起保存：
backup-restore = 在本机恢复的步骤：
jobs-states = 状态只能是 { $states } 之一
jobs-no-database = 还没有任务：请向投递目录放入第一个文件。
jobs-none-like-that = 没有符合条件的任务。
jobs-none = 还没有任务。
jobs-head-due = 预定
jobs-head-state = 状态
jobs-head-account = 账号
jobs-head-title = 标题
jobs-head-job = 任务
jobs-nearest = 共 { $all } 个任务，这是预定时间离现在最近的 { $shown } 个；`--limit N` 显示更多，`--json` 显示全部。
jobs-count = { $count } 个任务；时间为北京时间。
jobs-others = 其他
jobs-series = 还有后续日期的系列任务：{ $names }。用 `qunfa show` 查看。
followers-being-read = 正在读取 { $account } 的粉丝：{ $how }
followers-never-read = 从未读取过 { $account } 的粉丝；用 `qunfa followers { $account } --refresh` 读取
followers-failed = 无法读取 { $account } 的粉丝：{ $why }
followers-no-daemon = 守护进程没有运行：启动后会读取 { $account } 的粉丝
followers-paused = 账号 { $account } 已暂停（{ $why }）：`qunfa resume { $account }` 之后才会读取粉丝
followers-later = 仍在读取 { $account } 的粉丝；稍后用 `qunfa followers { $account }` 查看
followers-all = { $account } 有 { $count } 个粉丝
followers-told = 平台统计为 { $count }，但列出的较少
followers-label-read = 读取于
followers-label-but = 但是
followers-label-now = 目前
followers-label-last = 上次
followers-no-tags = 没有标签。
followers-head-tag = 标签
followers-head-name = 名称
followers-head-followers = 粉丝
qrcodes-none = { $account } 没有由 qunfa 生成或被扫描过的二维码。
qrcodes-head-scene = 场景值
qrcodes-head-job = 任务
qrcodes-head-expires = 到期
qrcodes-head-followed = 关注
qrcodes-head-scanned = 扫描
qrcodes-head-picture = 图片
qrcodes-elsewhere = 在别处生成
qrcodes-one-more = 没有得到明确答复而再次请求：可能多生成了一个
qrcodes-pictures = 图片在 { $folder }。
qrcodes-never = 永久
qrcodes-unknown = 未知
qrcodes-expired = 已过期
qrcodes-heading = 二维码
qrcodes-made = { $made }/{ $all }
qrcodes-label-made = 已生成
qrcodes-repeated = { $count } 个请求因没有答复而重复：可能多生成同样数量的临时二维码
qrcodes-label-repeated = 重复
qrcodes-label-pictures = 图片
qrcodes-few-left = 连同它，账号的 { $limit } 个永久二维码将用去 { $owned } 个：永久二维码不能删除
menu-heading = 自定义菜单
menu-unknown-before = 原先的菜单未知，因此无法恢复
menu-not-yet = 已读取现有菜单，尚未更改
menu-same = 与原先相同
menu-order = 按钮顺序
menu-new = 新增{"  "}
menu-gone = 删除{"  "}
menu-changed = 更改{"  "}
event-of = 群发 { $id } 的事件：{ $words } ({ $status })
event-by = 发自 { $name }
event-to = 发给 { $name }
event-written = 写于 { $parts }
event-check-1 = 原创校验 1：未被判为转载，可以群发
event-check-2 = 原创校验 2：被判为转载，可以群发
event-check-3 = 原创校验 3：被判为转载，不能群发
event-check-other = 原创校验 { $state }
event-audience = 目标粉丝 { $count }
event-filtered = 过滤后 { $count }
event-reached = 成功 { $count }
event-not-reached = 失败 { $count }
alerts-none = 还没有需要通知的告警。
alerts-over = 已于 { $since } 解除
alerts-tries = { $count } 次尝试
alerts-not-tried = 尚未尝试
alerts-delivered = { $receiver }：{ $at } 已送达
alerts-waits = { $receiver }：等到 { $until }（{ $tried }；{ $error }）
alerts-given-up = { $receiver }：{ $tried }后放弃：{ $error }
alerts-no-receiver = 没有接收方 { $name }；配置中有 { $names }
alerts-no-receivers = 配置中没有接收方：写法见 config.example.yaml 的 `alerts`
alerts-no-daemon = 守护进程没有运行，而消息由它发送：请启动后再试
alerts-no-database = 守护进程还没有数据库：请稍后再试
alerts-sent-nothing = 守护进程没有发送：如果接收方是新加入配置的，请重启守护进程
ack-is = { $note }：{ $kind }
ack-label-severity = 级别
ack-label-account = 账号
ack-label-job = 任务
ack-label-since = 始于
ack-label-what = 情况
ack-label-do = 处理
ack-label-seen = 已阅
ack-all = 全部
ack-none = 无
ack-no-database = 没有待处理的事项：还没有任务
ack-of-daemon = { $thing } 是守护进程自身的事项，问题解决后即消失：{ $what }
ack-file = 被拒绝的文件 { $file }
ack-taken = 已从待处理中移除：{ $what }
ack-comes-back = 有新的情况时会再次出现。
ack-not-job = 任务 { $job } 不在待处理之列：`qunfa show { $job }`
ack-unknown = 待处理事项中没有 { $thing }：`qunfa status` 会显示编号

## status: `qunfa status`

## plan: `plan`, `check`, `submit`, the forecast

## show: `qunfa show`

## doctor: `init`, `doctor`, `config check`

finding-good = 正常{"  "}
finding-warning = 注意{"  "}
finding-bad = 错误{"  "}
finding-line = { $account }{ $check }：{ $what }
finding-config = 配置
finding-secrets = 密钥
finding-zone-data = 时区数据
finding-token = token
finding-ip-list = IP白名单
finding-listen = 监听
finding-clock = 时钟
finding-connection = 连接
finding-rights = 权限
finding-callback = 回调
finding-database = 数据库

## help: the help of commands and options; its English text stands in the code

help = 在平台额度之内按计划群发微信公众号内容，绝不重复
help-after = 退出码：0 完成；1 答案是否定的；2 用法错误；3 无法运行，重新启动也无济于事；4 存储失败。
help--config = 配置文件
help--lang = 语言：en 或 zh-CN；默认取配置中的 `lang`，否则取 LC_ALL、LC_MESSAGES 或 LANG
help-run = 在前台运行守护进程
help-demo = 用内置沙箱演示守护进程的工作，不到 30 秒
help-sandbox = 在本机模拟微信平台，供演练使用
help-sandbox--listen = 监听地址，例如 127.0.0.1:8090（端口 0：任意端口）
help-sandbox--accounts = 一个账号；不指定时，任何 appid 都是有 1,000 个粉丝的服务号
help-sandbox--faults = 一种故障，例如 errcode=45066*2@sendall 或 answer_lost
help-sandbox--callback = 事件推送到的地址
help-sandbox--callback-token = 事件签名用的 Token
help-sandbox--callback-key = EncodingAESKey；指定后事件会加密
help-sandbox--callback-mode = 不指定时：有密钥为 safe，没有为 plain
help-sandbox--callback-format = 消息体的格式
help-sandbox--allow-remote = 也接受其他机器的连接
help-init = 写出含一个账号的配置
help-init--account = 账号在任务文件中的名称
help-init--kind = subscription（订阅号）或 service（服务号）
help-init--appid = 账号的 appid
help-init--secret-file = 存放密钥的文件；在终端上运行时，文件不存在则新建
help-init--secret-env = 存放密钥的环境变量
help-init--dir = 存放配置、数据库和投递目录的文件夹；不指定时为 XDG state 目录下的 qunfa
help-init--system = 写出 systemd 服务使用的配置 /etc/qunfa/config.yaml
help-init--json = 输出供程序读取的 JSON
help-config = 检查配置
help-config-check = 像 `run` 一样读取配置，并指出可能并非本意的地方
help-config-check--json = 输出供程序读取的 JSON
help-doctor = 检查安装、网络，以及平台对每个账号的应答
help-doctor--account = 只检查这个账号
help-doctor--json = 输出供程序读取的 JSON
help-status = 显示接下来的任务、需要人工处理的事项和额度
help-status--watch = 每秒刷新一次，直到按 `q` 或 Ctrl-C
help-status--account = 只显示这个账号
help-status--limit = 最多显示这么多个账号及其额度
help-status--after = 按配置中的顺序从这个账号之后开始：即上一页的 `accounts_after`
help-status--json = 输出供程序读取的 JSON
help-check = 按投递目录的规则检查任务文件，并说明其中的任务何时发出
help-check--files = 任务文件，或含一个任务文件及其名单的文件夹
help-check--json = 输出供程序读取的 JSON
help-render = 按手机上的样子显示任务文件中的消息
help-render--file = 任务文件，或含任务文件及其引用的文件的文件夹
help-render--out = 把页面写入这个文件
help-render--open = 在浏览器中打开页面
help-render--json = 输出供程序读取的 JSON
help-submit = 检查任务文件并放入投递目录
help-submit--files = 任务文件，或含一个任务文件及其名单的文件夹
help-submit--files-long =
    任务文件，或含一个任务文件及其名单的文件夹

    单独一个任务文件引用名单时（`touser_file: vip.txt`），从它所在的文件夹读取名单。
help-submit--no-wait = 不等待守护进程取走文件
help-submit--wait = 等待守护进程的秒数，文件静止两秒后才会被取走；每个文件重新计时
help-submit--wait-long =
    等待守护进程的秒数，文件静止两秒后才会被取走；每个文件重新计时

    前一个文件得到答复后才放入下一个，因此按指定的顺序取走。不等待时，投递目录按文件名取走。
help-submit--yes = 即使已有任务会因此推迟或无法发出，也不询问
help-submit--yes-long =
    即使已有任务会因此推迟或无法发出，也不询问

    只有在终端上运行时才会询问。
help-submit--json = 输出供程序读取的 JSON
help-plan = 逐日预测每个任务实际发出的时间
help-plan--days = 预测多少个北京日，含今天；默认 7，有 --with 时到文件中的最后一个任务为止
help-plan--list = 不显示网格，而是列出每天的各个窗口和各项原因
help-plan--with = 显示加入这些任务文件或文件夹之后的计划，以及哪些任务因此移动
help-plan--with-long =
    显示加入这些任务文件或文件夹之后的计划，以及哪些任务因此移动

    不会存储，也不会发送任何内容。
help-plan--html = 把供浏览器查看的页面写入这个文件
help-plan--ics = 把日历写入这个文件，每个任务一个日程
help-plan--json = 输出供程序读取的 JSON
help-jobs = 列出任务
help-jobs--account = 只列出这个账号的任务
help-jobs--state = 只列出这种状态的任务
help-jobs--limit = 只列出这么多个，取到期时间离现在最近的（文本默认 50 个，JSON 默认全部）
help-jobs--json = 输出供程序读取的 JSON
help-show = 显示一个任务的全部经过
help-show--job = 任务、系列任务或待处理事项的编号
help-show--json = 输出供程序读取的 JSON
help-followers = 统计账号的粉丝和标签，按最近一次从平台读取的数据
help-followers--account = 账号名称
help-followers--refresh = 让守护进程现在读取，并等待结果
help-followers--json = 输出供程序读取的 JSON
help-qrcodes = 列出账号的带参数二维码，以及每个带来多少用户
help-qrcodes--account = 账号名称
help-qrcodes--json = 输出供程序读取的 JSON
help-retry = 对被拒绝、失败或错过的内容再次请求
help-retry--job = 任务编号
help-retry--why = 说明理由；理由会与操作人一起存储和显示
help-resume = 解除暂停，让任务重新发出
help-resume--account = 账号名称
help-resume--all = 解除所有暂停
help-resume--why = 说明理由；理由会与操作人一起存储和显示
help-hold = 立即停止一个账号或全部账号的发送
help-hold--account = 账号名称
help-hold--all = 暂停所有账号
help-hold--why = 说明理由；理由会与操作人一起存储和显示
help-approve = 放行一个待审核的任务
help-approve--job = 任务编号
help-approve--why = 说明理由；理由会与操作人一起存储和显示
help-approve--until = 系列任务到这个日期为止的各期，包括尚未排入的
help-cancel = 取消一个任务中确定尚未发出的部分
help-cancel--job = 任务编号
help-cancel--why = 说明理由；理由会与操作人一起存储和显示
help-cancel--from = 只取消系列任务从这个日期起的各期
help-reschedule = 把一个任务或系列任务的一期改到其他时间
help-reschedule--job = 任务编号，或系列任务中一期的编号
help-reschedule--to = 时间，例如 "2027-03-13 20:00"，按任务自己的时区，也可带时差
help-reschedule--why = 说明理由；理由会与操作人一起存储和显示
help-again = 以新的编号和时间再安排一次任务
help-again--job = 任务编号，或系列任务中一期的编号
help-again--id = 新任务的编号
help-again--at = 新任务的时间，按原任务的时区，也可带时差
help-again--yes = 即使已有任务会因此推迟或无法发出，也不询问
help-again--yes-long =
    即使已有任务会因此推迟或无法发出，也不询问

    只有在终端上运行时才会询问。
help-again--json = 输出供程序读取的 JSON
help-resolve = 告知一个可能已发出的任务的实际结果
help-resolve--job = 任务编号
help-resolve--sent = 已发出，群发消息编号为此数
help-resolve--not-sent = 没有发出
help-resolve--batch = 只处理这个批次，从 1 算起；否则处理所有结果不明的批次
help-resolve--why = 说明理由；理由会与操作人一起存储和显示
help-ack = 把一个事项从待处理中移除，直到它有新的情况
help-ack--thing = 任务或事项的编号，或被拒绝的文件的名称，与 `status` 显示的一致
help-ack--why = 说明理由；理由会与操作人一起存储和显示
help-alert = 列出已发给相关人员的告警，或测试消息能否送达
help-alert-list = 列出已发给相关人员的告警，最新的在前
help-alert-list--limit = 只列出这么多个
help-alert-list--json = 输出供程序读取的 JSON
help-alert-test = 向每个接收方发送一条测试消息，并说明是否送达
help-alert-test--receiver = 只测试配置中 `alerts` 的这个接收方
help-alert-test--json = 输出供程序读取的 JSON
help-preview = 任务发出之前，把内容发给指定的人预览
help-preview--job = 任务编号
help-preview--to = 发给谁：OpenID（以 `o` 开头的 28 个字符）或微信号；前面加 `openid:` 或 `wxname:` 可以指明是哪一种
help-preview--card-ext = 预览卡券所需的信息，JSON 格式
help-preview--no-wait = 交给守护进程，不等待结果
help-preview--json = 输出供程序读取的 JSON
help-delete = 删除一次已发出的群发
help-delete--job = 已发出的任务的编号
help-delete--article = 只删除这篇文章，从 1 算起；0 表示全部
help-delete--force = 即使无法成功，或会连带删除其他群发，也要请求删除
help-delete--why = 说明理由；理由会与操作人一起存储和显示
help-delete--no-wait = 交给守护进程，不等待结果
help-delete--json = 输出供程序读取的 JSON
help-speed = 查看或设置账号的群发速度
help-speed--account = 账号名称
help-speed--speed = 要设置的速度，0（最快）到 4；不指定时显示当前速度
help-speed--no-wait = 交给守护进程，不等待结果
help-speed--json = 输出供程序读取的 JSON
help-quota = 查看额度的使用情况，登记和更正
help-quota--account = 只显示这个账号
help-quota--json = 输出供程序读取的 JSON
help-quota-record = 登记在别处发出的群发：在公众平台网站上，或由其他程序发出
help-quota-record--account = 账号名称
help-quota-record--at = 发出的时间；不指定时为现在
help-quota-record--at-long =
    发出的时间；不指定时为现在

    可以是日期（2026-11-20）、北京时间（2026-11-20 20:00）或 RFC 3339。过去的日期计入当天和当月，不计入今天。
help-quota-record--count = 在别处一共发出多少次，已经登记的也计算在内
help-quota-record--count-long =
    在别处一共发出多少次，已经登记的也计算在内

    指定 --at 时：当天的次数。不指定时：服务号为本月的次数，不占用今天的每日额度；订阅号为今天的次数。
help-quota-record--none = 在 qunfa 接管账号之前没有发过
help-quota-record--why = 说明理由；理由会与操作人一起存储和显示
help-quota-record--json = 输出供程序读取的 JSON
help-quota-return = 收回一条实际没有占用额度的登记
help-quota-return--entry = 登记的编号，例如 s3 或 c12
help-quota-return--why = 说明理由；理由会与操作人一起存储和显示
help-quota-return--json = 输出供程序读取的 JSON
help-backup = 把数据库备份到一个文件，守护进程可以继续运行
help-backup--file = 要新建的文件；已存在的文件绝不覆盖
help-backup--json = 输出供程序读取的 JSON
help-completions = 输出 shell 的补全脚本
help-completions--shell = shell 的名称
help-man = 输出手册页
help-man--out = 改为把每个命令的手册页写入这个文件夹
help-schema = 输出任务文件的 JSON Schema，供编辑器使用

## help-clap: what clap says of itself in English (src/cli/help/of_clap.rs)

help-clap-usage = 用法：
help-clap-commands = 命令：
help-clap-arguments = 参数：
help-clap-options = 选项：
help-clap-some-options = {"["}选项]
help-clap-a-command = <命令>
help-clap-man-name = 名称
help-clap-man-synopsis = 概要
help-clap-man-description = 说明
help-clap-man-options = 选项
help-clap-man-commands = 命令
help-clap-man-notes = 附注
help-clap-man-version = 版本
help-clap-default = （默认：{ $values }）
help-clap-values = （可选值：{ $values }）
help-clap-variable = （环境变量：{ $values }）
help-clap-help = 显示帮助
help-clap-help-more = 显示帮助（用 '--help' 查看更多）
help-clap-help-less = 显示帮助（用 '-h' 查看摘要）
help-clap-version = 显示版本
help-clap-help-command = 显示本帮助，或指定命令的帮助
help-clap-error = 错误：{ $what }
help-clap-tip-command = 是否想用：{ $meant }
help-clap-tip-option = 是否想用：{ $meant }
help-clap-tip-value = 是否想用：{ $meant }
help-clap-try = 更多信息请用 '--help' 查看。
help-clap-unknown = 没有 “{ $argument }” 这个参数
help-clap-no-command = 没有 “{ $command }” 这个命令
help-clap-missing = 缺少参数：{ $arguments }
help-clap-twice = “{ $argument }” 只能用一次
help-clap-conflict = “{ $argument }” 不能与 “{ $earlier }” 同时使用
help-clap-no-value = “{ $argument }” 需要一个值
help-clap-invalid = “{ $value }” 不能用作 “{ $argument }” 的值
help-clap-invalid-of = “{ $value }” 不能用作 “{ $argument }” 的值（可选值：{ $valid }）
help-clap-refused = “{ $value }” 不能用作 “{ $argument }” 的值：{ $why }
help-clap-too-many = “{ $value }” 是 “{ $argument }” 多余的值
help-clap-too-few = “{ $argument }” 需要 { $needed } 个值
help-clap-not-utf8 = 参数不是有效的 UTF-8
help-clap-range = 须在 { $least } 到 { $most } 之间
help-clap-at-least = 不能小于 { $least }
help-clap-no-number = 不是整数
