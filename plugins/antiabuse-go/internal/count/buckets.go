package count

import (
	"context"
	"strconv"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// SharedBuckets counts requests with the gateway: each limit is a bucket of tokens, as many requests at
// once as the limit, and as many again, steadily, in each window. The first bucket lies under the
// client's name, so that who deletes the name fills it; further ones have their window behind it.
type SharedBuckets struct {
	State  State
	Prefix string
	Limits []Limit
}

// Count is of [Shared].
func (s SharedBuckets) Count(ctx context.Context, client string, _ uint64, dryRun bool) (*Excess, error) {
	tokens := int64(1)
	if dryRun {
		tokens = 0
	}
	for i, limit := range s.Limits {
		key := s.Prefix + client
		if i > 0 {
			key += " " + strconv.Itoa(int(limit.Window/time.Second)) + "s"
		}
		bucket := hkp.Bucket{Capacity: int64(limit.Max), Refill: int64(limit.Max), Period: limit.Window}
		taken, err := s.State.Acquire(ctx, key, tokens, bucket)
		if err != nil {
			return nil, err
		}
		if !taken.Acquired || (dryRun && taken.Remaining == 0) {
			return &Excess{Limit: limit.String(), UntilRoom: taken.RetryAfter}, nil
		}
	}
	return nil, nil
}

// Blocked changes nothing: the buckets say when there is room.
func (s SharedBuckets) Blocked(context.Context, string) error {
	return nil
}
