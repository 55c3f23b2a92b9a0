package hkp

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// New makes the handler. It is called when the gateway initializes the plugin: once, before every
// other call. An error (or a panic) means that the plugin refuses to run; the operator reads its
// text, so it says what was expected, what came and what to do. After a refusal the gateway may
// try once more, and New is called again.
//
// ctx ends with the call of the gateway, after about ten seconds; what shall run longer needs a
// context of its own, which Close cancels.
type New func(ctx context.Context, setup *Setup) (Handler, error)

// Handler decides about requests. What else a plugin can do, it does by having the methods of
// [ResponseHandler], [EventHandler], [StorageProvider], [HealthReporter] or [Closer], too.
type Handler interface {
	// Handle decides about one request. It is called from many goroutines at a time, at most
	// [Options.Concurrency] of them. ctx has the deadline of the request and ends when nobody waits
	// any longer. An error, a panic, a nil decision or one with [Decision.Err] is a failure of this
	// request only: it is logged, and the operator's fail policy decides what the client gets.
	Handle(ctx context.Context, request *Request) (Decision, error)
}

// HandlerFunc is a handler that needs nothing but a function.
type HandlerFunc func(ctx context.Context, request *Request) (Decision, error)

// Handle calls the function.
func (f HandlerFunc) Handle(ctx context.Context, request *Request) (Decision, error) {
	return f(ctx, request)
}

// ResponseHandler sees the keyserver's answers, if http.response is granted. See [Handler] for
// goroutines, deadline and errors; an error lets the answer pass as it is.
type ResponseHandler interface {
	HandleResponse(ctx context.Context, response *Response) (ResponseDecision, error)
}

// EventHandler hears of what happens, if events.subscribe is granted: see [Options.Events].
type EventHandler interface {
	// HandleEvents gets what has come since the call before, oldest first. The next call comes
	// when this one has returned; one that fails or takes more than five seconds is not repeated.
	HandleEvents(ctx context.Context, batch EventBatch) error
}

// StorageProvider has keys itself, if storage.provide is granted: other plugins' queries come here
// before the keyserver is asked. See [Handler] for goroutines, which it shares with requests, deadline and errors:
// an error leaves the query to the keyserver and is logged, [ErrAskKeyserver] is not logged.
type StorageProvider interface {
	ProvideKeys(ctx context.Context, query KeyQuery) (KeyPage, error)
}

// HealthReporter says how the plugin is, every ten seconds. Without it a plugin is healthy. An
// unhealthy plugin is shown to the operator, and not restarted.
type HealthReporter interface {
	Health(ctx context.Context) Health
}

// Closer lets go of files and goroutines: once, when no request is left. ctx ends when the process
// does. It is not called when the gateway has died.
type Closer interface {
	Close(ctx context.Context) error
}

// Setup is what a plugin is told when it begins.
type Setup struct {
	// Name and Version are those of the manifest.
	Name, Version string
	// Config is [plugin.config] of the manifest with the operator's settings merged over it.
	Config Config
	// Grants are the capabilities in force, for example "http.request".
	Grants []string
	// DataDir is where the plugin may keep files; empty when nobody said.
	DataDir string
	// Environment is what the operator set for this plugin.
	Environment map[string]string
	// GatewayVersion and ProtocolVersion are those of the gateway.
	GatewayVersion, ProtocolVersion string
	// Timeout is how long the gateway waits for a decision.
	Timeout time.Duration
	// Host is the way back to the gateway. Never nil; without a gateway every call of it fails
	// with [ErrUnavailable].
	Host *Host
	// Log is the plugin's log; slog's default logger writes to it, too.
	Log *slog.Logger
}

// Granted tells whether a capability is in force.
func (s *Setup) Granted(capability string) bool {
	return slices.Contains(s.Grants, capability)
}
