package internal

import (
	"strings"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/rule"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// note is what log, metrics and later plugins are told; the gateway puts the plugin's name before the key.
type note struct {
	key, text string
}

func decisionOf(outcome rule.Outcome, tarpit time.Duration) hkp.Decision {
	notes := notesOf(outcome)
	if outcome.Refused == nil {
		decision := hkp.Allow()
		for _, note := range notes {
			decision = decision.Annotate(note.key, note.text)
		}
		return decision
	}
	refused := outcome.Refused
	decision := hkp.Deny(refused.Status).Text(refused.Text).Reason(refused.Reason).Delay(tarpit)
	if refused.Block != nil {
		decision = decision.RetryAfter(refused.Block.Remaining)
	}
	for _, note := range notes {
		decision = decision.Annotate(note.key, note.text)
	}
	return decision
}

func responseDecisionOf(outcome rule.Outcome) hkp.ResponseDecision {
	decision := hkp.Unchanged()
	for _, note := range notesOf(outcome) {
		decision = decision.Annotate(note.key, note.text)
	}
	if outcome.Refused != nil {
		decision = decision.Reason(outcome.Refused.Reason)
	}
	return decision
}

func notesOf(outcome rule.Outcome) []note {
	var notes []note
	if refused := outcome.Refused; refused != nil {
		notes = append(notes, note{"rule", refused.Rule}, note{"reason", refused.Reason})
	}
	if len(outcome.Observed) > 0 {
		var rules, reasons []string
		for _, observed := range outcome.Observed {
			rules = append(rules, observed.Rule)
			reasons = append(reasons, observed.Reason)
		}
		notes = append(notes, note{"observed", strings.Join(rules, ",")}, note{"observed_reason", strings.Join(reasons, "; ")})
	}
	return notes
}
