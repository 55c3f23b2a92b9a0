package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/hkp-bench/measure"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// line asks a plugin about a request, one way or another. Many may ask at a time, each with a
// number of its own.
type line interface {
	ask(ctx context.Context, caller int, target, client string) (*hkpplugin.HandleResponse, error)
	// close tells whether the plugin took the end as it should.
	close() error
}

func (p *plugin) open(kind string, callers int) (line, error) {
	switch kind {
	case "unary":
		return &unary{client: p.client}, nil
	case "stream":
		return p.openStream(callers)
	}
	return nil, fmt.Errorf("kind: expected: unary or stream, got: %q", kind)
}

// decide asks once.
func (p *plugin) decide(kind, target string) (*hkpplugin.HandleResponse, error) {
	line, err := p.open(kind, 1)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), measure.Deadline)
	defer cancel()
	answer, err := line.ask(ctx, 0, target, client(0))
	return answer, errors.Join(err, line.close())
}

// measure asks again and again about the key of another fingerprint, and of another client.
func (p *plugin) measure(kind string, callers int, duration time.Duration) (measure.Measured, error) {
	line, err := p.open(kind, callers)
	if err != nil {
		return measure.Measured{}, err
	}
	var count atomic.Uint64
	all, err := measure.Run(func(caller int) (measure.Call, error) {
		return func(ctx context.Context) error {
			number := count.Add(1)
			answer, err := line.ask(ctx, caller, lookup(number), client(number))
			if err == nil && (!answer.GetContinueChain() || answer.GetStatusCode() != 0) {
				return fmt.Errorf("expected: a request that passes, got: continue_chain %v, status %d, %q",
					answer.GetContinueChain(), answer.GetStatusCode(), answer.GetReason())
			}
			return err
		}, nil
	}, callers, duration)
	return all, errors.Join(err, line.close())
}

type unary struct {
	client hkpplugin.HKPPluginClient
	count  atomic.Uint64
}

func (u *unary) ask(ctx context.Context, _ int, target, client string) (*hkpplugin.HandleResponse, error) {
	message, err := event(strconv.FormatUint(u.count.Add(1), 10), target, client)
	if err != nil {
		return nil, err
	}
	return u.client.HandleRequest(ctx, message)
}

func (u *unary) close() error {
	return nil
}

// stream is one call of HandleRequests, which all callers share. Whose answer it is, is told by
// what stands before the dash of its id.
type stream struct {
	call    hkpplugin.HKPPlugin_HandleRequestsClient
	cancel  context.CancelFunc
	sending sync.Mutex
	counts  []uint64
	answers []chan *hkpplugin.HandleResponse
	ended   chan struct{} // closed when nothing comes any more
	failure error         // why; read it after that
}

func (p *plugin) openStream(callers int) (*stream, error) {
	ctx, cancel := context.WithCancel(context.Background())
	call, err := p.client.HandleRequests(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &stream{call: call, cancel: cancel, counts: make([]uint64, callers), ended: make(chan struct{})}
	for range callers {
		s.answers = append(s.answers, make(chan *hkpplugin.HandleResponse, 1))
	}
	go s.receive()
	return s, nil
}

func (s *stream) receive() {
	defer close(s.ended)
	for {
		answer, err := s.call.Recv()
		if err != nil {
			s.failure = err
			return
		}
		caller, _, _ := strings.Cut(answer.GetRequestId(), "-")
		number, err := strconv.Atoi(caller)
		if err != nil || number < 0 || number >= len(s.answers) {
			s.failure = fmt.Errorf("expected: the id of a request, got: %q", answer.GetRequestId())
			return
		}
		select {
		case s.answers[number] <- answer:
		default:
			s.failure = fmt.Errorf("expected: one answer to a request, got: another, %q", answer.GetRequestId())
			return
		}
	}
}

func (s *stream) ask(ctx context.Context, caller int, target, client string) (*hkpplugin.HandleResponse, error) {
	s.counts[caller]++
	id := fmt.Sprintf("%d-%d", caller, s.counts[caller])
	message, err := event(id, target, client)
	if err != nil {
		return nil, err
	}
	s.sending.Lock()
	err = s.call.Send(message)
	s.sending.Unlock()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	select {
	case answer := <-s.answers[caller]:
		if answer.GetRequestId() != id {
			return nil, fmt.Errorf("expected: an answer to %s, got: to %s", id, answer.GetRequestId())
		}
		return answer, nil
	case <-s.ended:
		return nil, fmt.Errorf("expected: a stream that stays open, got: %w", s.failure)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close ends our side; the plugin then ends its own.
func (s *stream) close() error {
	defer s.cancel()
	if err := s.call.CloseSend(); err != nil {
		return err
	}
	select {
	case <-s.ended:
		if !errors.Is(s.failure, io.EOF) {
			return s.failure
		}
		return nil
	case <-time.After(measure.Deadline):
		return fmt.Errorf("expected: the plugin ends its side of the stream within %v, got: none", measure.Deadline)
	}
}
