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

## api: the HTTP API and its client (src/server, `token`, `--server`)

api-unauthorized = 没有用户持有此令牌；请发送 `Authorization: Bearer TOKEN`
api-too-many-attempts = 此地址的错误令牌过多；请一分钟后再试
api-role = 此操作需要角色 { $role }
api-all-accounts = 此内容涉及全部账号，而该用户只能查看部分账号
api-name-account = 该用户只能查看部分账号：请用 `account` 指定其中一个
api-no-path = 此路径不存在；/api/v1/openapi.json 列出全部路径
api-method = 此路径不接受该方法；/api/v1/openapi.json 列出可用的方法
api-no-job = 没有此 ID 的任务
api-no-account = 没有此账号
api-no-file = 没有提交过此名称的文件
api-parameter = 参数 { $name } 缺失、未知、重复，或不是 1000 个字符以内的普通文本
api-body = 请求正文必须是 JSON 对象，其值为文本、数字、true 或 false
api-too-large = 请求正文超过此处接受的大小
api-busy = 服务器繁忙；请几秒后再试
api-too-long = 结果过长；请缩小范围，例如使用 `limit`
api-id-taken = ID { $id } 已被占用：请换一个
api-token = { $name } 的令牌，只显示这一次：
api-token-config = 将下面内容加入配置的 `users:`，选择角色，然后重启守护进程：
api-token-name = { $name } 不能作为用户名：请写 1 到 64 个字母、数字或 . _ @ -
api-client-token = --server 需要 --token-file
api-client-token-unreadable = 无法读取令牌文件 { $path }：{ $error }
api-client-token-empty = 令牌文件 { $path } 中没有令牌
api-client-url = { $url } 不是服务器地址：请写 https://HOST；http:// 只用于本机
api-client-none = { $command } 不能在服务器上运行；请登录服务器后运行
api-client-option = 服务器不接受 --{ $option }；请去掉
api-client-one-file = 服务器一次只接受一个任务文件
api-client-file = 无法读取 { $path }：{ $error }
api-client-failed = 服务器 { $url } 没有应答：{ $error }
api-client-refused = 服务器拒绝（{ $status }）：{ $detail }
help-token = 打印 HTTP API 的新令牌，以及要写入配置的内容
help-token--name = 用户名
help--server = 在此地址的服务器上运行命令
help--token-file = 存放服务器令牌的文件

## cli: the commands

## status: `qunfa status`

## plan: `plan`, `check`, `submit`, the forecast

## show: `qunfa show`

## doctor: `init`, `doctor`, `config check`

