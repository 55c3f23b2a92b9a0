package hkp

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

const (
	// For calls that no request waits for.
	longCall    = 30 * time.Second
	warmUpLimit = 5 * time.Second
	bulkLimit   = 10 * time.Minute
)

// Host is the way back to the gateway. Its errors are [HostError]s. Each call ends with its context,
// and at the latest after its own limit: for shared state that is a quarter of the plugin's timeout
// while a request, an answer or a query for keys is handled, and 30 seconds else. Their traceparent goes
// along. Safe for any number of goroutines.
type Host struct {
	client     hkpplugin.PluginHostClient
	connection grpc.ClientConnInterface
	timeout    time.Duration
}

// NewHost makes one that calls over a connection; without one (nil) every call is [ErrUnavailable].
// Plugins get theirs from [Setup]; this is for tests.
func NewHost(connection grpc.ClientConnInterface) *Host {
	host := &Host{connection: connection, timeout: defaultDecisionTime}
	if connection != nil {
		host.client = hkpplugin.NewPluginHostClient(connection)
	}
	return host
}

// HostInfo is about the gateway.
type HostInfo struct {
	Version, ProtocolVersion string
	// Replica is [Event.Replica] of what happens at this gateway.
	Replica string
	// Plugins are the versions of those that are loaded, by name.
	Plugins map[string]string
}

// Info asks who the gateway is. Needs no grant.
func (h *Host) Info(ctx context.Context) (HostInfo, error) {
	answer, err := unary(ctx, h, "GetHostInfo", longCall, hkpplugin.PluginHostClient.GetHostInfo, &hkpplugin.Empty{})
	if err != nil {
		return HostInfo{}, err
	}
	info := HostInfo{
		Version:         answer.GetVersion(),
		ProtocolVersion: answer.GetProtocolVersion(),
		Replica:         answer.GetConfiguration()["replica"],
		Plugins:         map[string]string{},
	}
	for _, plugin := range answer.GetLoadedPlugins() {
		info.Plugins[plugin.GetName()] = plugin.GetVersion()
	}
	return info, nil
}

// State is what the gateway keeps for the plugin; needs the grant state.
func (h *Host) State() State {
	return State{host: h}
}

// with has the calls of shared state take a quarter of the time that a decision may take.
func (h *Host) with(timeout time.Duration) *Host {
	made := *h
	made.timeout = timeout
	return &made
}

// warmUp connects, so that the first request is not the first to use the connection. Without
// success later calls try again.
func (h *Host) warmUp(ctx context.Context, grants []string, log *slog.Logger) {
	wanted := slices.ContainsFunc(grants, func(grant string) bool {
		return grant == "state" || grant == "storage.query" || strings.HasPrefix(grant, "events.")
	})
	if h.client == nil || !wanted {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, warmUpLimit)
	defer cancel()
	if _, err := h.Info(ctx); err != nil {
		log.Warn("the gateway's host service does not answer", "error", err)
	}
}

func (h *Host) close() {
	if closer, is := h.connection.(io.Closer); is {
		_ = closer.Close()
	}
}

// stateLimit is how long a call about shared state may take.
func (h *Host) stateLimit(ctx context.Context) time.Duration {
	if callOf(ctx) == &noCall {
		return longCall
	}
	return max(h.timeout/4, time.Millisecond)
}

// outgoing adds what every call carries.
func outgoing(ctx context.Context) context.Context {
	if parent := callOf(ctx).traceParent; parent != "" {
		return metadata.AppendToOutgoingContext(ctx, "traceparent", parent)
	}
	return ctx
}

// unary makes one call that ends in time.
func unary[Q, A any](ctx context.Context, host *Host, method string, limit time.Duration,
	call func(hkpplugin.PluginHostClient, context.Context, *Q, ...grpc.CallOption) (*A, error), request *Q) (*A, error) {
	if host.client == nil {
		return nil, &HostError{Method: method, Reason: ErrUnavailable, Message: "there is no gateway to call"}
	}
	ctx, cancel := context.WithTimeout(outgoing(ctx), limit)
	defer cancel()
	answer, err := call(host.client, ctx, request)
	if err != nil {
		return nil, hostError(method, err)
	}
	return answer, nil
}
