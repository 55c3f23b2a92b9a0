package rule

import (
	"context"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// errorsRule refuses many look-ups that the keyserver answers with an error. Searches and keys are counted
// apart: gpg --refresh-keys asks for each of its keys, and many of them may be on no keyserver, but nobody
// searches in vain so often.
type errorsRule struct {
	ledger            ledger.Ledger
	searches, fetches *ledger.Offence
	statuses          settings.Statuses
}

func (e errorsRule) judge(context.Context, *hkp.Request, count.Client) *Refusal {
	return nil
}

func (e errorsRule) answered(ctx context.Context, answer Answer) *Refusal {
	var offence *ledger.Offence
	switch answer.Operation {
	case hkp.LookupIndex, hkp.LookupVIndex, hkp.V2Index:
		offence = e.searches
	case hkp.LookupGet, hkp.LookupHGet, hkp.V2CertsByVFingerprint, hkp.V2CertsByIdentity, hkp.V2CertsByKeyID:
		offence = e.fetches
	}
	if offence == nil || !e.statuses.Contains(answer.Status) {
		return nil
	}
	block := e.ledger.Count(ctx, offence, answer.Client, 0, answer.DryRun)
	if block == nil || !block.Begins {
		// A block that has begun before is told of with what it refuses.
		return nil
	}
	return refusalOf(block, answer.Client)
}
