#!/bin/sh
# Makes target/dist, a plugin directory that is ready to be copied: everything but Python itself. Maven calls it. Without
# Python it is skipped, and says so; with HKP_REQUIRE_ALL=true that is an error.
set -eu
cd "$(dirname -- "$0")"
. ../../sdk/python/python.sh
umask 022

# The libraries are kept until the requirements or Python change.
stamp=$(cat requirements.txt; "$found" -VV)
if [ ! -f target/lib.stamp ] || [ "$(cat target/lib.stamp)" != "$stamp" ]; then
  rm -rf target/lib target/lib.stamp
  install "$found" --no-compile --no-deps --target target/lib -r requirements.txt
  rm -rf target/lib/bin
  # Compiled code that stays valid when files are copied.
  "$found" -m compileall -q --invalidation-mode unchecked-hash target/lib
  printf '%s\n' "$stamp" >target/lib.stamp
fi

rm -rf target/dist.new
mkdir -p target/dist.new
cp -R target/lib target/dist.new/lib
cp -R ../../sdk/python/src/hkp_plugin keycheck target/dist.new/lib/
cd target/dist.new/lib
find hkp_plugin keycheck -name __pycache__ -prune -exec rm -rf {} +
"$found" -m compileall -q --invalidation-mode unchecked-hash hkp_plugin keycheck
cd ../../..
"$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' >target/dist.new/lib/python-version
cp plugin.toml hkp-plugin-keycheck target/dist.new/
chmod 755 target/dist.new/hkp-plugin-keycheck
rm -rf target/dist
mv target/dist.new target/dist
