#!/bin/sh
# Makes dist/: the plugin's directory, ready for a gateway.
set -eu
cd "$(dirname "$0")"
# Nobody but the owner may be able to change a plugin, or the gateway refuses it.
umask 022
mkdir -p dist
CGO_ENABLED=0 go build -trimpath -buildvcs=false -o dist/hkp-plugin-hkp-template ./cmd
cp plugin.toml dist/
