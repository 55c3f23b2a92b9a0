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
	pause     = time.Second
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
	retryAt atomic.Int64
}

// NewLink makes a link.
func NewLink(state count.State, clock count.Clock, log *slog.Logger) *Link {
	return &Link{State: state, clock: clock, log: log}
}

// Away tells whether the gateway does not answer at the moment.
func (l *Link) Away() bool {
	return l.away.Load()
}

// WarmUp asks for something, so that the first request is not the first to ask, and Away is right.
func (l *Link) WarmUp(ctx context.Context) {
	_, _, err := l.State.Get(ctx, warmUpKey)
	l.learn(err)
}

// ask asks the gateway, or does it here if that has no answer.
func ask[T any](link *Link, asked func() (T, error), here func() T) T {
	if link.away.Load() && int64(link.clock()) < link.retryAt.Load() {
		return here()
	}
	answer, err := asked()
	link.learn(err)
	if err != nil {
		return here()
	}
	return answer
}

func (l *Link) learn(err error) {
	switch {
	case err == nil:
		if l.away.CompareAndSwap(true, false) {
			l.log.Info("the shared state is back; clients are counted there again")
		}
	case errors.Is(err, hkp.ErrQuota):
		// Without room for one more client, there are still those who are counted.
	default:
		l.retryAt.Store(int64(l.clock() + pause))
		if l.away.CompareAndSwap(false, true) {
			l.log.Warn("the shared state is away; clients are counted in this process", "error", err)
		}
	}
}
