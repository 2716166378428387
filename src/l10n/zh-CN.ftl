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

## status: `qunfa status`

## plan: `plan`, `check`, `submit`, the forecast

## show: `qunfa show`

## doctor: `init`, `doctor`, `config check`


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
