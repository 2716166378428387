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
api-id-taken = the id { $id } is taken: give the job another one
api-token = The token of { $name }, which is shown this once:
api-token-config = Add this to `users:` in the config, choose the role, and restart the daemon:
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

## status: `qunfa status`

## plan: `plan`, `check`, `submit`, the forecast

## show: `qunfa show`

## doctor: `init`, `doctor`, `config check`

