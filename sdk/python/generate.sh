#!/usr/bin/env bash
# Makes the stubs in src/hkp_plugin/proto again, after a change of the protocol. Needs Python with
# the versions in requirements-generate.txt (PYTHON names it); nobody else needs grpcio-tools.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
protocol=../../proto
out=src/hkp_plugin/proto

"$python" -m grpc_tools.protoc -I"$protocol" --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" \
  hkp_plugin.proto hkp_host.proto
# protoc writes imports for modules at the top level; these live in a package.
sed -i -E 's/^import (hkp_[a-z_]+_pb2) as /from . import \1 as /' "$out"/hkp_*_pb2*.py "$out"/hkp_*_pb2*.pyi
