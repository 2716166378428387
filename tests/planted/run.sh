#!/bin/sh
# Plants each design bug of this folder into a copy of the tree, and shows that the simulation, and
# nothing but the simulation, finds it within a minute. Ends with 1 if it misses one.
#
#   tests/planted/run.sh [NAME.patch …]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR="${PLANTED_TARGET_DIR:-$work/target}" RUST_BACKTRACE=0

[ $# -gt 0 ] || set -- "$here"/*.patch
missed=0
printf '%-32s %6s  %s\n' planted after found
for patch in "$@"; do
    name=$(basename "$patch" .patch)
    rm -rf "$work/tree" && mkdir "$work/tree"
    (cd "$root" && git ls-files -z | tar --null --files-from=- -cf -) | tar -xf - -C "$work/tree"
    (cd "$work/tree" && patch -p1 --silent < "$here/$name.patch")
    if ! binary=$(cd "$work/tree" && cargo test --quiet --test it --no-run --message-format=json 2> "$work/build" \
        | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -1) || [ -z "$binary" ]; then
        cat "$work/build"
        exit 2
    fi
    begun=$(date +%s)
    : > "$work/log"
    timeout 60 "$binary" simulation::nothing --nocapture > "$work/log" 2>&1 &
    run=$!
    while kill -0 "$run" 2> /dev/null && ! grep -aq '^seed [0-9]* failed\|overflowed' "$work/log"; do
        sleep 0.2
    done
    kill "$run" 2> /dev/null || true
    wait "$run" 2> /dev/null || true
    took=$(($(date +%s) - begun))
    seed=$(sed -n 's/^\(seed [0-9]*\) failed.*/\1/p' "$work/log" | head -1)
    what=$(grep -a -A1 'panicked at' "$work/log" | grep -av 'panicked at\|^--' | head -1 | cut -c1-90)
    if [ -n "$what" ]; then
        printf '%-32s %4d s  %s: %s\n' "$name" "$took" "${seed:-?}" "$what"
    else
        printf '%-32s %4d s  NOT FOUND\n' "$name" "$took"
        missed=1
    fi
done
exit "$missed"
