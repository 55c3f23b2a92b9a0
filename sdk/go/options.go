package hkp

import (
	"fmt"
	"slices"
)

const (
	defaultConcurrency  = 256
	defaultMessageBytes = 4 << 20
)

// Options are what gateway and SDK should know of a plugin. The zero value is fine for most.
type Options struct {
	// Description is one line for the operator.
	Description string
	// Capabilities are what the plugin would like to do, as in its manifest. None: http.request
	// and http.respond.
	Capabilities []string
	// Concurrency is how many requests, answers and queries for keys are handled at a time, 1 to
	// 65536; 0: 256. A thousand more wait, others fail.
	Concurrency int
	// MaxMessageBytes is the largest message accepted, 64 KiB to 256 MiB; 0: 4 MiB. More matters
	// only to a plugin that reads bodies.
	MaxMessageBytes int
	// DryRun declares that Handle changes no state when Request.DryRun is set. Without it the
	// gateway does not ask what the plugin would decide.
	DryRun bool
	// NoStream asks for a call for each request in place of one long stream, which is faster.
	NoStream bool
	// Events are the types that an [EventHandler] wants: exact ones, or prefixes that end in "*".
	// None, or an empty list: "key.*", "config.changed", "plugin.state" and "cluster.*"; []string{"*"}:
	// all. Not so [EventFilter], where none means all.
	Events []string
	// EventMetadata, if not empty, must be among an event's metadata.
	EventMetadata map[string]string
	// MinHostProtocol is the lowest protocol version of a gateway that the plugin can work with,
	// for example "1.2"; empty: any.
	MinHostProtocol string
}

func (o Options) withDefaults() (Options, error) {
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.MaxMessageBytes == 0 {
		o.MaxMessageBytes = defaultMessageBytes
	}
	if len(o.Capabilities) == 0 {
		o.Capabilities = []string{"http.request", "http.respond"}
	}
	o.Capabilities = slices.Clone(o.Capabilities)
	if o.Concurrency < 1 || o.Concurrency > 65536 {
		return o, fmt.Errorf("Options.Concurrency: expected: 1 to 65536, got: %d", o.Concurrency)
	}
	if o.MaxMessageBytes < 64<<10 || o.MaxMessageBytes > 256<<20 {
		return o, fmt.Errorf("Options.MaxMessageBytes: expected: %d to %d, got: %d", 64<<10, 256<<20, o.MaxMessageBytes)
	}
	return o, nil
}
