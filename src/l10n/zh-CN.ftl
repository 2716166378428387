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

## status: `qunfa status`

## plan: `plan`, `check`, `submit`, the forecast

## show: `qunfa show`

## doctor: `init`, `doctor`, `config check`

