package ledger

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
)

// limiter is a ledger with one limit of requests, by a clock of the test's.
type limiter struct {
	at      atomic.Int64
	ledger  *Own
	counter *count.Sliding
	offence *Offence
}

func newLimiter(most, maxClients int) *limiter {
	made := &limiter{}
	clock := func() time.Duration { return time.Duration(made.at.Load()) }
	limit := count.Limit{Max: most, Window: 10 * time.Second, What: count.Requests}
	made.counter = count.NewSliding(clock, []count.Limit{limit}, maxClients)
	made.ledger = NewOwn(clock, maxClients/4)
	made.offence = &Offence{
		Rule:  "rate",
		Steps: Steps{Lengths: []time.Duration{20 * time.Second, time.Minute}, ForgetAfter: time.Hour},
		Own:   made.counter,
	}
	return made
}

func (l *limiter) check(number int) *Block {
	return l.ledger.Count(context.Background(), l.offence, client(number), 0, false)
}

func client(number int) count.Client {
	return count.ClientOf(netip.AddrFrom4([4]byte{byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)}))
}

func TestGoroutinesTogetherPassExactlyTheLimitAndBeginOneBlock(t *testing.T) {
	limiter := newLimiter(1000, 1000)
	var passed, begun atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 500 {
				block := limiter.check(1)
				if block == nil {
					passed.Add(1)
				} else if block.Begins {
					begun.Add(1)
				}
				limiter.check(2 + i)
			}
		})
	}
	group.Wait()
	if passed.Load() != 1000 || begun.Load() != 1 {
		t.Errorf("expected: 1000 requests and one block that begins, got: %d and %d", passed.Load(), begun.Load())
	}
}

func TestABlockStaysUnderAFlood(t *testing.T) {
	limiter := newLimiter(100, 1000)
	for range 101 {
		limiter.check(1)
	}
	for i := range 50_000 {
		if limiter.check(1000+i) != nil {
			t.Fatal("expected: a new client starts at zero, got: it is blocked")
		}
		if i%100 == 0 && limiter.check(1) == nil {
			t.Fatalf("expected: who is blocked stays so, got: let in after %d addresses", i)
		}
	}
	if clients := limiter.counter.Clients(); clients > 1000 {
		t.Errorf("expected: at most 1000 clients, got: %d", clients)
	}
}

func TestAFloodOfOffendersIsBoundedAndNobodyGetsThrough(t *testing.T) {
	limiter := newLimiter(2, 10_000)
	for i := range 6000 {
		for range 3 {
			limiter.check(i)
		}
	}
	if offenders := limiter.ledger.Offenders(); offenders > 2500 {
		t.Errorf("expected: at most 2500 offenders, got: %d", offenders)
	}
	for i := range 6000 {
		if limiter.check(i) == nil {
			t.Fatalf("expected: offender %d stays refused, got: let in", i)
		}
	}
	if limiter.check(7000) != nil {
		t.Error("expected: a new client starts at zero, got: it is blocked")
	}
}

func TestOffendersAreForgotten(t *testing.T) {
	limiter := newLimiter(1, 1000)
	limiter.check(1)
	if block := limiter.check(1); block == nil || block.Strike != 1 {
		t.Fatalf("expected: a first block, got: %v", block)
	}
	limiter.at.Add(int64(20*time.Second + time.Hour))
	limiter.ledger.blocks.CleanUp()
	if offenders := limiter.ledger.Offenders(); offenders != 0 {
		t.Errorf("expected: none after an hour, got: %d", offenders)
	}
}
