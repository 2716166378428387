#!/usr/bin/env bash
# Drives `qunfa sandbox` with public client libraries, only their host changed: what they make they
# also read, list and remove. Beside CI, because it installs them from PyPI and npm.
#
#   tests/sdk/run.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
work=$(mktemp -d)
sandbox=
finish() {
    [ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet 'wechatpy==1.8.18' 'WeRoBot==1.13.1' cryptography
npm install --silent --no-audit --no-fund --prefix "$work" \
    wechat-api@1.35.1 co-wechat-api@3.11.0 node-easywechat@3.6.2 node-socialite@1.4.1

cd "$root"
cargo build --locked --quiet
"${CARGO_TARGET_DIR:-target}/debug/qunfa" sandbox --listen 127.0.0.1:0 --account wxsdk:service:50 \
    >"$work/sandbox.log" 2>&1 &
sandbox=$!
address=
while [ -z "$address" ]; do
    kill -0 "$sandbox" || { cat "$work/sandbox.log"; exit 1; }
    address=$(grep -om1 '127\.0\.0\.1:[0-9]*' "$work/sandbox.log" || true)
    sleep 0.1
done
export QUNFA_SANDBOX="http://$address"
"$work/python/bin/python" "$here/client.py"
# One of them keeps its tokens in a file where it runs.
cd "$work"
NODE_PATH="$work/node_modules" node "$here/client.js"
