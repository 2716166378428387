#!/usr/bin/env bash
# The unit of systemd/, installed as docs/install.md has it and booted under a real systemd.
#
# A scratch root of the host's release, with its own /etc, /var, /run and /tmp, is booted twice by
# systemd-nspawn, without a network; the sandbox runs beside the daemon in it. Nothing of the host is
# mounted into it. Claims: see CHECKS below; each is a line, and the last line sums up.
#
#   unit.sh [small|full]       as root; needs systemd-container and debootstrap
#
# QUNFA names another binary, QUNFA_UNIT_ROOT a root that debootstrap made before (it is copied).
# `full` also waits for the watchdog, which takes a minute.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
size=${1:-small}

cannot() {
    echo "unit: cannot be measured here: $1"
    exit 77
}
[ "$(id -u)" = 0 ] || cannot "it must be run as root"
command -v systemd-nspawn >/dev/null || cannot "systemd-nspawn is not installed (systemd-container)"

binary=${QUNFA:-}
if [ -z "$binary" ]; then
    (cd "$tree" && cargo build --release --locked --quiet)
    binary=${CARGO_TARGET_DIR:-$tree/target}/release/qunfa
fi

work=$(mktemp -d /var/tmp/qunfa-unit.XXXXXX)
root=$work/root
# What is still mounted belongs to somebody: nothing is removed through a mount.
clean() {
    if grep -qF " $work" /proc/self/mountinfo; then
        echo "unit: $work is left: something is mounted in it" >&2
    else
        rm -rf --one-file-system "$work"
    fi
}
trap clean EXIT

if [ -n "${QUNFA_UNIT_ROOT:-}" ]; then
    cp -a --reflink=auto "$QUNFA_UNIT_ROOT" "$root"
else
    command -v debootstrap >/dev/null || cannot "debootstrap is not installed"
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus "$release" "$root" >"$work/log" 2>&1 ||
        cannot "debootstrap failed: $(tail -n 1 "$work/log")"
fi

install -Dm755 "$binary" "$root/usr/local/bin/qunfa"
install -Dm644 "$tree/systemd/qunfa.service" "$root/etc/systemd/system/qunfa.service"
install -Dm644 "$tree/systemd/qunfa.sysusers" "$root/etc/sysusers.d/qunfa.conf"
install -Dm644 "$tree/systemd/qunfa.tmpfiles" "$root/etc/tmpfiles.d/qunfa.conf"
install -dm755 "$root/etc/qunfa"
cat >"$root/etc/qunfa/config.yaml" <<'CONFIG'
state_dir: /var/lib/qunfa
inbox: /var/spool/qunfa
listen: 127.0.0.1:8071
accounts:
  brand-daily:
    kind: service
    appid: wx0123456789abcdef
    secret_file: ${CREDENTIALS_DIRECTORY}/qunfa_brand-daily.secret
    api_base: http://127.0.0.1:8072
  # The sandbox counts anew after each boot: what is sent then is another account's.
  brand-club:
    kind: service
    appid: wxfedcba9876543210
    secret_file: ${CREDENTIALS_DIRECTORY}/qunfa_brand-daily.secret
    api_base: http://127.0.0.1:8072
CONFIG
cat >"$root/etc/systemd/system/sandbox.service" <<'UNIT'
[Service]
ExecStart=/usr/local/bin/qunfa sandbox --listen 127.0.0.1:8072
DynamicUser=yes
UNIT
cat >"$root/etc/systemd/system/checks.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
ExecStart=/checks
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../checks.service "$root/etc/systemd/system/multi-user.target.wants/checks.service"
echo "$size" >"$root/size"

# CHECKS: what is claimed. It runs inside, once after each boot.
cat >"$root/checks" <<'CHECKS'
#!/bin/bash
exec 2>>/checks.err
set -x
trap 'systemctl poweroff --no-block' EXIT
say() { echo "$1 $2" >>/result; }
check() { if "${@:2}"; then say ok "$1"; else say no "$1"; fi; }
wait_for() { for ((i = 0; i < $1 * 5; i++)); do "${@:2}" >/dev/null && return; sleep 0.2; done; return 1; }
own() { runuser -u qunfa -- qunfa "$@"; }
state() { own show "$1" --json | grep -o '"state": *"[a-z]*"' | head -n 1 | grep -o '[a-z]*"$' | tr -d '"'; }
is() { [ "$(state "$1")" = "$2" ]; }
taken() {
    exec 3<>/dev/tcp/127.0.0.1/8072
    printf 'GET /sandbox/accepted HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
    cat <&3 | grep -o '"msg_id"' | wc -l
}
shows() { systemctl show -P "$1" qunfa; }
active() { [ "$(shows ActiveState)" = active ]; }
made() { [ "$(stat -c '%U %G %a' "$1")" = "$2" ]; }
job() {
    local file=/home/anne/$1.yaml
    printf 'jobs:\n  - id: %s\n    account: %s\n    at: %s\n    broadcast: { filter: { tag_id: 2 }, text: %s }\n...\n' \
        "$1" "${3:-brand-daily}" "$(date -u -d "+$2 seconds" +%FT%TZ)" "$1" >"$file"
    chmod 644 "$file"
    runuser -u anne -- cp "$file" /var/spool/qunfa/
}
known() { own show "$1"; }
restarted() { [ "$(shows NRestarts)" -gt "$before" ] && active; }

if [ ! -e /booted ]; then
    touch /booted
    for made in '/var/lib/qunfa qunfa qunfa 700' '/var/spool/qunfa qunfa qunfa-submit 3730' \
        '/var/spool/qunfa/accepted qunfa qunfa-submit 2710' '/etc/qunfa/credentials root root 700'; do
        check "the boot made $made" made "${made%% *}" "${made#* }"
    done
    useradd -mG qunfa-submit anne
    (umask 077 && echo a-secret >/etc/qunfa/credentials/brand-daily.secret)
    systemctl start sandbox
    check 'systemctl start returns once jobs can be released' systemctl enable --now qunfa
    check 'the unit is active' active
    job spring 2
    check 'a job of the group is sent' wait_for 120 is spring sent
    check 'one of nobody is not taken' bash -c '! runuser -u nobody -- cp /home/anne/spring.yaml /var/spool/qunfa/other.yaml'
    check 'the group cannot list the inbox' bash -c '! runuser -u anne -- ls /var/spool/qunfa'
    check 'the group cannot read the database' bash -c '! runuser -u anne -- cat /var/lib/qunfa/qunfa.db'
    check 'the secret is nowhere in the journal' bash -c '! journalctl | grep -q a-secret'

    before=$(shows NRestarts)
    job killed 20
    wait_for 60 known killed
    systemctl kill --signal=KILL qunfa
    check 'it is started again after SIGKILL' wait_for 120 restarted
    check 'the job of that time is sent' wait_for 300 is killed sent

    if [ "$(cat /size)" = full ]; then
        before=$(shows NRestarts)
        systemctl kill --signal=STOP qunfa
        check 'the watchdog starts it again when it stands still' wait_for 300 restarted
    fi

    check 'systemctl stop ends it in order' systemctl stop qunfa
    check 'and with exit code 0' [ "$(shows ExecMainStatus)" = 0 ]
    mv /etc/qunfa/config.yaml /etc/qunfa/config.good
    echo 'state_dir: [' >/etc/qunfa/config.yaml
    before=$(shows NRestarts)
    check 'a damaged config fails the start' bash -c '! systemctl start qunfa'
    check 'with exit code 3' [ "$(shows ExecMainStatus)" = 3 ]
    sleep 15
    check 'after which it is not started again' [ "$(shows NRestarts)" = 0 ]
    mv /etc/qunfa/config.good /etc/qunfa/config.yaml
    systemctl reset-failed qunfa
    check 'it starts with the config put right' systemctl start qunfa
    job reboot 90 brand-club
    check 'the last job is known before the machine goes down' wait_for 60 known reboot
    check 'two jobs made two broadcasts' [ "$(taken)" = 2 ]
else
    systemctl start sandbox
    check 'it is started by the next boot' wait_for 120 active
    check 'the job planned before it is sent' wait_for 300 is reboot sent
    check 'once' [ "$(taken)" = 1 ]
    score=$(systemd-analyze security --no-pager qunfa | tail -n 1 | grep -o '[0-9][0-9.]* [A-Z]*')
    say ok "systemd-analyze security of the loaded unit says $score"
fi
say ok "boot $(cat /proc/sys/kernel/random/boot_id | cut -c1-8) ended"
CHECKS
chmod 755 "$root/checks"

boot() {
    timeout -k 30 1200 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit \
        --private-network --console=pipe >"$work/console" 2>&1 </dev/null || true
    grep -q "ended$" "$root/result" 2>/dev/null || cannot "the root did not boot: $(tail -n 3 "$work/console" | tr '\n' ' ')"
}
boot
boot
good=$(grep -c '^ok' "$root/result") || true
bad=$(grep -c '^no' "$root/result") || true
boots=$(grep -c 'ended$' "$root/result") || true
version=$(chroot "$root" systemctl --version | head -n 1)
if [ "$bad" = 0 ] && [ "$boots" = 2 ]; then
    echo "unit: holds: $((good - boots)) claims under $version in $boots boots; $(grep -o 'systemd-analyze.*' "$root/result")"
else
    cat "$root/result" >&2
    tail -n 40 "$root/checks.err" >&2
    journalctl --no-pager --directory="$root/var/log/journal" -u qunfa 2>/dev/null | tail -n 40 >&2 || true
    echo "unit: DOES NOT HOLD: $bad of $((good + bad - boots)) claims fail under $version"
    exit 1
fi
