#!/bin/sh
# Makes target/dist/: the plugin's directory, ready for a gateway. ./mvnw package calls this.
set -eu
cd "$(dirname "$0")"
PATH="$PATH:/usr/local/go/bin"
if ! command -v go >/dev/null 2>&1; then
  if [ "${HKP_REQUIRE_ALL:-}" = true ]; then
    echo "expected: go 1.26 or newer on PATH (HKP_REQUIRE_ALL is true), got: none; install it" >&2
    exit 1
  fi
  echo "SKIPPED: the plugin antiabuse-go, because there is no go (1.26 or newer) on PATH" >&2
  exit 0
fi
# The gateway refuses a plugin that its group or others may change.
umask 022
mkdir -p target/dist
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o target/dist/hkp-plugin-antiabuse-go ./cmd
cp plugin.toml target/dist/
