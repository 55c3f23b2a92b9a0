#!/bin/sh
# Tests the Go SDK and its template with Go's own tools. ./mvnw verify calls this.
set -eu
cd "$(dirname "$0")"
PATH="$PATH:/usr/local/go/bin"
if ! command -v go >/dev/null 2>&1; then
  if [ "${HKP_REQUIRE_ALL:-}" = true ]; then
    echo "expected: go 1.26 or newer on PATH (HKP_REQUIRE_ALL is true), got: none; install it" >&2
    exit 1
  fi
  echo "SKIPPED: the tests of the Go SDK, because there is no go (1.26 or newer) on PATH" >&2
  exit 0
fi
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
  echo "expected: files formatted by gofmt, got: $unformatted; run gofmt -w in sdk/go" >&2
  exit 1
fi
go vet ./...
# The race detector needs a C compiler.
race=
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null 2>&1; then
  race=-race
elif [ "${HKP_REQUIRE_ALL:-}" = true ]; then
  echo "expected: a C compiler for go test -race (HKP_REQUIRE_ALL is true), got: none" >&2
  exit 1
else
  echo "SKIPPED: the race detector, because there is no C compiler" >&2
fi
# Not from the cache, which does not see when the protocol changes.
go test $race -count=1 -timeout 10m ./...
