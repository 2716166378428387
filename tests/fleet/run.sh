#!/usr/bin/env bash
# Two daemons on one PostgreSQL: kills, pauses and outages, counted by the sandbox.
#
#   run.sh [SCENARIO…]
#
# It needs PostgreSQL's server programs (Debian: apt-get install postgresql) and Python. It makes a cluster
# of its own in a scratch folder, on a free port, as user postgres if it runs as root. QUNFA names another
# binary than the release build. Ends with 1 if a claim does not hold.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${QUNFA:-}" ]; then
    (cd "$here/../.." && cargo build --release --locked --quiet)
    QUNFA=${CARGO_TARGET_DIR:-$here/../../target}/release/qunfa
fi
QUNFA=$(realpath "$QUNFA")
export QUNFA PYTHONDONTWRITEBYTECODE=1
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
export POSTGRES=${POSTGRES:-$programs}
if [ ! -x "$POSTGRES/initdb" ]; then
    echo "PostgreSQL's server is missing: apt-get install postgresql" >&2
    exit 1
fi
exec python3 "$here/fleet.py" "$@"
