package rule

import (
	"context"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// blockList refuses addresses, always.
type blockList struct {
	addresses settings.Addresses
}

func (b blockList) judge(_ context.Context, request *hkp.Request, _ count.Client) *Refusal {
	if !b.addresses.Contains(request.Client.Addr()) {
		return nil
	}
	return &Refusal{
		Rule: blockListName, Status: 403,
		Text:   "Requests from your address are not accepted here.",
		Reason: "the address is on the block list",
	}
}
