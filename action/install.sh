#!/usr/bin/env bash
# Puts the program onto the runner: a release's archive, whose SHA-256 must be the one in checksums.txt beside this file.
# Whoever pins the action by its commit has so pinned the program as well.
set -euo pipefail

fail() { printf '::error title=Leakward::%s\n' "$1"; exit 2; }

if [ -n "${LEAKWARD_PROGRAM:-}" ]; then
    command -v "$LEAKWARD_PROGRAM" >/dev/null || fail "there is no program $LEAKWARD_PROGRAM"
    printf 'program=%s\n' "$LEAKWARD_PROGRAM" >>"$GITHUB_OUTPUT"
    exit 0
fi

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    *) fail "there is no build for $(uname -s) on $(uname -m)" ;;
esac
version=${LEAKWARD_VERSION:?}
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$version is no version"
archive="leakward-$version-$target.tar.gz"
here=$(cd "$(dirname "$0")" && pwd)
expected=$(awk -v name="$archive" '$2 == name { print $1 }' "$here/checksums.txt")
[ -n "$expected" ] || fail "checksums.txt of this action has no line for $archive; use a version of the action that knows it"

folder=${RUNNER_TEMP:?}/leakward-$version
mkdir -p "$folder"
address="https://github.com/leakward/leakward/releases/download/v$version/$archive"
curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$folder/$archive" "$address" ||
    fail "$address cannot be downloaded"
if command -v sha256sum >/dev/null; then
    found=$(sha256sum "$folder/$archive")
else
    found=$(shasum -a 256 "$folder/$archive")
fi
[ "${found%% *}" = "$expected" ] || fail "$archive is not what this action knows: its SHA-256 is ${found%% *}, not $expected"
tar -xzf "$folder/$archive" -C "$folder" --strip-components=1
printf 'program=%s\n' "$folder/leakward" >>"$GITHUB_OUTPUT"
