package hkp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"
)

// hostOf gives a plugin's way to a host in memory.
func hostOf(t *testing.T, host *hkptest.Host, grants ...string) *hkp.Host {
	t.Helper()
	var got *hkp.Host
	hkptest.Start(t, func(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) {
		got = setup.Host
		return hkp.HandlerFunc(nil), nil
	}, hkptest.Setup{Host: host, Grants: grants})
	return got
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestState(t *testing.T) {
	fake := hkptest.NewHost()
	state, ctx := hostOf(t, fake, "state").State(), limited(t)
	if _, found, err := state.Get(ctx, "a"); found || err != nil {
		t.Errorf("expected: nothing, got: %v, %v", found, err)
	}
	first, err := state.Put(ctx, "a", []byte("1"), time.Minute)
	if err != nil || first.TTL != time.Minute || string(first.Data) != "1" {
		t.Errorf("expected: a value for a minute, got: %+v, %v", first, err)
	}
	if current, stored, err := state.CompareAndSet(ctx, "a", first.Version+1, []byte("x"), 0); stored || err != nil || string(current.Data) != "1" {
		t.Errorf("expected: not stored, got: %+v, %v, %v", current, stored, err)
	}
	if current, stored, err := state.CompareAndSet(ctx, "a", first.Version, []byte("2"), 0); !stored || err != nil || string(current.Data) != "2" || current.TTL != 0 {
		t.Errorf("expected: stored, got: %+v, %v, %v", current, stored, err)
	}
	if _, stored, err := state.CompareAndSet(ctx, "new", 0, []byte("3"), time.Second); !stored || err != nil {
		t.Errorf("expected: stored, got: %v, %v", stored, err)
	}
	fake.Advance(time.Second)
	if _, found, _ := state.Get(ctx, "new"); found {
		t.Error("expected: expired, got: there")
	}
	for want := int64(1); want <= 2; want++ {
		if count, err := state.Increment(ctx, "a", 1, 10*time.Second); err != nil || count.Value != want || count.Remaining != 10*time.Second {
			t.Errorf("expected: %d, got: %+v, %v", want, count, err)
		}
	}
	fake.Advance(10 * time.Second)
	if count, err := state.Increment(ctx, "a", 0, 10*time.Second); err != nil || count.Value != 0 || count.Remaining != 0 {
		t.Errorf("expected: nothing, got: %+v, %v", count, err)
	}
	bucket := hkp.Bucket{Capacity: 2, Refill: 1, Period: time.Second}
	for _, want := range []hkp.Tokens{{true, 1, 0}, {true, 0, 0}, {false, 0, time.Second}} {
		if got, err := state.Acquire(ctx, "a", 1, bucket); err != nil || got != want {
			t.Errorf("expected: %+v, got: %+v, %v", want, got, err)
		}
	}
	fake.Advance(500 * time.Millisecond)
	if got, _ := state.Acquire(ctx, "a", 1, bucket); got.Acquired || got.RetryAfter != 500*time.Millisecond {
		t.Errorf("expected: half a second more, got: %+v", got)
	}
	if err := state.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if got, _ := state.Acquire(ctx, "a", 2, bucket); !got.Acquired {
		t.Errorf("expected: a new bucket, got: %+v", got)
	}
	if _, found, _ := state.Get(ctx, "a"); found {
		t.Error("expected: no value, got: one")
	}
}

func TestErrorsSayWhatToMakeOfThem(t *testing.T) {
	fake := hkptest.NewHost()
	ctx := limited(t)
	nothing := hostOf(t, fake)
	_, _, state := nothing.State().Get(ctx, "a")
	_, lookup := nothing.Lookup(ctx, "0xDEADBEEF", hkp.KeyOptions{})
	publish := nothing.Publish(ctx, hkp.Event{Type: "plugin.test.a"})
	for grant, err := range map[string]error{"state": state, "storage.query": lookup, "events.publish": publish} {
		if !errors.Is(err, hkp.ErrNotGranted) || !strings.Contains(err.Error(), "the grant "+grant) {
			t.Errorf("expected: not granted, and %s, got: %v", grant, err)
		}
	}
	for _, err := range nothing.StreamKeys(ctx, hkp.KeySearch, "a", hkp.KeyOptions{}) {
		if !errors.Is(err, hkp.ErrNotGranted) {
			t.Errorf("expected: not granted, got: %v", err)
		}
	}
	for _, err := range nothing.Subscribe(ctx, hkp.EventFilter{}) {
		if !errors.Is(err, hkp.ErrNotGranted) {
			t.Errorf("expected: not granted, got: %v", err)
		}
	}
	all := hostOf(t, fake, everything...)
	if _, _, err := all.State().Get(ctx, ""); !errors.Is(err, hkp.ErrInvalid) {
		t.Errorf("expected: invalid, got: %v", err)
	}
	fake.SetUnavailable(true)
	_, err := all.State().Increment(ctx, "a", 1, 0)
	var typed *hkp.HostError
	if !errors.Is(err, hkp.ErrUnavailable) || !errors.As(err, &typed) || typed.Method != "IncrementState" {
		t.Errorf("expected: unavailable, got: %v", err)
	}
	for _, err := range []error{func() error { _, err := hkp.NewHost(nil).Info(ctx); return err }(), hkp.NewHost(nil).PublishAll(ctx, slices.Values([]hkp.Event{{}}))} {
		if !errors.Is(err, hkp.ErrUnavailable) {
			t.Errorf("expected: unavailable without a gateway, got: %v", err)
		}
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if _, _, err := all.State().Get(gone, "a"); !errors.Is(err, context.Canceled) || errors.Is(err, hkp.ErrUnavailable) {
		t.Errorf("expected: the caller's own end, got: %v", err)
	}
}

func TestKeys(t *testing.T) {
	fake := hkptest.NewHost()
	for i := range 150 {
		fake.AddKey(hkp.Key{Fingerprint: fmt.Sprintf("%040X", i), UserIDs: []string{fmt.Sprintf("User %d <user%d@lab.example>", i, i)}, Data: []byte{byte(i)}})
	}
	host, ctx := hostOf(t, fake, "storage.query"), limited(t)
	if page, err := host.Search(ctx, "lab.example", hkp.KeyOptions{}); err != nil || len(page.Keys) != 100 || page.Total != 150 || page.Keys[0].Data != nil {
		t.Errorf("expected: 100 of 150 without data, got: %d of %d, %v", len(page.Keys), page.Total, err)
	}
	if page, err := host.Search(ctx, "lab.example", hkp.KeyOptions{Limit: 20, Offset: 140}); err != nil || len(page.Keys) != 10 {
		t.Errorf("expected: the last 10, got: %d, %v", len(page.Keys), err)
	}
	if page, err := host.Search(ctx, "user1@lab.example", hkp.KeyOptions{Exact: true}); err != nil || page.Total != 1 {
		t.Errorf("expected: one, got: %d, %v", page.Total, err)
	}
	if page, err := host.Fetch(ctx, fmt.Sprintf("0x%040X", 7), hkp.KeyOptions{}); err != nil || page.Total != 1 || !slices.Equal(page.Keys[0].Data, []byte{7}) {
		t.Errorf("expected: the key itself, got: %+v, %v", page, err)
	}
	if page, err := host.Lookup(ctx, "0xFFFFFFFF", hkp.KeyOptions{}); err != nil || page.Total != 0 {
		t.Errorf("expected: none and no error, got: %+v, %v", page, err)
	}
	if _, err := host.Lookup(ctx, "alice", hkp.KeyOptions{}); !errors.Is(err, hkp.ErrInvalid) {
		t.Errorf("expected: invalid, got: %v", err)
	}
	count := 0
	for key, err := range host.StreamKeys(ctx, hkp.KeyFetch, "lab.example", hkp.KeyOptions{}) {
		if err != nil || len(key.Data) != 1 {
			t.Fatalf("expected: a key with data, got: %+v, %v", key, err)
		}
		count++
	}
	if count != 150 {
		t.Errorf("expected: 150, got: %d", count)
	}
	for range host.StreamKeys(ctx, hkp.KeyFetch, "lab.example", hkp.KeyOptions{}) {
		break
	}
}

func TestEvents(t *testing.T) {
	fake := hkptest.NewHost()
	host, ctx := hostOf(t, fake, "events.publish", "events.subscribe"), limited(t)
	got := make(chan hkp.Event, 10)
	ended := make(chan struct{})
	listening, stop := context.WithCancel(ctx)
	go func() {
		defer close(ended)
		for batch, err := range host.Subscribe(listening, hkp.EventFilter{Types: []string{"plugin.test.*"}, Metadata: map[string]string{"a": "b"}}) {
			if err != nil {
				t.Errorf("expected: no error, got: %v", err)
			}
			for _, event := range batch.Events {
				got <- event
			}
		}
	}()
	awaitSubscription(ctx, t, fake)
	if err := host.Publish(ctx, hkp.Event{Type: "plugin.test.one", Data: []byte(`{"n":1}`), Metadata: map[string]string{"a": "b"}, Cluster: true}); err != nil {
		t.Error(err)
	}
	more := []hkp.Event{{Type: "plugin.test.two", Metadata: map[string]string{"a": "c"}}, {Type: "plugin.test.three", Metadata: map[string]string{"a": "b"}}}
	if err := host.PublishAll(ctx, slices.Values(more)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"plugin.test.one", "plugin.test.three"} {
		select {
		case event := <-got:
			if event.Type != want || event.Source != "test" {
				t.Errorf("expected: %s, got: %+v", want, event)
			}
		case <-ctx.Done():
			t.Fatalf("expected: %s, got: silence", want)
		}
	}
	stop()
	<-ended
	wrong := []hkp.Event{{Type: "plugin.test.four"}, {Type: "key.changed"}, {Type: "plugin.test.five"}}
	if err := host.PublishAll(ctx, slices.Values(wrong)); !errors.Is(err, hkp.ErrInvalid) {
		t.Errorf("expected: invalid, got: %v", err)
	}
	published := fake.Published()
	if len(published) != 4 || published[3].Type != "plugin.test.four" || string(published[0].Data) != `{"n":1}` || !published[0].Cluster {
		t.Errorf("expected: four, got: %+v", published)
	}
}

func awaitSubscription(ctx context.Context, t *testing.T, fake *hkptest.Host) {
	t.Helper()
	for fake.Subscribers() == 0 {
		if ctx.Err() != nil {
			t.Fatal("expected: a subscription, got: none")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestABrokenSubscriptionIsOpenedAgain(t *testing.T) {
	fake := hkptest.NewHost()
	host, ctx := hostOf(t, fake, "events.subscribe"), limited(t)
	listening, stop := context.WithCancel(ctx)
	got, ended := make(chan string, 10), make(chan struct{})
	go func() {
		defer close(ended)
		for batch, err := range host.Subscribe(listening, hkp.EventFilter{}) {
			if err != nil {
				t.Errorf("expected: no error, got: %v", err)
				continue
			}
			got <- batch.Events[0].Type
		}
	}()
	for _, want := range []string{"key.one", "key.two", "key.three"} {
		awaitSubscription(ctx, t, fake)
		fake.Emit(hkp.Event{Type: want})
		select {
		case heard := <-got:
			if heard != want {
				t.Errorf("expected: %s, got: %s", want, heard)
			}
		case <-ended:
			t.Fatalf("expected: %s, got: the end", want)
		case <-ctx.Done():
			t.Fatalf("expected: %s, got: silence", want)
		}
		fake.SetUnavailable(true)
		if open := fake.Subscribers(); open != 0 {
			t.Errorf("expected: no stream is open, got: %d", open)
		}
		fake.SetUnavailable(want == "key.three")
	}
	// Also while it pauses, which it now does.
	stop()
	select {
	case <-ended:
	case <-ctx.Done():
		t.Error("expected: the end, got: none")
	}
}

func TestTheTraceOfTheRequestGoesAlong(t *testing.T) {
	fake := hkptest.NewHost()
	plugin := hkptest.Start(t, func(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) {
		return hkp.HandlerFunc(func(ctx context.Context, _ *hkp.Request) (hkp.Decision, error) {
			_, err := setup.Host.State().Increment(ctx, "a", 1, 0)
			return hkp.Allow(), err
		}), nil
	}, hkptest.Setup{Host: fake, Grants: everything})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	plugin.Handle(hkptest.NewRequest("GET /").TraceParent(parent))
	if got := fake.LastTraceParent(); got != parent {
		t.Errorf("expected: %s, got: %q", parent, got)
	}
	plugin.Handle(hkptest.NewRequest("GET /"))
	if got := fake.LastTraceParent(); got != "" {
		t.Errorf("expected: none, got: %q", got)
	}
}
