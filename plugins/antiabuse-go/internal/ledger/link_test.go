package ledger

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

func TestWhoIsAwayIsAskedOnceASecond(t *testing.T) {
	var at time.Duration
	var failure error
	asked := 0
	link := NewLink(nil, func() time.Duration { return at }, slog.New(slog.DiscardHandler))
	answer := func() string {
		return ask(link, func() (string, error) { asked++; return "gateway", failure }, func() string { return "here" })
	}
	for _, step := range []struct {
		at       time.Duration
		failure  error
		answer   string
		asked    int
		away     bool
		whatItIs string
	}{
		{0, nil, "gateway", 1, false, "it is there"},
		{0, hkp.ErrQuota, "here", 2, false, "no room for one more client"},
		{0, nil, "gateway", 3, false, "there is for others"},
		{time.Second, hkp.ErrUnavailable, "here", 4, true, "it goes away"},
		{1999 * time.Millisecond, nil, "here", 4, true, "nobody asks within a second"},
		{2 * time.Second, errors.New("other"), "here", 5, true, "it is still away"},
		{2999 * time.Millisecond, nil, "here", 5, true, "nobody asks again"},
		{3 * time.Second, nil, "gateway", 6, false, "it is back"},
		{3 * time.Second, nil, "gateway", 7, false, "and everybody asks"},
	} {
		at, failure = step.at, step.failure
		if got := answer(); got != step.answer || asked != step.asked || link.Away() != step.away {
			t.Errorf("%s: expected: %+v, got: %s, asked %d, away %t", step.whatItIs, step, got, asked, link.Away())
		}
	}
}
