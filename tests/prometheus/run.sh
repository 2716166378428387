#!/usr/bin/env bash
# Checks the metrics and the alert rules with promtool. `cargo test` does the same where promtool is
# installed, and skips it elsewhere; this demands it.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v promtool >/dev/null; then
    echo "promtool is missing: apt-get install prometheus" >&2
    exit 1
fi
cargo test --locked --test it -- prometheus
