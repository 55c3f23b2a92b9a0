package internal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// running is a case: one plugin, as the gateway's calls reach it, and a clock that stands still.
type running struct {
	service *hkp.Service
	grants  []string
	time    atomic.Int64
	state   *fakeState
	log     warnings
}

func (c tableCase) run() error {
	run := &running{grants: c.Grants}
	if run.grants == nil {
		run.grants = []string{"http.request", "http.respond"}
	}
	run.state = newFakeState(run.now)
	refusal, err := run.init(string(c.Config))
	if err != nil {
		return err
	}
	if c.Error != nil {
		return c.Error.compare(refusal, c.Steps)
	}
	if refusal != "" {
		return fmt.Errorf("expected: the plugin accepts its configuration, got: %s", refusal)
	}
	if err := run.log.compare(c.Warnings); err != nil {
		return err
	}
	for i, step := range c.Steps {
		if err := run.step(step); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *running) now() time.Duration {
	return time.Duration(r.time.Load())
}

func (r *running) init(config string) (refusal string, err error) {
	construct := newPlugin(r.now, func(*hkp.Setup) count.State { return r.state })
	r.service, err = hkp.NewService(construct, options(), hkp.Environment{Name: "antiabuse-go", Log: slog.New(&r.log)})
	if err != nil {
		return "", err
	}
	answer, err := r.service.Initialize(context.Background(), &hkpplugin.InitRequest{
		ConfigJson: config, GrantedCapabilities: r.grants, InstanceId: "case", ProtocolVersion: "1.0",
	})
	return answer.GetError(), err
}

func (e expectedError) compare(refusal string, steps []step) error {
	beginning := "configuration key '" + e.Key + "': expected: "
	if !strings.HasPrefix(refusal, beginning) || len(steps) > 0 {
		return fmt.Errorf("expected: a refusal that begins with %q and no steps, got: %q", beginning, refusal)
	}
	for _, part := range e.Contains {
		if !strings.Contains(refusal, part) {
			return fmt.Errorf("expected: a refusal with %q in it, got: %q", part, refusal)
		}
	}
	return nil
}

func (r *running) step(step step) error {
	if step.At != "" {
		at, err := hkp.ParseDuration(step.At)
		if err != nil || at < r.now() {
			return fmt.Errorf("expected: a time that is not past, got: %s (%v)", step.At, err)
		}
		r.time.Store(int64(at))
	}
	var every time.Duration
	if step.Every != "" {
		var err error
		if every, err = hkp.ParseDuration(step.Every); err != nil {
			return err
		}
	}
	for n := 1; n <= max(1, step.Repeat); n++ {
		if err := r.once(step, strconv.Itoa(n)); err != nil {
			return fmt.Errorf("time %d: %w", n, err)
		}
		r.time.Add(int64(every))
	}
	return nil
}

func (r *running) once(step step, number string) error {
	ctx := context.Background()
	switch {
	case step.Request != nil && step.Expect != nil:
		decision, err := r.service.HandleRequest(ctx, step.Request.event(number, r.grants))
		if err != nil {
			return err
		}
		return step.Expect.compareDecision(decision)
	case step.Answer != nil && step.Expect != nil:
		if !slices.Contains(r.grants, "http.response") {
			return errors.New("expected: the grant http.response for an answer, got: none")
		}
		decision, err := r.service.HandleUpstreamResponse(ctx, step.Answer.answer(number))
		if err != nil {
			return err
		}
		if len(decision.GetResponseHeaders()) > 0 {
			return fmt.Errorf("expected: no changed headers, got: %v", decision.GetResponseHeaders())
		}
		return step.Expect.compareNotes(decision.GetAnnotations(), decision.GetReason())
	case step.Lift != "":
		return r.state.Delete(ctx, step.Lift)
	case step.State != "":
		return r.state.fail(step.State)
	case step.Keys != nil:
		return r.state.compare(step.Keys)
	case step.Health != nil:
		health, err := r.service.HealthCheck(ctx, &hkpplugin.Empty{})
		for name, value := range step.Health {
			if got := health.GetDetails()[name]; err == nil && got != value {
				err = fmt.Errorf("expected: health %s: %s, got: %s", name, value, got)
			}
		}
		return err
	case step.At != "":
		return nil
	}
	return errors.New("expected: something to do, got: nothing")
}

func (e *expectation) compareDecision(decision *hkpplugin.HandleResponse) error {
	if e.Allow != decision.GetContinueChain() || e.Status != int(decision.GetStatusCode()) {
		return fmt.Errorf("expected: allow %t, status %d, got: %t, %d (%s)",
			e.Allow, e.Status, decision.GetContinueChain(), decision.GetStatusCode(), decision.GetReason())
	}
	if !e.Allow {
		retryAfter := ""
		if e.RetryAfter != nil {
			retryAfter = strconv.Itoa(*e.RetryAfter)
		}
		if got := decision.GetHeaders()["Retry-After"]; got != retryAfter {
			return fmt.Errorf("expected: Retry-After %q, got: %q", retryAfter, got)
		}
		delay := time.Duration(0)
		if e.Delay != "" {
			var err error
			if delay, err = hkp.ParseDuration(e.Delay); err != nil {
				return err
			}
		}
		if got := time.Duration(decision.GetDelayMs()) * time.Millisecond; got != delay {
			return fmt.Errorf("expected: a delay of %s, got: %s", delay, got)
		}
		if got := decision.GetHeaders()["Content-Type"]; got != "text/plain; charset=utf-8" {
			return fmt.Errorf("expected: plain text, got: %q", got)
		}
		if e.Text != nil && *e.Text+"\n" != string(decision.GetBody()) {
			return fmt.Errorf("expected: %q, got: %q", *e.Text, decision.GetBody())
		}
	}
	return e.compareNotes(decision.GetAnnotations(), decision.GetReason())
}

func (e *expectation) compareNotes(annotations map[string]string, reason string) error {
	if annotations["reason"] != reason {
		return fmt.Errorf("expected: the reason of the annotations, got: %q and %q", reason, annotations["reason"])
	}
	for _, pair := range []struct {
		key          string
		value, given *string
	}{{"rule", e.Rule, e.Reason}, {"observed", e.Observed, e.ObservedReason}} {
		got, there := annotations[pair.key]
		reasonKey := map[string]string{"rule": "reason", "observed": "observed_reason"}[pair.key]
		gotReason, reasonThere := annotations[reasonKey]
		if there != (pair.value != nil) || there != reasonThere || (there && got != *pair.value) {
			return fmt.Errorf("expected: %s %v, got: %v", pair.key, text(pair.value), annotations)
		}
		if pair.given != nil && gotReason != *pair.given {
			return fmt.Errorf("expected: %s %q, got: %q", reasonKey, *pair.given, gotReason)
		}
	}
	return nil
}

func text(value *string) string {
	if value == nil {
		return "(none)"
	}
	return *value
}

// warnings is a log that keeps them.
type warnings struct {
	lines []string
}

func (w *warnings) Enabled(_ context.Context, level slog.Level) bool {
	return level == slog.LevelWarn
}

func (w *warnings) Handle(_ context.Context, record slog.Record) error {
	w.lines = append(w.lines, record.Message)
	return nil
}

func (w *warnings) WithAttrs([]slog.Attr) slog.Handler {
	return w
}

func (w *warnings) WithGroup(string) slog.Handler {
	return w
}

func (w *warnings) compare(expected []string) error {
	if !slices.EqualFunc(w.lines, expected, strings.Contains) {
		return fmt.Errorf("expected: warnings %q, got: %q", expected, w.lines)
	}
	return nil
}
