package hkp

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// An SDK that drags in half the world, or the gateway, would be none.
func TestDependencies(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./...")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("expected: go list works, got: %v", err)
	}
	modules := slices.Compact(slices.Sorted(strings.FieldsSeq(string(output))))
	agreed := []string{
		"github.com/hkp-gateway/hkp-gateway/sdk/go",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
		"google.golang.org/genproto/googleapis/rpc",
		"google.golang.org/grpc",
		"google.golang.org/protobuf",
	}
	if !slices.Equal(modules, agreed) {
		t.Errorf("expected: %v, got: %v", agreed, modules)
	}
}

// Maven writes the descriptor when it builds proto/.
func TestStubsAreOfTheProtocol(t *testing.T) {
	const file = "../../proto/target/hkp-protocol.pb"
	content, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		if os.Getenv("HKP_REQUIRE_ALL") == "true" {
			t.Fatalf("expected: %s, which ./mvnw -pl proto generate-sources writes, got: none", file)
		}
		t.Skipf("%s is not there: ./mvnw -pl proto generate-sources writes it", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	var now descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(content, &now); err != nil {
		t.Fatal(err)
	}
	stubs := map[string]protoreflect.FileDescriptor{
		"hkp_plugin.proto": hkpplugin.File_hkp_plugin_proto,
		"hkp_host.proto":   hkpplugin.File_hkp_host_proto,
	}
	found := 0
	for _, one := range now.GetFile() {
		stub, has := stubs[filepath.Base(one.GetName())]
		if !has {
			continue
		}
		found++
		// Comments and names that protoc derives are not in stubs.
		one.SourceCodeInfo = nil
		want, err := protodesc.NewFile(one, resolver{now: &now})
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(protodesc.ToFileDescriptorProto(want), protodesc.ToFileDescriptorProto(stub)) {
			t.Errorf("expected: stubs of the present %s, got: older ones; run generate.sh", one.GetName())
		}
	}
	if found != len(stubs) {
		t.Errorf("expected: %d files in the descriptor, got: %d", len(stubs), found)
	}
}

// resolver finds what a file imports.
type resolver struct {
	now *descriptorpb.FileDescriptorSet
}

func (r resolver) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	for _, one := range r.now.GetFile() {
		if one.GetName() == path {
			return protodesc.NewFile(one, r)
		}
	}
	return nil, os.ErrNotExist
}

func (r resolver) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	return hkpplugin.File_hkp_plugin_proto.Messages().ByName(name.Name()), nil
}
