package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
)

// Own has the blocks in the memory of this process. That is bounded: a block of a client that goes on
// knocking stays under a flood of addresses, and one that is lost all the same is found again at the
// next request, as long as the counts still exceed the limit.
type Own struct {
	clock count.Clock
	// Of each client the last block by each rule, until it is forgotten. Lists are never changed.
	blocks *otter.Cache[count.Client, []ownBlock]
}

type ownBlock struct {
	offence            *Offence
	limit              string
	strike             int
	until, forgottenAt time.Duration
}

// NewOwn makes a ledger for so many clients at a time.
func NewOwn(clock count.Clock, maxClients int) *Own {
	ledger := &Own{clock: clock}
	ledger.blocks = count.NewTable(clock, otter.Options[count.Client, []ownBlock]{
		MaximumSize: max(1, maxClients),
		ExpiryCalculator: otter.ExpiryWritingFunc(func(entry otter.Entry[count.Client, []ownBlock]) time.Duration {
			last := slices.MaxFunc(entry.Value, func(a, b ownBlock) int { return int(a.forgottenAt - b.forgottenAt) })
			return max(1, last.forgottenAt-clock())
		}),
	})
	return ledger
}

// Standing is of [Ledger].
func (o *Own) Standing(_ context.Context, client count.Client, _ bool) *Block {
	_, block := o.held(client)
	return block
}

// held is the client's block that stands, and what it is for; nil: there is none.
func (o *Own) held(client count.Client) (*Offence, *Block) {
	blocks, known := o.blocks.GetIfPresent(client)
	if !known {
		return nil, nil
	}
	now := o.clock()
	if i := standing(blocks, now); i >= 0 {
		return blocks[i].offence, blocks[i].told(now, false)
	}
	return nil, nil
}

// blockedClients are those that are blocked, in no order.
func (o *Own) blockedClients() []count.Client {
	var clients []count.Client
	now := o.clock()
	for client, blocks := range o.blocks.All() {
		if standing(blocks, now) >= 0 {
			clients = append(clients, client)
		}
	}
	return clients
}

// release ends the client's block, as somebody else has it now, and forgets what has led to it: who lifts
// it there must not be undone here. It still counts for the length of the next one.
func (o *Own) release(offence *Offence, client count.Client) {
	offence.Own.Forget(client)
	o.blocks.ComputeIfPresent(client, func(blocks []ownBlock) ([]ownBlock, otter.ComputeOp) {
		now := o.clock()
		ended := slices.Clone(blocks)
		for i := range ended {
			ended[i].until = min(ended[i].until, now)
		}
		return ended, otter.WriteOp
	})
}

// Count is of [Ledger].
func (o *Own) Count(ctx context.Context, offence *Offence, client count.Client, what uint64, dryRun bool) *Block {
	if block := o.Standing(ctx, client, dryRun); block != nil {
		return block
	}
	excess := offence.Own.Count(client, what, dryRun)
	if excess == nil {
		return nil
	}
	if dryRun {
		blocks, _ := o.blocks.GetIfPresent(client)
		now := o.clock()
		return next(offence, excess, 1, blocks, now).told(now, true)
	}
	return o.begin(offence, client, excess, 1)
}

// begin begins a block once: another goroutine may be first. The block is the one of the number strike, if
// this process knows of fewer.
func (o *Own) begin(offence *Offence, client count.Client, excess *count.Excess, strike int) *Block {
	var block *Block
	o.blocks.Compute(client, func(blocks []ownBlock, _ bool) ([]ownBlock, otter.ComputeOp) {
		now := o.clock()
		if i := standing(blocks, now); i >= 0 {
			block = blocks[i].told(now, false)
			return blocks, otter.CancelOp
		}
		begun := next(offence, excess, strike, blocks, now)
		block = begun.told(now, true)
		others := slices.DeleteFunc(slices.Clone(blocks), func(other ownBlock) bool { return other.offence.Rule == offence.Rule })
		return append(others, begun), otter.WriteOp
	})
	offence.Own.Blocked(client)
	return block
}

// Offenders is of [Ledger].
func (o *Own) Offenders() int {
	return o.blocks.EstimatedSize()
}

// strikes is how many blocks by a rule a client has earned in this process that are not forgotten.
func (o *Own) strikes(offence *Offence, client count.Client) int {
	blocks, _ := o.blocks.GetIfPresent(client)
	return strikes(offence, blocks, o.clock())
}

func strikes(offence *Offence, blocks []ownBlock, now time.Duration) int {
	for _, block := range blocks {
		if block.offence.Rule == offence.Rule && block.forgottenAt > now {
			return block.strike
		}
	}
	return 0
}

func next(offence *Offence, excess *count.Excess, least int, blocks []ownBlock, now time.Duration) ownBlock {
	strike := max(least, strikes(offence, blocks, now)+1)
	until := now + offence.Steps.length(strike, excess.UntilRoom)
	return ownBlock{
		offence: offence, limit: excess.Limit, strike: strike,
		until: until, forgottenAt: until + offence.Steps.ForgetAfter,
	}
}

func standing(blocks []ownBlock, now time.Duration) int {
	return slices.IndexFunc(blocks, func(block ownBlock) bool { return block.until > now })
}

func (b ownBlock) told(now time.Duration, begins bool) *Block {
	return &Block{Rule: b.offence.Rule, Limit: b.limit, Strike: b.strike, Remaining: b.until - now, Begins: begins}
}
