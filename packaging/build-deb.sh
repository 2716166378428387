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
binary=${CARGO_TARGET_DIR:-target}/$folder/qunfa
# What an earlier version staged must not be packaged.
rm -rf "$PWD/$staged"
mkdir -p "$staged/man" "$staged/man-zh_CN" "$staged/completions" "$staged/sysusers.d" "$staged/tmpfiles.d"
sed 's|/usr/local/bin/qunfa|/usr/bin/qunfa|' systemd/qunfa.service >"$staged/qunfa.service"
cp systemd/qunfa.sysusers "$staged/sysusers.d/qunfa.conf"
cp systemd/qunfa.tmpfiles "$staged/tmpfiles.d/qunfa.conf"
"$binary" --lang en man --out "$staged/man"
"$binary" --lang zh-CN man --out "$staged/man-zh_CN"
for shell in bash zsh fish; do "$binary" completions $shell >"$staged/completions/$shell"; done
cp "$binary" "$staged/qunfa"
rm -rf "$PWD/target/debian"
# The slow compression is for packages that are published.
fast=--fast
if [ "$profile" = release ]; then fast=; fi
# shellcheck disable=SC2086 # none, or one word
cargo deb --locked --no-build $fast --output "$PWD/target/debian/"
