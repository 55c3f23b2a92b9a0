package rule

import (
	"context"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// standingBlocks refuses what comes from a client that is blocked, whatever for. Of other clients it may
// ask another rule.
type standingBlocks struct {
	ledger ledger.Ledger
	// otherwise may be nil.
	otherwise rule
}

func (s standingBlocks) judge(ctx context.Context, request *hkp.Request, client count.Client) *Refusal {
	if block := s.ledger.Standing(ctx, client, request.DryRun); block != nil {
		return refusalOf(block, client)
	}
	if s.otherwise == nil {
		return nil
	}
	return s.otherwise.judge(ctx, request, client)
}

// answered does not count what is answered during a block, as if it had been refused.
func (s standingBlocks) answered(ctx context.Context, answer Answer) *Refusal {
	asked, is := s.otherwise.(answerRule)
	if !is || s.ledger.Standing(ctx, answer.Client, answer.DryRun) != nil {
		return nil
	}
	return asked.answered(ctx, answer)
}
