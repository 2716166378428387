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

