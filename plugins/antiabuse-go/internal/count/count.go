// Package count counts what clients do: in this process and with the gateway. None of it knows of
// requests or blocks. Start reading at [Own] and [Shared].
package count

import (
	"context"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// Clock is the time since the plugin began; it never goes back.
type Clock func() time.Duration

// Own counts for each client in the memory of this process, which is bounded. Safe for any number of
// goroutines; does not block for long.
type Own interface {
	// Count counts, unless that is too many: then it returns the limit that would be exceeded. what
	// was done matters to a counter of different things. A dry run changes nothing.
	Count(client Client, what uint64, dryRun bool) *Excess
	// Blocked is told that a client's block begins: a counter that is to start anew forgets it.
	Blocked(client Client)
	// Forget forgets a client, whose block somebody else has now, with the right to lift it.
	Forget(client Client)
	// Clients is an estimate of how many are counted.
	Clients() int
}

// Shared counts with the gateway, so that all its replicas have one count and it outlives this
// process. Clients are known by name. Each error is one of hkp.State's.
type Shared interface {
	Count(ctx context.Context, client string, what uint64, dryRun bool) (*Excess, error)
	Blocked(ctx context.Context, client string) error
}

// State is what is used of hkp.State.
type State interface {
	Get(ctx context.Context, key string) (value hkp.Value, found bool, err error)
	Put(ctx context.Context, key string, data []byte, ttl time.Duration) (hkp.Value, error)
	CompareAndSet(ctx context.Context, key string, expected uint64, data []byte, ttl time.Duration) (current hkp.Value, stored bool, err error)
	Delete(ctx context.Context, key string) error
	Increment(ctx context.Context, key string, delta int64, window time.Duration) (hkp.Count, error)
	Acquire(ctx context.Context, key string, tokens int64, bucket hkp.Bucket) (hkp.Tokens, error)
}

// Excess says that a limit has been exceeded.
type Excess struct {
	// Limit in words.
	Limit string
	// UntilRoom is how long until there is room again, so that a block must not be shorter; zero if
	// the counter starts anew when a block begins.
	UntilRoom time.Duration
}
