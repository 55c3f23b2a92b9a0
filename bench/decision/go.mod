module example.org/hkp-bench-decision

go 1.26.0

require (
	example.org/hkp-plugin-go v0.0.0
	github.com/hashicorp/go-hclog v1.6.3
	github.com/hashicorp/go-plugin v1.8.0
	google.golang.org/grpc v1.85.0
)

// The stubs of the protocol, as the tests generate them.
replace example.org/hkp-plugin-go => ../../src/test/plugins/go
