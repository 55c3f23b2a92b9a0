package ledger

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

const (
	pause = time.Second
	// What is refused may be each request: the log says so now and then.
	warnAgain = time.Minute
	warmUpKey = "warm-up"
)

// Link is what the gateway keeps for the plugin, and whether it is there. What cannot be asked of it is
// done here instead. When that is because the store is away, nobody asks again for a second. Safe for
// any number of goroutines.
type Link struct {
	// State of the gateway's.
	State count.State

	clock   count.Clock
	log     *slog.Logger
	away    atomic.Bool
	outages atomic.Int64
	retryAt atomic.Int64
	warnAt  atomic.Int64
	// Set before anything is asked.
	returns []func(context.Context)
}

// NewLink makes a link.
func NewLink(state count.State, clock count.Clock, log *slog.Logger) *Link {
	link := &Link{State: state, clock: clock, log: log}
	link.warnAt.Store(int64(clock()))
	return link
}

// Away tells whether the gateway does not answer at the moment.
func (l *Link) Away() bool {
	return l.away.Load()
}

// WarmUp asks for something, so that the first request is not the first to ask, and Away is right.
func (l *Link) WarmUp(ctx context.Context) {
	before := l.outages.Load()
	_, _, err := l.State.Get(ctx, warmUpKey)
	l.learn(before, err)
}

// onReturn has something done whenever the store is back, on a goroutine of its own. Not to be called once
// the link is used.
func (l *Link) onReturn(action func(context.Context)) {
	l.returns = append(l.returns, action)
}

// ask asks the gateway, or does it here if that has no answer. Who asks tells of a failure that it gets
// over with failed.
func ask[T any](link *Link, asked func() (T, error), here func() T) T {
	if link.away.Load() && int64(link.clock()) < link.retryAt.Load() {
		return here()
	}
	before := link.outages.Load()
	answer, err := asked()
	link.learn(before, err)
	if err != nil {
		return here()
	}
	return answer
}

func (l *Link) learn(before int64, err error) {
	if err != nil {
		l.failed(err)
	} else if l.outages.Load() == before && l.away.CompareAndSwap(true, false) {
		l.log.Info("the shared state is back; clients are counted there again")
		for _, action := range l.returns {
			go action(context.Background())
		}
	}
}

// failed is told that a call has failed, if it has.
func (l *Link) failed(err error) {
	switch {
	case err == nil:
	case errors.Is(err, hkp.ErrQuota), errors.Is(err, hkp.ErrInvalid), errors.Is(err, hkp.ErrNotGranted):
		// It is there: without room for one more client, there are still those that it has.
		now, due := int64(l.clock()), l.warnAt.Load()
		if now >= due && l.warnAt.CompareAndSwap(due, now+int64(warnAgain)) {
			l.log.Warn("the shared state does not take all; what it does not take is kept in this process", "error", err)
		}
	default:
		l.outages.Add(1)
		l.retryAt.Store(int64(l.clock() + pause))
		if l.away.CompareAndSwap(false, true) {
			l.log.Warn("the shared state is away; clients are counted in this process", "error", err)
		}
	}
}
