#!/bin/sh
# Runs the tests and the type checker; Maven calls it. Skips as build.sh does.
set -eu
cd "$(dirname -- "$0")"
. ../../sdk/python/python.sh

environment target/venv requirements-test.txt
"$python" -m pytest "$@"
MYPY_CACHE_DIR=target/mypy "$python" -m mypy
