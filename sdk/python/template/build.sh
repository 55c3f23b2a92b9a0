#!/bin/sh
# ./build.sh makes dist/, a plugin directory that is ready to be copied. ./build.sh test runs the tests.
# Needs Python 3.11 or newer with venv, and pip's package index. PYTHON names another one than python3.
set -eu
cd "$(dirname -- "$0")"
umask 022
export PIP_DISABLE_PIP_VERSION_CHECK=1

# Until the SDK is published it comes with this project.
sdk=
[ ! -d third_party/hkp-sdk-python ] || sdk=./third_party/hkp-sdk-python

# The tools have an environment of their own.
if [ ! -x .venv/bin/python ]; then
  "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "expected: Python 3.11 or newer, got: " + sys.version)'
  "${PYTHON:-python3}" -m venv .venv
fi
python=$PWD/.venv/bin/python

if [ "${1:-}" = test ]; then
  "$python" -m pip install --quiet $sdk '.[test]'
  exec "$python" -m pytest
fi

# All that it needs but Python itself, with compiled code that stays valid when files are copied.
rm -rf dist build
mkdir -p dist/lib
"$python" -m pip install --quiet --no-compile --target dist/lib $sdk .
rm -rf build dist/lib/bin ./*.egg-info
"$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' >dist/lib/python-version
"$python" -m compileall -q --invalidation-mode unchecked-hash dist/lib
cp plugin.toml hkp-plugin-hkp-template dist/
chmod 755 dist/hkp-plugin-hkp-template
echo "dist/ is ready"
