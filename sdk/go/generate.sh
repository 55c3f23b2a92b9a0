#!/bin/sh
# Generates hkpplugin/*.pb.go from the protocol. Run it when a file of proto/ has changed; a test
# (TestStubsAreOfTheProtocol) fails until then. Needs protoc on PATH, or in the variable PROTOC.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
# The generator of the very version that the stubs run with.
version=$(go list -m -f '{{.Version}}' google.golang.org/protobuf)
GOBIN="$tools" go install "google.golang.org/protobuf/cmd/protoc-gen-go@$version"
GOBIN="$tools" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
${PROTOC:-protoc} --proto_path=../../proto \
  --plugin="$tools/protoc-gen-go" --go_out=hkpplugin --go_opt=paths=source_relative \
  --plugin="$tools/protoc-gen-go-grpc" --go-grpc_out=hkpplugin --go-grpc_opt=paths=source_relative \
  hkp_plugin.proto hkp_host.proto
