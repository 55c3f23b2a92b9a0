package internal

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/rule"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// handler makes decisions of what the rules say, and log lines of blocks. It knows who is never asked
// about. Safe for any number of goroutines.
type handler struct {
	config config
	rules  *rule.Rules
	// link is nil without the grant state.
	link  *ledger.Link
	sight sight
	log   *slog.Logger
}

// Handle decides about a request; it never fails.
func (h *handler) Handle(ctx context.Context, request *hkp.Request) (hkp.Decision, error) {
	if request.Is(hkp.HealthCheck) || h.config.allow.Contains(request.Client.Addr()) {
		return hkp.Allow(), nil
	}
	client := h.client(request.Client.Addr())
	outcome := h.rules.Judge(unhurried(ctx), request, client)
	h.logBlocks(ctx, outcome, client, request.DryRun)
	return decisionOf(outcome, h.config.tarpit), nil
}

// HandleResponse looks at the keyserver's answer to a request; it never fails.
func (h *handler) HandleResponse(ctx context.Context, response *hkp.Response) (hkp.ResponseDecision, error) {
	// Without a grant to see requests nobody knows who asked for what.
	if response.HKP == nil || response.Status < 400 || h.config.allow.Contains(response.Client.Addr()) {
		return hkp.Unchanged(), nil
	}
	client := h.client(response.Client.Addr())
	outcome := h.rules.Answered(unhurried(ctx), rule.Answer{
		Status: response.Status, Operation: response.HKP.Operation, Client: client, DryRun: response.DryRun,
	})
	h.logBlocks(ctx, outcome, client, response.DryRun)
	return responseDecisionOf(outcome), nil
}

func (h *handler) client(address netip.Addr) count.Client {
	if h.config.aggregate.Contains(address) {
		return count.Aggregate
	}
	return count.ClientOf(address)
}

// unhurried is for the gateway's state, of which each call has a limit of its own. A client that goes away
// early is counted all the same, and its going is no reason to believe that the state is away.
func unhurried(ctx context.Context) context.Context {
	return context.WithoutCancel(ctx)
}

// logBlocks tells of a block once; whatever else is refused is in the gateway's log.
func (h *handler) logBlocks(ctx context.Context, outcome rule.Outcome, client count.Client, dryRun bool) {
	if dryRun {
		return
	}
	if outcome.Refused != nil {
		h.logBlock(ctx, "client blocked", outcome.Refused.Block, client)
	}
	for _, observed := range outcome.Observed {
		h.logBlock(ctx, "client would be blocked, but its rule only observes", observed.Block, client)
	}
}

func (h *handler) logBlock(ctx context.Context, message string, block *ledger.Block, client count.Client) {
	if block == nil || !block.Begins {
		return
	}
	name := "-"
	if h.config.logAddresses {
		name = client.String()
	}
	h.log.WarnContext(ctx, message, "client", name, "rule", block.Rule, "limit", block.Limit,
		"seconds", rule.Seconds(block.Remaining), "strike", block.Strike)
}
