package ledger

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// failing is a state that has values, and of which some calls fail.
type failing struct {
	count.State
	put  error
	swap error

	mutex  sync.Mutex
	values map[string]string
}

func (f *failing) text(key string) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.values[key]
}

func (f *failing) Get(_ context.Context, key string) (hkp.Value, bool, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	text, found := f.values[key]
	return hkp.Value{Data: []byte(text), Version: uint64(len(text)), TTL: 10 * time.Second}, found, nil
}

func (f *failing) Put(_ context.Context, key string, data []byte, _ time.Duration) (hkp.Value, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.put == nil {
		f.values[key] = string(data)
	}
	return hkp.Value{}, f.put
}

func (f *failing) CompareAndSet(_ context.Context, key string, version uint64, data []byte, _ time.Duration) (hkp.Value, bool, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if text := f.values[key]; version != uint64(len(text)) {
		return hkp.Value{Data: []byte(text), Version: uint64(len(text)), TTL: 10 * time.Second}, false, f.swap
	}
	if f.swap == nil {
		f.values[key] = string(data)
	}
	return hkp.Value{}, f.swap == nil, f.swap
}

// never lets nothing pass.
type never struct {
	forgotten error
}

func (n never) Count(context.Context, string, uint64, bool) (*count.Excess, error) {
	return &count.Excess{Limit: "1 request in 10 s"}, nil
}

func (n never) Blocked(context.Context, string) error {
	return n.forgotten
}

var reasons = []error{hkp.ErrUnavailable, hkp.ErrFailed, hkp.ErrQuota, hkp.ErrInvalid, hkp.ErrNotGranted}

func sharedLedger(state *failing, forgotten error) (*Shared, *Offence, *limiter) {
	limiter := newLimiter(1000, 1000)
	shared := NewShared(NewLink(state, limiter.ledger.clock, slog.New(slog.DiscardHandler)), "", "rate", limiter.ledger)
	offence := *limiter.offence
	offence.Shared = never{forgotten}
	return shared, &offence, limiter
}

func isAway(reason error) bool {
	return errors.Is(reason, hkp.ErrUnavailable) || errors.Is(reason, hkp.ErrFailed)
}

func TestABlockStandsWhateverFailsBehindIt(t *testing.T) {
	for _, reason := range reasons {
		for _, step := range []struct {
			what           string
			put, forgotten error
		}{{"the number of blocks", reason, nil}, {"forgetting counts", nil, reason}} {
			state := &failing{values: map[string]string{}, put: step.put}
			shared, offence, _ := sharedLedger(state, step.forgotten)
			block := shared.Count(context.Background(), offence, client(1), 0, false)
			if block == nil || !block.Begins || block.Strike != 1 || state.values["0.0.0.1"] != "1 request in 10 s, block 1" {
				t.Errorf("%s, %v: expected: a first block, got: %+v and %v", step.what, reason, block, state.values)
			}
			if shared.Link.Away() != isAway(reason) {
				t.Errorf("%s, %v: expected: away %t, got: %t", step.what, reason, isAway(reason), shared.Link.Away())
			}
		}
	}
}

func TestABlockThatTheGatewayDoesNotTakeBeginsHere(t *testing.T) {
	for _, reason := range reasons {
		state := &failing{values: map[string]string{"strikes:0.0.0.1": "1"}, swap: reason}
		shared, offence, limiter := sharedLedger(state, nil)
		block := shared.Count(context.Background(), offence, client(1), 0, false)
		if block == nil || !block.Begins || block.Strike != 2 || block.Remaining != time.Minute {
			t.Fatalf("%v: expected: a second block that begins, got: %+v", reason, block)
		}
		limiter.at.Add(int64(59 * time.Second))
		block = shared.Standing(context.Background(), client(1), false)
		if block == nil || block.Begins || block.Remaining != time.Second || shared.Link.Away() != isAway(reason) {
			t.Errorf("%v: expected: it stands, got: %+v, away %t", reason, block, shared.Link.Away())
		}
		limiter.at.Add(int64(time.Second))
		if block = shared.Standing(context.Background(), client(1), false); block != nil {
			t.Errorf("%v: expected: it ends, got: %+v", reason, block)
		}
		if block = shared.Count(context.Background(), offence, client(1), 0, false); block == nil || block.Strike != 3 {
			t.Errorf("%v: expected: a third block, got: %+v", reason, block)
		}
	}
}

// Nobody is told of a block that ended, and who is blocked there already keeps that block.
func TestBlocksAreHandedOverWhenTheStateIsBack(t *testing.T) {
	state := &failing{values: map[string]string{}, swap: hkp.ErrUnavailable}
	shared, offence, limiter := sharedLedger(state, nil)
	for i := range 3 {
		shared.Count(context.Background(), offence, client(i+1), 0, false)
		limiter.at.Add(int64(pause))
	}
	state.mutex.Lock()
	state.swap = nil
	state.values["0.0.0.2"] = "5 requests in 10 s, block 7"
	state.mutex.Unlock()
	limiter.at.Add(int64(17500 * time.Millisecond))

	if block := shared.Standing(context.Background(), client(9), false); block != nil || shared.Link.Away() {
		t.Fatalf("expected: nothing against another client, and the state is back, got: %+v, away %t", block, shared.Link.Away())
	}
	for deadline := time.Now().Add(10 * time.Second); state.text("strikes:0.0.0.3") == ""; {
		if time.Now().After(deadline) {
			t.Fatalf("expected: the block is handed over within 10 s, got: %v", state.values)
		}
		runtime.Gosched()
	}
	for name, expected := range map[string]string{
		"0.0.0.1": "", "0.0.0.2": "5 requests in 10 s, block 7", "0.0.0.3": "1 request in 10 s, block 1", "strikes:0.0.0.3": "1",
	} {
		if text := state.text(name); text != expected {
			t.Errorf("expected: %q under %s, got: %q", expected, name, text)
		}
	}

	state.mutex.Lock()
	delete(state.values, "0.0.0.3")
	state.mutex.Unlock()
	if block := shared.Standing(context.Background(), client(3), false); block != nil {
		t.Errorf("expected: whose block is deleted is free, got: %+v", block)
	}
}

func TestTheLongerBlockCounts(t *testing.T) {
	state := &failing{values: map[string]string{}, swap: hkp.ErrQuota}
	shared, offence, limiter := sharedLedger(state, nil)
	shared.Count(context.Background(), offence, client(1), 0, false)
	limiter.at.Add(int64(time.Second))
	state.swap = nil
	// Of ten seconds, while 19 are left of the other.
	state.values["0.0.0.1"] = "5 requests in 10 s, block 7"

	for _, dryRun := range []bool{true, false} {
		block := shared.Standing(context.Background(), client(1), dryRun)
		if block == nil || block.Remaining != 19*time.Second || block.Strike != 1 {
			t.Errorf("dry run %t: expected: the block that began here, got: %+v", dryRun, block)
		}
		if handed := state.text("0.0.0.1") == "1 request in 10 s, block 1"; handed == dryRun {
			t.Errorf("dry run %t: expected: handed over %t, got: %t", dryRun, !dryRun, handed)
		}
	}
	delete(state.values, "0.0.0.1")
	if block := shared.Standing(context.Background(), client(1), false); block != nil {
		t.Errorf("expected: whose block is deleted is free, got: %+v", block)
	}
}
