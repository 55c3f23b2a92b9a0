#!/bin/sh
# Generates proto/*.pb.go. They are frozen with the proto file: run it only to change the
# versions of the generators. Needs protoc on PATH, or in PROTOC.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
GOBIN="$tools" go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN="$tools" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
mapping=Mhkp_plugin.proto=example.org/legacy-guard/proto
${PROTOC:-protoc} --proto_path=proto \
  --plugin="$tools/protoc-gen-go" --go_out=proto --go_opt=paths=source_relative,$mapping \
  --plugin="$tools/protoc-gen-go-grpc" --go-grpc_out=proto --go-grpc_opt=paths=source_relative,$mapping \
  hkp_plugin.proto
