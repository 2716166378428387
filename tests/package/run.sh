#!/usr/bin/env bash
# Installs, upgrades and removes the Debian package in a scratch Debian: tests/package/run.sh DEB.
# Needs root, debootstrap and a Debian mirror. It takes about three minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
deb=$(realpath "$1")

root=$(mktemp -d)
chmod 755 "$root"
trap 'umount "$root/proc" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT
fail() { echo "failed: $*" >&2; exit 1; }
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
is() { # MODE OWNER PATH
    local found
    found=$(inside stat -c '%a %U:%G' "$3")
    [ "$found" = "$1 $2" ] || fail "$3 is $found and not $1 $2"
}

debootstrap --variant=minbase --include=systemd,ca-certificates,tzdata bookworm "$root" >"$root.log" 2>&1 ||
    { tail "$root.log"; fail debootstrap; }
mount -t proc proc "$root/proc"

echo "== install"
cp "$deb" "$root/qunfa.deb"
inside dpkg -i /qunfa.deb
is 700 qunfa:qunfa /var/lib/qunfa
is 3730 qunfa:qunfa-submit /var/spool/qunfa
is 2710 qunfa:qunfa-submit /var/spool/qunfa/accepted
is 700 root:root /etc/qunfa/credentials
inside qunfa --version
[ -e "$root/usr/share/man/man1/qunfa.1.gz" ] || fail "there is no manual page"
[ -e "$root/usr/share/man/zh_CN/man1/qunfa.1.gz" ] || fail "there is no Chinese manual page"
[ -e "$root/usr/share/bash-completion/completions/qunfa" ] || fail "there is no completion"
grep -q '^ExecStart=/usr/bin/qunfa run' "$root/lib/systemd/system/qunfa.service" || fail "the unit's binary"
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/qunfa.service" ] || fail "it starts without a config"

echo "== a member of qunfa-submit submits and reads the receipt"
cat >"$root/etc/qunfa/config.yaml" <<'YAML'
state_dir: /var/lib/qunfa
inbox: /var/spool/qunfa
accounts:
  club: { kind: service, appid: wxfedcba9876543210, secret_env: SECRET, api_base: "http://127.0.0.1:9" }
YAML
inside useradd --groups qunfa-submit anne
cat >"$root/tmp/spring.yaml" <<'YAML'
jobs:
  - id: spring
    account: club
    at: 2099-03-20 20:00
    broadcast: { filter: { is_to_all: true }, text: 春 }
YAML
inside su anne -c 'umask 027; cp /tmp/spring.yaml /var/spool/qunfa/'
run_daemon() {
    inside su -s /bin/sh qunfa -c 'SECRET=x timeout 60 qunfa run' >"$root/log" 2>&1 &
    for _ in $(seq 600); do
        if inside su anne -c 'cat /var/spool/qunfa/accepted/spring.yaml' >/dev/null 2>&1; then break; fi
        sleep 0.1
    done
    inside pkill -TERM -x qunfa || true
    wait || true
}
inside apt-get install -qy procps >/dev/null
run_daemon
inside su anne -c 'cat /var/spool/qunfa/accepted/spring.yaml.receipt.json' | grep -q spring ||
    { cat "$root/log"; fail "anne cannot read the receipt"; }
inside su anne -c 'ls /var/spool/qunfa' 2>/dev/null && fail "the inbox can be listed"
jobs() { inside su -s /bin/sh qunfa -c 'SECRET=x qunfa jobs --json'; }
jobs | grep -q '"spring"' || fail "the job was not taken"

echo "== upgrade with data"
inside dpkg -i /qunfa.deb
jobs | grep -q '"spring"' || fail "an upgrade lost the job"
[ -s "$root/etc/qunfa/config.yaml" ] || fail "an upgrade lost the config"

echo "== remove and purge"
inside dpkg -r qunfa
[ -e "$root/var/lib/qunfa/qunfa.db" ] || fail "the database is gone"
inside dpkg -P qunfa </dev/null
[ -e "$root/var/lib/qunfa/qunfa.db" ] || fail "a purge removed the database"
[ -e "$root/etc/qunfa/config.yaml" ] || fail "a purge removed the operator's config"
[ ! -e "$root/usr/bin/qunfa" ] || fail "the binary is left"
[ ! -e "$root/usr/lib/sysusers.d/qunfa.conf" ] || fail "sysusers.d is left"
echo "the package is installed, upgraded with its data and removed as it should be"
