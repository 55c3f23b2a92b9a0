package hkp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// So many calls wait for a place among those that are handled.
const maxWaiting = 1024

// Environment is what is around a [Service].
type Environment struct {
	// Name, Version and DataDir are told to New.
	Name, Version, DataDir string
	// Host is the way back to the gateway; nil: there is none.
	Host *Host
	// Log is told to New; nil: slog's default.
	Log *slog.Logger

	secret           string
	outlivesGateways bool
}

func (e Environment) host() *Host {
	if e.Host != nil {
		return e.Host
	}
	return NewHost(nil)
}

// Service is a plugin without a process around it: the gRPC service that [Serve] serves. It is for
// tests, as those of package hkptest.
type Service struct {
	hkpplugin.UnimplementedHKPPluginServer

	initialization *initialization
	options        Options
	log            *slog.Logger
	places         chan struct{}
	waiting        atomic.Int64
	streams        streams
	closed         atomic.Bool
	// onShutdown is called when the gateway asks for the end, with the time there is.
	onShutdown func(limit time.Duration)
}

// NewService makes a service. An error says which option is wrong.
func NewService(construct New, options Options, environment Environment) (*Service, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	if construct == nil {
		return nil, errors.New("expected: a function that makes the handler, got: nil")
	}
	if environment.Log == nil {
		environment.Log = slog.Default()
	}
	return &Service{
		initialization: &initialization{make: construct, options: options, environment: environment, log: environment.Log},
		options:        options,
		log:            environment.Log,
		places:         make(chan struct{}, options.Concurrency),
		onShutdown:     func(time.Duration) {},
	}, nil
}

// Initialize makes the handler.
func (s *Service) Initialize(ctx context.Context, request *hkpplugin.InitRequest) (*hkpplugin.InitResponse, error) {
	return s.initialization.initialize(ctx, request), nil
}

// GetInfo says who the plugin is.
func (s *Service) GetInfo(context.Context, *hkpplugin.Empty) (*hkpplugin.PluginInfo, error) {
	return s.initialization.info(), nil
}

// HealthCheck asks the handler, if it is a [HealthReporter].
func (s *Service) HealthCheck(ctx context.Context, _ *hkpplugin.Empty) (answer *hkpplugin.HealthStatus, err error) {
	now := time.Now()
	handler := s.initialization.current()
	if handler == nil {
		return &hkpplugin.HealthStatus{Message: "not initialized yet", Timestamp: now.Unix()}, nil
	}
	reporter, is := handler.(HealthReporter)
	if !is {
		return Healthy().answer(now), nil
	}
	defer func() {
		if problem := recover(); problem != nil {
			s.panicked(ctx, "Health", problem)
			answer = Unhealthy(fmt.Sprintf("Health has panicked: %v", problem)).answer(now)
		}
	}()
	return reporter.Health(ctx).answer(now), nil
}

// HandleRequest decides about one request.
func (s *Service) HandleRequest(ctx context.Context, event *hkpplugin.HandleRequestEvent) (*hkpplugin.HandleResponse, error) {
	ctx = withCall(ctx, event.GetRequestId(), event.GetTraceparent())
	release, err := s.place(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.decide(ctx, event)
}

// HandleRequests does the same for many requests on one stream.
func (s *Service) HandleRequests(stream hkpplugin.HKPPlugin_HandleRequestsServer) error {
	if s.options.NoStream {
		return status.Error(codes.Unimplemented, "this plugin has no stream")
	}
	return newDecisionStream(s, stream).run()
}

// HandleUpstreamResponse asks the handler, if it is a [ResponseHandler].
func (s *Service) HandleUpstreamResponse(ctx context.Context, event *hkpplugin.UpstreamResponseEvent) (*hkpplugin.UpstreamResponseDecision, error) {
	handler, is := s.initialization.current().(ResponseHandler)
	if !is {
		return nil, status.Error(codes.Unimplemented, "this plugin does not look at answers")
	}
	ctx = withCall(ctx, event.GetRequestId(), event.GetTraceparent())
	release, err := s.place(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	asked, err := response(event, time.Now())
	if err != nil {
		return nil, s.brokenEvent(ctx, err)
	}
	answer, err := guard(s, ctx, "HandleResponse", func() (*hkpplugin.UpstreamResponseDecision, error) {
		decision, err := handler.HandleResponse(ctx, asked)
		if err != nil {
			return nil, err
		}
		return decision.message()
	})
	if err == nil {
		answer.RequestId = event.GetRequestId()
	}
	return answer, err
}

// PublishEvents tells the handler, if it is an [EventHandler].
func (s *Service) PublishEvents(ctx context.Context, batch *hkpplugin.EventBatch) (*hkpplugin.Empty, error) {
	handler, is := s.initialization.current().(EventHandler)
	if !is {
		return nil, status.Error(codes.Unimplemented, "this plugin hears no events")
	}
	return guard(s, ctx, "HandleEvents", func() (*hkpplugin.Empty, error) {
		return &hkpplugin.Empty{}, handler.HandleEvents(ctx, eventBatch(batch))
	})
}

// QueryStorage asks the handler, if it is a [StorageProvider].
func (s *Service) QueryStorage(ctx context.Context, query *hkpplugin.StorageQuery) (*hkpplugin.StorageResponse, error) {
	provider, is := s.initialization.current().(StorageProvider)
	if !is {
		return nil, status.Error(codes.Unimplemented, "this plugin has no keys")
	}
	ctx = withQuery(ctx)
	release, err := s.place(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return guard(s, ctx, "ProvideKeys", func() (*hkpplugin.StorageResponse, error) {
		page, err := provider.ProvideKeys(ctx, keyQuery(query))
		if errors.Is(err, ErrAskKeyserver) {
			return &hkpplugin.StorageResponse{Error: err.Error()}, nil
		}
		return page.message(), err
	})
}

// Shutdown answers; the end comes after it.
func (s *Service) Shutdown(_ context.Context, request *hkpplugin.ShutdownRequest) (*hkpplugin.ShutdownResponse, error) {
	limit := time.Duration(request.GetTimeoutSeconds()) * time.Second
	if limit <= 0 {
		limit = stopLimit
	}
	limit = min(limit, maxStopLimit)
	s.log.Info("shutting down", "reason", request.GetReason(), "limit", limit)
	s.onShutdown(limit)
	return &hkpplugin.ShutdownResponse{Success: true}, nil
}

// Close calls the handler's Close, if it is a [Closer]; once, whoever calls.
func (s *Service) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	closer, is := s.initialization.current().(Closer)
	if !is {
		return nil
	}
	_, err := guard(s, ctx, "Close", func() (*hkpplugin.Empty, error) {
		return nil, closer.Close(ctx)
	})
	return err
}

// decide makes the answer to one request, or a status that says why there is none.
func (s *Service) decide(ctx context.Context, event *hkpplugin.HandleRequestEvent) (*hkpplugin.HandleResponse, error) {
	handler := s.initialization.current()
	if handler == nil {
		return nil, status.Error(codes.FailedPrecondition, "expected: Initialize first, got: a request")
	}
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	if event.GetDryRun() && !s.options.DryRun {
		return nil, status.Error(codes.FailedPrecondition, "expected: no dry_run (the feature was not declared), got: one")
	}
	asked, err := request(event, time.Now())
	if err != nil {
		return nil, s.brokenEvent(ctx, err)
	}
	answer, err := guard(s, ctx, "Handle", func() (*hkpplugin.HandleResponse, error) {
		decision, err := handler.Handle(ctx, asked)
		if err != nil {
			return nil, err
		}
		if decision == nil {
			return nil, errors.New("expected: a decision, got: nil")
		}
		return decision.message()
	})
	if err == nil {
		answer.RequestId = event.GetRequestId()
	}
	return answer, err
}

// guard calls the author's code: whatever goes wrong concerns this call only.
func guard[T any](s *Service, ctx context.Context, method string, call func() (*T, error)) (answer *T, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			s.panicked(ctx, method, problem)
			answer, err = nil, status.Errorf(codes.Internal, "%s has panicked: %s", method, utf8Text(fmt.Sprint(problem)))
		}
	}()
	answer, err = call()
	if err == nil {
		return answer, nil
	}
	if ctx.Err() != nil {
		// Nobody waits any longer, and the gateway counts it.
		s.log.DebugContext(ctx, "the call was given up", "method", method, "error", err)
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	s.log.ErrorContext(ctx, "the handler failed", "method", method, "error", err)
	return nil, status.Errorf(codes.Internal, "%s failed: %s", method, utf8Text(err.Error()))
}

func (s *Service) panicked(ctx context.Context, method string, problem any) {
	s.log.ErrorContext(ctx, "the handler has panicked", "method", method, "error", problem, "stacktrace", string(debug.Stack()))
}

func (s *Service) brokenEvent(ctx context.Context, err error) error {
	s.log.ErrorContext(ctx, "the gateway sent an event that breaks the protocol", "error", err)
	return status.Error(codes.InvalidArgument, utf8Text(err.Error()))
}

var errBusy = status.Error(codes.ResourceExhausted, "too many calls wait to be handled")

// place waits until there is room for one more call. The result gives it back.
func (s *Service) place(ctx context.Context) (release func(), err error) {
	select {
	case s.places <- struct{}{}:
		return s.release, nil
	default:
	}
	if s.waiting.Add(1) > maxWaiting {
		s.waiting.Add(-1)
		return nil, errBusy
	}
	defer s.waiting.Add(-1)
	select {
	case s.places <- struct{}{}:
		return s.release, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (s *Service) release() {
	<-s.places
}
