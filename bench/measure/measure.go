// Package measure does one thing again and again, by several callers at a time, and counts and
// times it. Both programs of the benchmark that call somebody share it.
package measure

import (
	"context"
	"sort"
	"sync"
	"time"
)

// Deadline ends a call that nobody answers.
const Deadline = 10 * time.Second

// Call does one thing once. It must check that what came is what was asked for: an error that is
// answered fast would else be a good figure.
type Call func(ctx context.Context) error

// Measured is what so many callers got in so much time. Times are in microseconds.
type Measured struct {
	Calls   int     `json:"calls"`
	Errors  int     `json:"errors"`
	Error   string  `json:"error,omitempty"` // the first one
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

// Run lets callers call one after the other, all of them at a time. Each caller gets a call of
// its own from the maker, which is told the caller's number.
func Run(maker func(caller int) (Call, error), callers int, duration time.Duration) (Measured, error) {
	calls := make([]Call, callers)
	for caller := range calls {
		var err error
		if calls[caller], err = maker(caller); err != nil {
			return Measured{}, err
		}
	}
	results := make([]result, callers)
	var wait sync.WaitGroup
	start := time.Now()
	for caller, one := range calls {
		wait.Add(1)
		go func() {
			defer wait.Done()
			results[caller] = repeat(one, start.Add(duration))
		}()
	}
	wait.Wait()
	return sum(results, time.Since(start)), nil
}

type result struct {
	took   []time.Duration
	errors int
	first  error
}

func repeat(one Call, until time.Time) result {
	var all result
	for before := time.Now(); before.Before(until); {
		ctx, cancel := context.WithTimeout(context.Background(), Deadline)
		err := one(ctx)
		cancel()
		after := time.Now()
		if err == nil {
			all.took = append(all.took, after.Sub(before))
		} else {
			all.errors++
			if all.first == nil {
				all.first = err
			}
			// What is refused at once must not keep the machine busy.
			time.Sleep(10 * time.Millisecond)
			after = time.Now()
		}
		before = after
	}
	return all
}

func sum(results []result, took time.Duration) Measured {
	all := Measured{Seconds: took.Seconds()}
	var times []time.Duration
	for _, one := range results {
		times = append(times, one.took...)
		all.Errors += one.errors
		if all.Error == "" && one.first != nil {
			all.Error = one.first.Error()
		}
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	all.Calls = len(times)
	all.P50, all.P99 = percentile(times, 0.50), percentile(times, 0.99)
	return all
}

// percentile of sorted times, in microseconds; 0 of none.
func percentile(times []time.Duration, share float64) float64 {
	if len(times) == 0 {
		return 0
	}
	return float64(times[int(share*float64(len(times)-1))].Nanoseconds()) / 1000
}
