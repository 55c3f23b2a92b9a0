package rule

import (
	"context"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// rate counts every request.
type rate struct {
	ledger  ledger.Ledger
	offence *ledger.Offence
}

func (r rate) judge(ctx context.Context, request *hkp.Request, client count.Client) *Refusal {
	return refusalOf(r.ledger.Count(ctx, r.offence, client, 0, request.DryRun), client)
}
