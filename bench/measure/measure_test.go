package measure

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	var all []time.Duration
	for i := 1; i <= 101; i++ {
		all = append(all, time.Duration(i)*time.Microsecond)
	}
	if percentile(all, 0.5) != 51 || percentile(all, 0.99) != 100 || percentile(nil, 0.5) != 0 {
		t.Errorf("expected: 51, 100 and 0, got: %v, %v and %v", percentile(all, 0.5), percentile(all, 0.99),
			percentile(nil, 0.5))
	}
}

func TestAllCallersCallAndTheFirstErrorIsKept(t *testing.T) {
	got, err := Run(func(caller int) (Call, error) {
		return func(context.Context) error {
			if caller == 1 {
				return errors.New("expected: something else")
			}
			time.Sleep(time.Millisecond)
			return nil
		}, nil
	}, 2, 50*time.Millisecond)
	if err != nil || got.Calls == 0 || got.Errors == 0 || got.Error != "expected: something else" ||
		got.P50 < 1000 || got.P99 < got.P50 || got.Seconds < 0.05 {
		t.Errorf("expected: calls of one and errors of the other, got: %+v, %v", got, err)
	}
}

func TestACallThatCannotBeMadeIsNoFigure(t *testing.T) {
	got, err := Run(func(int) (Call, error) { return nil, errors.New("no") }, 1, time.Second)
	if err == nil || got != (Measured{}) {
		t.Errorf("expected: an error, got: %+v", got)
	}
}
