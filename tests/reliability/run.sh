#!/usr/bin/env bash
# Runs every measurement of this folder, one after the other; each prints one line.
#
#   run.sh [small|full]
#
# `small` takes about half an hour on two cores, `full` most of a day. QUNFA names another binary than the
# release build. Ends with 1 if a claim does not hold; what cannot be measured here says so.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
size=${1:-small}
case $size in small | full) ;; *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
if [ -z "${QUNFA:-}" ]; then
    (cd "$here/../.." && cargo build --release --locked --quiet) || exit 2
    QUNFA=${CARGO_TARGET_DIR:-$here/../../target}/release/qunfa
fi
QUNFA=$(realpath "$QUNFA")
export QUNFA
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

held=0
measure() {
    local name=$1 began=$SECONDS code
    shift
    "$@" 2>"$errors"
    code=$?
    # 77: it cannot be measured here, and its line says why.
    if [ "$code" != 0 ] && [ "$code" != 77 ]; then
        held=1
        sed "s/^/    /" "$errors" >&2
        [ "$code" = 1 ] || echo "$name: ended with $code"
    fi
    echo "    $name took $((SECONDS - began)) s" >&2
}
for name in race faults listener clocks two kill readonly soak; do
    measure "$name" python3 "$here/$name.py" "$size"
done
measure unit "$here/unit.sh" "$size"
exit "$held"
