#!/usr/bin/env bash
# Drives the tools for agents with the Python SDK of MCP, over stdin and stdout and over HTTP, in both of
# the protocol's ways to begin; and lets a person approve what was submitted. Beside CI, because it installs
# the SDK from PyPI.
#
#   tests/mcp/run.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
work=$(mktemp -d)
started=()
finish() {
    [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT

python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet 'mcp==2.3.0'

cd "$root"
if [ -z "${QUNFA:-}" ]; then
    cargo build --locked --quiet
    QUNFA=$(realpath "${CARGO_TARGET_DIR:-target}/debug/qunfa")
fi
export QUNFA QUNFA_CONFIG=$work/config.yaml QUNFA_TOKEN SECRET=any
cd "$work"
"$QUNFA" sandbox --listen 127.0.0.1:0 --account wx0123456789abcdef:service:50 >sandbox.log 2>&1 &
started+=($!)
address=
while [ -z "$address" ]; do
    kill -0 "${started[0]}" || { cat sandbox.log; exit 1; }
    address=$(grep -om1 '127\.0\.0\.1:[0-9]*' sandbox.log || true)
    sleep 0.1
done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$QUNFA" token robot --json >token.json
QUNFA_TOKEN=$(python3 -c 'import json; print(json.load(open("token.json"))["token"])')
cat >"$QUNFA_CONFIG" <<END
state_dir: state
inbox: inbox
console: { listen: 127.0.0.1:$port }
users:
  - name: robot
    role: editor
    token_hash: $(python3 -c 'import json; print(json.load(open("token.json"))["token_hash"])')
accounts:
  brand-club:
    kind: service
    appid: wx0123456789abcdef
    secret_env: SECRET
    api_base: http://$address
END
"$QUNFA" run 2>run.log &
started+=($!)
"$work/python/bin/python" "$here/client.py" "http://127.0.0.1:$port/mcp" || { cat run.log; exit 1; }
