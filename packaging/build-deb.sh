#!/bin/sh
# Builds the Debian package: packaging/build-deb.sh [PROFILE]. Needs cargo-deb. The result is in
# target/debian.
set -eu
cd "$(dirname "$0")/.."
profile=${1:-release}
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi

cargo build --locked --profile "$profile"
staged=target/package
binary=target/$folder/qunfa
mkdir -p "$staged/man" "$staged/man-zh_CN" "$staged/completions" "$staged/sysusers.d" "$staged/tmpfiles.d"
sed 's|/usr/local/bin/qunfa|/usr/bin/qunfa|' systemd/qunfa.service >"$staged/qunfa.service"
cp systemd/qunfa.sysusers "$staged/sysusers.d/qunfa.conf"
cp systemd/qunfa.tmpfiles "$staged/tmpfiles.d/qunfa.conf"
"$binary" --lang en man --out "$staged/man"
"$binary" --lang zh-CN man --out "$staged/man-zh_CN"
for shell in bash zsh fish; do "$binary" completions $shell >"$staged/completions/$shell"; done
cp "$binary" "$staged/qunfa"
# The slow compression is for packages that are published.
if [ "$profile" = release ]; then cargo deb --locked --no-build; else cargo deb --locked --no-build --fast; fi
