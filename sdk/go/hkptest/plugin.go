package hkptest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/status"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Setup is what the plugin under test is told.
type Setup struct {
	// Name of the plugin; empty: "test".
	Name string
	// Config is one JSON object; empty: one without keys.
	Config string
	// Grants are the capabilities in force; nil: the gateway's defaults, http.request and
	// http.respond. A host that is given gives no more than these.
	Grants []string
	// Options are those that main gives to hkp.Serve.
	Options hkp.Options
	// Host is what the plugin calls; nil: there is none.
	Host *Host
	// DataDir is where the plugin may keep files; empty: a temporary directory.
	DataDir string
	// Timeout is that of a decision; 0: ten seconds, so that a busy machine fails no test.
	Timeout time.Duration
	// Log gets what the plugin logs; nil: the test's output.
	Log *slog.Logger
}

// Plugin is a plugin under test, initialized. It is closed when the test ends.
type Plugin struct {
	t       testing.TB
	service *hkp.Service
	setup   Setup
	init    *hkpplugin.InitResponse
}

const callLimit = 30 * time.Second

// Start initializes a plugin; a refusal ends the test.
func Start(t testing.TB, construct hkp.New, setup Setup) *Plugin {
	t.Helper()
	plugin, err := begin(t, construct, setup)
	if err != nil {
		t.Fatalf("expected: the plugin accepts its setup, got: %v", err)
	}
	return plugin
}

// Refusal initializes a plugin that is expected to refuse, and returns what its operator would read.
func Refusal(t testing.TB, construct hkp.New, setup Setup) string {
	t.Helper()
	_, err := begin(t, construct, setup)
	if err == nil {
		t.Fatal("expected: the plugin refuses its setup, got: it accepts")
	}
	return err.Error()
}

func begin(t testing.TB, construct hkp.New, setup Setup) (*Plugin, error) {
	if setup.Name == "" {
		setup.Name = "test"
	}
	if setup.Grants == nil {
		setup.Grants = []string{"http.request", "http.respond"}
	}
	if setup.DataDir == "" {
		setup.DataDir = t.TempDir()
	}
	if setup.Timeout == 0 {
		setup.Timeout = 10 * time.Second
	}
	if setup.Log == nil {
		setup.Log = slog.New(slog.NewTextHandler(testOutput(t), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	environment := hkp.Environment{Name: setup.Name, Version: "0", DataDir: setup.DataDir, Log: setup.Log}
	if setup.Host != nil {
		environment.Host = setup.Host.connect(t, setup.Name, setup.Grants)
	}
	service, err := hkp.NewService(construct, setup.Options, environment)
	if err != nil {
		return nil, err
	}
	plugin := &Plugin{t: t, service: service, setup: setup}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	plugin.init, err = service.Initialize(ctx, &hkpplugin.InitRequest{
		ConfigJson:          setup.Config,
		HockeypuckVersion:   "test",
		ProtocolVersion:     "1.0",
		GrantedCapabilities: setup.Grants,
		InstanceId:          "test",
		Host: &hkpplugin.HostInfo{Configuration: map[string]string{
			"timeout_ms": strconv.FormatInt(setup.Timeout.Milliseconds(), 10),
		}},
	})
	if err != nil {
		return nil, err
	}
	if !plugin.init.GetSuccess() {
		return nil, errors.New(plugin.init.GetError())
	}
	t.Cleanup(func() {
		if err := plugin.Close(); err != nil {
			t.Errorf("expected: the plugin closes, got: %v", err)
		}
	})
	return plugin, nil
}

func testOutput(t testing.TB) io.Writer {
	return t.Output()
}

// Handle asks about a request. An error, or a decision that the gateway would refuse, ends the test, and so does a
// setup in which the gateway would not ask: this, and the methods below, need the grants that they need there.
func (p *Plugin) Handle(request *Request) Result {
	p.t.Helper()
	result, err := p.TryHandle(request)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// TryHandle asks about a request. The error is what the gateway would count as a failure.
func (p *Plugin) TryHandle(request *Request) (Result, error) {
	if err := p.called("http.request"); err != nil {
		return Result{}, err
	}
	event := request.event(p.setup)
	if event.GetDryRun() && !slices.Contains(p.init.GetFeatures(), "dry_run") {
		return Result{}, errors.New("expected: Options.DryRun, without which no dry run is asked for, got: a dry run")
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.setup.Timeout)
	defer cancel()
	answer, err := p.service.HandleRequest(ctx, event)
	if err != nil {
		return Result{}, failure(err)
	}
	return result(answer), p.judge(answer, event)
}

// Response shows the plugin an answer of the keyserver to a request. An error, or a decision that
// the gateway would refuse, ends the test.
func (p *Plugin) Response(request *Request, answer Upstream) ResponseResult {
	p.t.Helper()
	result, err := p.TryResponse(request, answer)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// TryResponse does the same and returns the error.
func (p *Plugin) TryResponse(request *Request, answer Upstream) (ResponseResult, error) {
	if err := p.called("http.response"); err != nil {
		return ResponseResult{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.setup.Timeout)
	defer cancel()
	decision, err := p.service.HandleUpstreamResponse(ctx, answer.event(request.event(p.setup), p.setup.Grants))
	if err != nil {
		return ResponseResult{}, failure(err)
	}
	return responseResult(decision), p.judgeResponse(decision)
}

// Events delivers events; an error ends the test.
func (p *Plugin) Events(batch hkp.EventBatch) {
	p.t.Helper()
	if err := p.called("events.subscribe"); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	message := &hkpplugin.EventBatch{Dropped: batch.Dropped}
	for _, event := range batch.Events {
		message.Events = append(message.Events, eventMessage(event))
	}
	if _, err := p.service.PublishEvents(ctx, message); err != nil {
		p.t.Fatal(failure(err))
	}
}

// ProvideKeys asks a plugin for keys that it has itself. The error is hkp.ErrAskKeyserver if it
// leaves the query to the keyserver.
func (p *Plugin) ProvideKeys(query hkp.KeyQuery) (hkp.KeyPage, error) {
	if err := p.called("storage.provide"); err != nil {
		return hkp.KeyPage{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	answer, err := p.service.QueryStorage(ctx, queryMessage(query))
	if err != nil {
		return hkp.KeyPage{}, failure(err)
	}
	if !answer.GetSuccess() {
		return hkp.KeyPage{}, hkp.ErrAskKeyserver
	}
	return pageOf(answer), nil
}

// Health asks how the plugin is: "HEALTHY", "DEGRADED" or "UNHEALTHY", and why.
func (p *Plugin) Health() (health, message string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	answer, err := p.service.HealthCheck(ctx, &hkpplugin.Empty{})
	if err != nil {
		p.t.Fatal(failure(err))
	}
	return answer.GetStatus().String(), answer.GetMessage()
}

// Features are what the plugin told the gateway that it speaks: "stream", "response", "events" …
func (p *Plugin) Features() []string {
	return slices.Clone(p.init.GetFeatures())
}

// Close ends the plugin; at the latest the end of the test does.
func (p *Plugin) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	return p.service.Close(ctx)
}

func failure(err error) error {
	return errors.New(status.Convert(err).Message())
}
