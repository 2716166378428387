#!/usr/bin/env bash
# Installs, upgrades, removes and purges the Debian package in a scratch Debian: tests/package/run.sh [DEB].
# Needs root, debootstrap and, the first time, a Debian mirror: the empty Debian is kept in target/debian-root.tar.
set -euo pipefail
cd "$(dirname "$0")/../.."
debs=(target/debian/qunfa_*.deb)
deb=$(realpath "${1:-${debs[0]}}")
kept=${CARGO_TARGET_DIR:-target}/debian-root.tar

root=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null; rm -rf --one-file-system "$root" "$root".*' EXIT
fail() { echo "failed: $*" >&2; exit 1; }
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
as() { # USER COMMAND
    inside su -s /bin/sh "$1" -c "$2"
}
is() { # MODE OWNER PATH
    local found
    found=$(inside stat -c '%a %U:%G' "$3")
    [ "$found" = "$1 $2" ] || fail "$3 is $found and not $1 $2"
}
files() { # what is in the Debian, but for the package manager's own records and what people made
    (cd "$root" && find . -path ./proc -prune -o -print) | LC_ALL=C sort |
        grep -vE '^\./(var/(lib/dpkg|log|cache|lib/systemd/deb-systemd)|tmp|home|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$)' || true
}
version() { # VERSION: makes the same package with another version
    local folder=$root.deb
    rm -rf "$folder"
    dpkg-deb -R "$deb" "$folder"
    sed -i "s/^Version: .*/Version: $1/" "$folder/DEBIAN/control"
    dpkg-deb -b -Znone "$folder" "$root/qunfa-$1.deb" >/dev/null
}

if ! [ -e "$kept" ]; then
    debootstrap --variant=minbase --include=systemd,ca-certificates,tzdata bookworm "$root.new" >"$root.log" 2>&1 ||
        { tail "$root.log"; echo "no Debian can be made: the package is not tested" >&2; exit 77; }
    tar -C "$root.new" -cf "$kept.part" .
    mv "$kept.part" "$kept"
fi
tar -C "$root" -xf "$kept"
chmod 755 "$root"
mount -t proc proc "$root/proc" || { echo "no mount is allowed: the package is not tested" >&2; exit 77; }
version 0.0.1-1
cp "$deb" "$root/qunfa.deb"
inside useradd --create-home anne
files >"$root.before"

echo "== install"
inside dpkg -i /qunfa-0.0.1-1.deb
is 700 qunfa:qunfa /var/lib/qunfa
is 3730 qunfa:qunfa-submit /var/spool/qunfa
is 2710 qunfa:qunfa-submit /var/spool/qunfa/accepted
is 700 root:root /etc/qunfa/credentials
inside qunfa --version
for page in man1 zh_CN/man1; do
    for name in qunfa qunfa-submit; do
        [ -e "$root/usr/share/man/$page/$name.1.gz" ] || fail "there is no manual page $page/$name"
    done
done
zcat "$root/usr/share/man/zh_CN/man1/qunfa.1.gz" | grep -q 群发 || fail "the Chinese manual page is not Chinese"
[ -e "$root/usr/share/bash-completion/completions/qunfa" ] || fail "there is no completion"
[ -e "$root/usr/share/doc/qunfa/copyright" ] || fail "there is no licence"
grep -q '^ExecStart=/usr/bin/qunfa run' "$root"/{usr/,}lib/systemd/system/qunfa.service 2>/dev/null ||
    fail "the unit's binary"
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/qunfa.service" ] || fail "it starts without a config"

echo "== a member of qunfa-submit submits and reads the receipt"
cat >"$root/etc/qunfa/config.yaml" <<'YAML'
state_dir: /var/lib/qunfa
inbox: /var/spool/qunfa
accounts:
  club: { kind: service, appid: wxfedcba9876543210, secret_env: SECRET, api_base: "http://127.0.0.1:9" }
YAML
job() { # ID
    cat >"$root/tmp/$1.yaml" <<YAML
jobs:
  - id: $1
    account: club
    at: 2099-03-20 20:00
    broadcast: { filter: { is_to_all: true }, text: 春 }
YAML
}
start() {
    as qunfa 'echo $$ >/var/lib/qunfa/pid; SECRET=x exec qunfa run' >"$root.log" 2>&1 &
}
stop() {
    kill "$(cat "$root/var/lib/qunfa/pid")"
    wait
}
jobs() { as qunfa 'SECRET=x qunfa jobs --json'; }
until_true() { # COMMAND
    for _ in $(seq 300); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    cat "$root.log"
    fail "never true: $*"
}

inside usermod --append --groups qunfa-submit anne
job spring
start
until_true as qunfa 'qunfa status --json | grep -q "\"running\": *true"'
as anne 'umask 027; cp /tmp/spring.yaml /var/spool/qunfa/'
until_true as anne 'cat /var/spool/qunfa/accepted/spring.yaml'
as anne 'cat /var/spool/qunfa/accepted/spring.yaml.receipt.json' | grep -q spring || fail "anne cannot read the receipt"
job summer
as anne 'umask 027; qunfa submit --json /tmp/summer.yaml' | grep -q '"state": *"taken"' || fail "anne cannot submit"
mkdir -p "$root/tmp/autumn/pictures"
sed 's/spring/autumn/' "$root/tmp/spring.yaml" >"$root/tmp/autumn/job.yaml"
chmod -R a+rX "$root/tmp/autumn"
as anne 'umask 077; qunfa submit --json /tmp/autumn' | grep -q '"state": *"taken"' ||
    fail "anne cannot submit a folder with a umask of 077"
printf 'jobs: 7\n...\n' >"$root/tmp/bad.yaml"
chmod 644 "$root/tmp/bad.yaml"
as anne 'umask 027; cp /tmp/bad.yaml /var/spool/qunfa/'
until_true as anne 'cat /var/spool/qunfa/rejected/bad.yaml.error.txt'
as anne 'ls /var/spool/qunfa' 2>/dev/null && fail "the inbox can be listed"
as anne 'qunfa status' 2>/dev/null && fail "a member can read the database"
as anne 'ls /var/lib/qunfa' 2>/dev/null && fail "the database can be looked for"
as anne 'rm -f /var/spool/qunfa/accepted/spring.yaml' 2>/dev/null && fail "a member can take files back"
inside useradd bob
as bob 'cat /var/spool/qunfa/accepted/spring.yaml.receipt.json' 2>/dev/null && fail "anybody can read receipts"
as bob 'cp /tmp/spring.yaml /var/spool/qunfa/other.yaml' 2>/dev/null && fail "anybody can submit"
stop
jobs | grep -q '"spring"' || fail "the job was not taken"

echo "== upgrade with data"
before=$(jobs)
inside dpkg -i /qunfa.deb
[ "$(jobs)" = "$before" ] || fail "an upgrade changed the jobs"
[ -s "$root/etc/qunfa/config.yaml" ] || fail "an upgrade lost the config"
is 700 qunfa:qunfa /var/lib/qunfa
start
until_true as qunfa 'qunfa status --json | grep -q "\"running\": *true"'
stop

echo "== remove and purge"
inside dpkg -r qunfa
[ -e "$root/var/lib/qunfa/qunfa.db" ] || fail "the database is gone"
was=$(cd "$root" && find var/lib/qunfa var/spool/qunfa etc/qunfa -type f -exec sha256sum {} +)
inside dpkg -P qunfa </dev/null
now=$(cd "$root" && find var/lib/qunfa var/spool/qunfa etc/qunfa -type f -exec sha256sum {} +)
[ "$now" = "$was" ] || fail "a purge changed what is not the package's own"
files >"$root.after"
left=$(comm -13 "$root.before" "$root.after" | grep -vE '^\./(etc|var/lib|var/spool)/qunfa(/|$)' || true)
[ -z "$left" ] || fail "a purge left: $left"
gone=$(comm -23 "$root.before" "$root.after")
[ -z "$gone" ] || fail "a purge removed: $gone"

echo "== purge without data"
rm -rf "$root/etc/qunfa" "$root/var/lib/qunfa" "$root/var/spool/qunfa"
inside dpkg -i /qunfa.deb >/dev/null
inside dpkg -P qunfa </dev/null
for folder in etc/qunfa var/lib/qunfa var/spool/qunfa; do
    [ ! -e "$root/$folder" ] || fail "a purge left the empty /$folder"
done
echo "the package is installed, upgraded with its data, removed and purged as it should be"
