#!/bin/sh
# Generates hkpplugin/*.pb.go from the protocol. Run it when a file of proto/ has changed;
# ForeignPluginsIT fails until then. Needs protoc on PATH, or in the variable PROTOC.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -o "$tools/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
package=example.org/hkp-plugin-go/hkpplugin
mapping=Mhkp_plugin.proto=$package,Mhkp_host.proto=$package
${PROTOC:-protoc} --proto_path=../../../../proto \
  --plugin="$tools/protoc-gen-go" --go_out=hkpplugin --go_opt=paths=source_relative,$mapping \
  --plugin="$tools/protoc-gen-go-grpc" --go-grpc_out=hkpplugin --go-grpc_opt=paths=source_relative,$mapping \
  hkp_plugin.proto hkp_host.proto
