package rule

import (
	"context"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// Rules asks the rules one after another, until one that is enforced refuses. It is the only place that
// knows their modes. Safe for any number of goroutines.
type Rules struct {
	requests, hashQueries []entry
	counters              []count.Own
	ledgers               []ledger.Ledger
}

// entry is a rule in its place.
type entry struct {
	rule rule
	// mode is not Off.
	mode settings.Mode
}

// Outcome is what becomes of a request.
type Outcome struct {
	// Refused by the rule that refuses it; nil: it may go on.
	Refused *Refusal
	// Observed is what rules that only observe have against it.
	Observed []*Refusal
}

// Judge judges a request. Changes nothing in a dry run.
func (r *Rules) Judge(ctx context.Context, request *hkp.Request, client count.Client) Outcome {
	entries := r.requests
	if request.Is(hkp.HashQuery) {
		entries = r.hashQueries
	}
	var outcome Outcome
	for _, entry := range entries {
		if outcome.add(entry.mode, entry.rule.judge(ctx, request, client)) {
			break
		}
	}
	return outcome
}

// Answered looks at the keyserver's answer to a request. A refusal is one of what follows.
func (r *Rules) Answered(ctx context.Context, answer Answer) Outcome {
	var outcome Outcome
	for _, entry := range r.requests {
		asked, is := entry.rule.(answerRule)
		if is && outcome.add(entry.mode, asked.answered(ctx, answer)) {
			break
		}
	}
	return outcome
}

// Clients is an estimate of how many are counted in this process, by all rules together.
func (r *Rules) Clients() int {
	sum := 0
	for _, counter := range r.counters {
		sum += counter.Clients()
	}
	return sum
}

// Offenders is an estimate of how many clients are blocked in this process, or were of late.
func (r *Rules) Offenders() int {
	sum := 0
	for _, ledger := range r.ledgers {
		sum += ledger.Offenders()
	}
	return sum
}

// add tells whether that is the end of it.
func (o *Outcome) add(mode settings.Mode, refusal *Refusal) bool {
	if refusal == nil {
		return false
	}
	if mode == settings.Enforce {
		o.Refused = refusal
		return true
	}
	o.Observed = append(o.Observed, refusal)
	return false
}
