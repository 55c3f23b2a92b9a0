// Package rule has the rules, one file each. Start reading at [Rules], which asks them; [NewRules] orders
// them.
package rule

import (
	"context"
	"strconv"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// Names of the rules, as annotations and the gateway's state have them.
const (
	blockListName = "block-list"
	userAgentName = "user-agent"
	rateName      = "rate-limit"
	hashQueryName = "hashquery-rate-limit"
	uploadName    = "upload"
	harvestName   = "harvest"
	errorsName    = "errors"
)

// rule is one reason to refuse requests. It says what it would do if it is enforced; whether it is, is
// not its business. Safe for any number of goroutines.
type rule interface {
	// judge returns nil if there is nothing against the request. Changes nothing in a dry run.
	judge(ctx context.Context, request *hkp.Request, client count.Client) *Refusal
}

// answerRule is a rule that looks at the keyserver's answers, too, which go to the client in any case.
type answerRule interface {
	// answered returns a refusal if requests that follow will be refused for it, beginning now.
	answered(ctx context.Context, answer Answer) *Refusal
}

// Answer is an answer of the keyserver.
type Answer struct {
	Status    int
	Operation hkp.Operation
	Client    count.Client
	DryRun    bool
}

// Refusal is a reason to refuse a request.
type Refusal struct {
	Rule string
	// Status and Text, a sentence, are for the client.
	Status int
	Text   string
	// Reason is for the operator: neither what was searched for nor who did.
	Reason string
	// Block that it is about; nil if only this request is refused.
	Block *ledger.Block
}

// refusalOf makes one of what there is against a client; nil if that is nothing.
func refusalOf(block *ledger.Block, client count.Client) *Refusal {
	if block == nil {
		return nil
	}
	from, whose := "your address", "this client"
	if client == count.Aggregate {
		from, whose = "addresses such as yours", "the aggregate"
	}
	text := "Too many requests from " + from + "."
	switch block.Rule {
	case harvestName:
		text = "Too many different searches from " + from + "."
	case errorsName:
		text = "Too many requests from " + from + " for what is not here."
	}
	seconds, unit := Seconds(block.Remaining), " seconds."
	if seconds == 1 {
		unit = " second."
	}
	return &Refusal{
		Rule:   block.Rule,
		Status: 429,
		Text:   text + " Please try again in " + strconv.Itoa(seconds) + unit,
		Reason: "more than " + block.Limit + ", block " + strconv.Itoa(block.Strike) + " of " + whose,
		Block:  block,
	}
}

// Seconds are rounded up, and at least 1.
func Seconds(remaining time.Duration) int {
	return max(1, int((remaining+time.Second-1)/time.Second))
}
