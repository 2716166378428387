#!/bin/sh
# Builds a binary that needs nothing of the machine it runs on, and shows that it runs:
# packaging/static.sh [PROFILE]. Needs rustup and musl-gcc (Debian: musl-tools); as root, the binary also runs in
# an empty folder. HTTPS needs root certificates all the same: /etc/ssl/certs, or SSL_CERT_FILE.
set -eu
cd "$(dirname "$0")/.."
profile=${1:-release}
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi
machine=$(uname -m)
target=$machine-unknown-linux-musl

rustup target add "$target"
export "CC_${machine}_unknown_linux_musl=musl-gcc"
cargo build --locked --profile "$profile" --target "$target"
binary=${CARGO_TARGET_DIR:-target}/$target/$folder/qunfa
if ldd "$binary" 2>/dev/null | grep -q '=>'; then
    echo "$binary is not static" >&2
    exit 1
fi

root=$(mktemp -d)
trap 'rm -r "$root"' EXIT
mkdir "$root/tmp"
cp "$binary" "$root/qunfa"
inside() { if [ "$(id -u)" = 0 ]; then chroot "$root" "$@"; else unshare --map-root-user chroot "$root" "$@"; fi; }
inside /qunfa --version
inside /qunfa demo
echo "$binary runs in an empty folder"
