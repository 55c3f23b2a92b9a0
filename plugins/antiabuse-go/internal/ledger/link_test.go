package ledger

import (
	"errors"
	"log/slog"
	"slices"
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
		{0, hkp.ErrInvalid, "here", 4, false, "it refuses a call"},
		{0, hkp.ErrNotGranted, "here", 5, false, "it refuses all"},
		{time.Second, hkp.ErrUnavailable, "here", 6, true, "it goes away"},
		{1999 * time.Millisecond, nil, "here", 6, true, "nobody asks within a second"},
		{2 * time.Second, errors.New("other"), "here", 7, true, "it is still away"},
		{2999 * time.Millisecond, nil, "here", 7, true, "nobody asks again"},
		{3 * time.Second, nil, "gateway", 8, false, "it is back"},
		{3 * time.Second, nil, "gateway", 9, false, "and everybody asks"},
	} {
		at, failure = step.at, step.failure
		if got := answer(); got != step.answer || asked != step.asked || link.Away() != step.away {
			t.Errorf("%s: expected: %+v, got: %s, asked %d, away %t", step.whatItIs, step, got, asked, link.Away())
		}
	}
}

// A question that was answered although a call behind it failed does not bring the state back.
func TestAFailureThatIsGotOverIsLearned(t *testing.T) {
	link := NewLink(nil, func() time.Duration { return 0 }, slog.New(slog.DiscardHandler))
	asked := 0
	var answers []string
	for range 2 {
		answer := ask(link, func() (string, error) {
			asked++
			link.failed(hkp.ErrUnavailable)
			return "gateway", nil
		}, func() string { return "here" })
		answers = append(answers, answer)
	}
	if !slices.Equal(answers, []string{"gateway", "here"}) || asked != 1 || !link.Away() {
		t.Errorf("expected: answered once, and away, got: %v, away %t", answers, link.Away())
	}
}
