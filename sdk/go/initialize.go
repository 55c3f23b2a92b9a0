package hkp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// The gateway's default, for one that does not say.
const defaultDecisionTime = 200 * time.Millisecond

// initialization makes the handler once. The same instance id again gets the same answer and
// changes nothing; after a refusal the gateway may try once more. A plugin that was started by
// hand, or runs elsewhere, outlives gateways, so there another instance id is welcome as long as it
// says the same.
type initialization struct {
	make        New
	options     Options
	environment Environment
	log         *slog.Logger

	mutex    sync.Mutex
	accepted *hkpplugin.InitRequest
	handler  atomic.Pointer[Handler]
}

// current is nil as long as the plugin is not initialized.
func (i *initialization) current() Handler {
	if handler := i.handler.Load(); handler != nil {
		return *handler
	}
	return nil
}

func (i *initialization) initialize(ctx context.Context, request *hkpplugin.InitRequest) *hkpplugin.InitResponse {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	var answer *hkpplugin.InitResponse
	if i.accepted != nil {
		answer = i.again(request)
	} else {
		answer = i.first(ctx, request)
	}
	if i.environment.secret != "" {
		answer.AuthProof = proof(i.environment.secret, request.GetNonce())
	}
	return answer
}

func (i *initialization) again(request *hkpplugin.InitRequest) *hkpplugin.InitResponse {
	first := i.accepted
	if first.GetInstanceId() == request.GetInstanceId() {
		return i.success()
	}
	if !i.environment.outlivesGateways {
		return refusal(fmt.Sprintf("expected: one Initialize in a process's life, got: instance id %q after %q;"+
			" start a new process", request.GetInstanceId(), first.GetInstanceId()))
	}
	if first.GetConfigJson() != request.GetConfigJson() ||
		!slices.Equal(sorted(first.GetGrantedCapabilities()), sorted(request.GetGrantedCapabilities())) {
		return refusal("expected: the configuration and the grants of the first Initialize, got: others;" +
			" a plugin takes them once, so stop this one and start it again")
	}
	return i.success()
}

func (i *initialization) first(ctx context.Context, request *hkpplugin.InitRequest) *hkpplugin.InitResponse {
	config, err := ParseConfig(request.GetConfigJson())
	if err != nil {
		i.log.Error("the plugin refuses its configuration", "error", err)
		return refusal(err.Error())
	}
	config.log = i.log
	timeout := decisionTime(request.GetHost().GetConfiguration())
	host := i.environment.host().with(timeout)
	host.warmUp(ctx, request.GetGrantedCapabilities(), i.log)
	handler, err := i.made(ctx, &Setup{
		Name:            i.environment.Name,
		Version:         i.environment.Version,
		Config:          config,
		Grants:          sorted(request.GetGrantedCapabilities()),
		DataDir:         i.environment.DataDir,
		Environment:     request.GetEnvironment(),
		GatewayVersion:  request.GetHockeypuckVersion(),
		ProtocolVersion: request.GetProtocolVersion(),
		Timeout:         timeout,
		Host:            host,
		Log:             i.log,
	})
	if err != nil {
		i.log.Error("the plugin refuses to run", "error", err)
		return refusal(err.Error())
	}
	i.accepted = request
	i.handler.Store(&handler)
	return i.success()
}

func (i *initialization) made(ctx context.Context, setup *Setup) (handler Handler, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			i.log.Error("the plugin's New has panicked", "panic", problem, "stacktrace", string(debug.Stack()))
			err = fmt.Errorf("New has panicked: %v", problem)
		}
	}()
	handler, err = i.make(ctx, setup)
	if err == nil && handler == nil {
		err = errors.New("expected: a handler from New, got: nil")
	}
	if _, is := handler.(EventHandler); err == nil && !is && len(i.options.Events)+len(i.options.EventMetadata) > 0 {
		err = fmt.Errorf("Options.Events: expected: a handler with the method HandleEvents, got: %T", handler)
	}
	return handler, err
}

func (i *initialization) success() *hkpplugin.InitResponse {
	answer := &hkpplugin.InitResponse{
		Success:         true,
		Info:            i.info(),
		MaxMessageBytes: uint32(i.options.MaxMessageBytes),
	}
	handler := i.current()
	if !i.options.NoStream {
		answer.Features = append(answer.Features, "stream")
	}
	if i.options.DryRun {
		answer.Features = append(answer.Features, "dry_run")
	}
	if _, is := handler.(ResponseHandler); is {
		answer.Features = append(answer.Features, "response")
	}
	if _, is := handler.(EventHandler); is {
		answer.Features = append(answer.Features, "events")
		if len(i.options.Events)+len(i.options.EventMetadata) > 0 {
			answer.EventFilter = &hkpplugin.EventFilter{
				EventTypes:      i.options.Events,
				MetadataFilters: i.options.EventMetadata,
			}
		}
	}
	return answer
}

func (i *initialization) info() *hkpplugin.PluginInfo {
	info := &hkpplugin.PluginInfo{
		Name:         i.environment.Name,
		Version:      i.environment.Version,
		Description:  i.options.Description,
		Capabilities: i.options.Capabilities,
		Metadata:     map[string]string{"language": "go"},
	}
	if i.options.MinHostProtocol != "" {
		info.Metadata["min_host_protocol"] = i.options.MinHostProtocol
	}
	return info
}

func refusal(text string) *hkpplugin.InitResponse {
	return &hkpplugin.InitResponse{Error: utf8Text(text)}
}

func sorted(texts []string) []string {
	made := slices.Clone(texts)
	slices.Sort(made)
	return slices.Compact(made)
}

// decisionTime is how long the gateway waits for a decision.
func decisionTime(configuration map[string]string) time.Duration {
	decision := defaultDecisionTime
	if own, err := strconv.ParseInt(configuration["timeout_ms"], 10, 32); err == nil && own > 0 {
		decision = time.Duration(own) * time.Millisecond
	}
	if all, err := strconv.ParseInt(configuration["chain_budget_ms"], 10, 32); err == nil && all > 0 {
		decision = min(decision, time.Duration(all)*time.Millisecond)
	}
	return decision
}
