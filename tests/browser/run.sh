#!/usr/bin/env bash
# Opens every page of the console in a real browser: both languages, both themes, three widths. Fails on a
# serious finding of axe-core, a page wider than its window, an error in the browser's console (a breach
# of the CSP is one), or a script of a job that runs. Screenshots are kept in target/screenshots.
#
#   tests/browser/run.sh
#
# Needs chromium, chromedriver, Python's selenium (of Debian), curl and the network: as root, the first three are
# installed where they are missing. Without them it ends with 77.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
axe=axe-core-4.14.1
axe_sha512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5

if ! { command -v chromium && command -v chromedriver && /usr/bin/python3 -c 'import selenium'; } >/dev/null 2>&1; then
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        chromium chromium-driver python3-selenium fonts-noto-cjk; } ||
        { echo "no browser can be installed: the pages are not tested" >&2; exit 77; }
fi

work=$(mktemp -d)
started=()
finish() {
    [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT

curl -fsS --retry 3 -o "$work/axe.tgz" "https://registry.npmjs.org/axe-core/-/$axe.tgz" ||
    { echo "axe-core cannot be fetched: the pages are not tested" >&2; exit 77; }
echo "$axe_sha512  $work/axe.tgz" | sha512sum --check --quiet
tar -xzf "$work/axe.tgz" -C "$work" package/axe.min.js

cd "$root"
if [ -z "${QUNFA:-}" ]; then
    cargo build --locked --quiet
    QUNFA=$(realpath "${CARGO_TARGET_DIR:-target}/debug/qunfa")
fi
mkdir -p "${CARGO_TARGET_DIR:-target}/screenshots"
export SCREENSHOTS AXE=$work/package/axe.min.js QUNFA QUNFA_CONFIG=$work/config.yaml SECRET=any
SCREENSHOTS=$(realpath "${CARGO_TARGET_DIR:-target}/screenshots")
cp "$here"/*.yaml "$work"
cd "$work"
: >sandbox.log
"$QUNFA" sandbox --listen 127.0.0.1:0 --account wx0123456789abcdef:service:5000 \
    --account wx1123456789abcdef:subscription:5000 >sandbox.log 2>&1 &
started+=($!)
address=
while [ -z "$address" ]; do
    kill -0 "${started[0]}" || { cat sandbox.log; exit 1; }
    address=$(grep -om1 '127\.0\.0\.1:[0-9]*' sandbox.log || true)
    sleep 0.1
done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'correct horse battery\n' >password
chmod 600 password
hash=$("$QUNFA" token anne --password-file password --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["password_hash"])')
cat >"$QUNFA_CONFIG" <<END
state_dir: state
inbox: inbox
console: { listen: 127.0.0.1:$port }
users:
  - { name: anne, role: operator, password_hash: "$hash" }
accounts:
  brand-club:
    kind: service
    appid: wx0123456789abcdef
    secret_env: SECRET
    api_base: http://$address
  brand-daily:
    kind: subscription
    appid: wx1123456789abcdef
    secret_env: SECRET
    api_base: http://$address
END
"$QUNFA" run 2>run.log &
started+=($!)
/usr/bin/python3 "$here/console.py" "http://127.0.0.1:$port" || { tail -n 40 run.log; exit 1; }
