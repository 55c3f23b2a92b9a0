#!/bin/sh
# Runs the tests and the type checker of the SDK; Maven calls it. The environment in target/ is made
# again only when the requirements or Python change. Without Python it is skipped, and says so; with
# HKP_REQUIRE_ALL=true that is an error.
set -eu
cd "$(dirname -- "$0")"
. ./python.sh

environment target/venv requirements-test.txt
"$python" -m pytest "$@"
export MYPY_CACHE_DIR="$PWD/target/mypy"
"$python" -m mypy
# What authors start with is right by the strictest rules, too.
(cd template && MYPYPATH=../src "$python" -m mypy --strict --follow-imports=silent --ignore-missing-imports hkp_template)
