# For scripts of the build, to be sourced in the module's directory: finds Python 3.11 or newer, or ends the script.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
found=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    found=$candidate
    break
  fi
done

# missing MESSAGE: ends the script.
missing() {
  if [ "${HKP_REQUIRE_ALL:-}" = true ]; then
    echo "$PWD: $1" >&2
    exit 1
  fi
  echo "SKIPPED $PWD: $1"
  exit 0
}
[ -n "$found" ] || missing "expected: Python 3.11 or newer with venv and ensurepip, got: none"

# install PYTHON OPTION…: with pip, wheels only.
install() {
  with=$1
  shift
  "$with" -m pip install --quiet --only-binary=:all: "$@" || missing "expected: pip to install what is needed, got: the above"
}

# environment DIRECTORY REQUIREMENTS: makes a virtual environment, once, and sets python to its interpreter.
environment() {
  stamp=$(cat "$2"; "$found" -VV)
  python=$PWD/$1/bin/python
  if [ ! -f "$1/stamp" ] || [ "$(cat "$1/stamp")" != "$stamp" ]; then
    rm -rf "$1"
    "$found" -m venv "$1"
    install "$python" -r "$2"
    printf '%s\n' "$stamp" >"$1/stamp"
  fi
}
