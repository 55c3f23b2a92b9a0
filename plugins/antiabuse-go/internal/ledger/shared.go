package ledger

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

var (
	blockText  = regexp.MustCompile(`^(?:([a-z-]{1,40}): )?(.{1,200}), block (\d{1,9})$`)
	strikeText = regexp.MustCompile(`^\d{1,9}$`)
)

// Shared has the blocks with the gateway: they are the same for all replicas, outlive this process, and
// can be seen and lifted by an operator. A client that is blocked has under its name a value that says
// so: who deletes the name lifts the block. Under "strikes:" and its name is the number of its blocks by
// one rule, until they are forgotten.
//
// A question for which the gateway has no answer is decided by an [Own].
type Shared struct {
	Link *Link
	// Prefix of all names.
	Prefix string
	// UsualRule need not be named in a block: those of plugins that had no other were written so.
	UsualRule string
	Own       *Own
}

// Standing is of [Ledger].
func (s *Shared) Standing(ctx context.Context, client count.Client) *Block {
	return ask(s.Link, func() (*Block, error) {
		value, found, err := s.Link.State.Get(ctx, s.Prefix+client.String())
		if err != nil || !found {
			return nil, err
		}
		return s.read(value), nil
	}, func() *Block { return s.Own.Standing(ctx, client) })
}

// Count is of [Ledger].
func (s *Shared) Count(ctx context.Context, offence *Offence, client count.Client, what uint64, dryRun bool) *Block {
	return ask(s.Link, func() (*Block, error) {
		name := client.String()
		excess, err := offence.Shared.Count(ctx, name, what, dryRun)
		if err != nil || excess == nil {
			return nil, err
		}
		block, err := s.next(ctx, offence, name, excess)
		if err != nil || dryRun {
			return block, err
		}
		return s.begin(ctx, offence, name, block)
	}, func() *Block { return s.Own.Count(ctx, offence, client, what, dryRun) })
}

// Offenders is of [Ledger].
func (s *Shared) Offenders() int {
	return s.Own.Offenders()
}

func (s *Shared) next(ctx context.Context, offence *Offence, client string, excess *count.Excess) (*Block, error) {
	strikes, _, err := s.Link.State.Get(ctx, strikesKey(offence, client))
	if err != nil {
		return nil, err
	}
	strike := 1
	if strikeText.Match(strikes.Data) {
		before, _ := strconv.Atoi(string(strikes.Data))
		strike = before + 1
	}
	return &Block{
		Rule: offence.Rule, Limit: excess.Limit, Strike: strike,
		Remaining: offence.Steps.length(strike, excess.UntilRoom), Begins: true,
	}, nil
}

// begin begins a block once: another request, or replica, may be first.
func (s *Shared) begin(ctx context.Context, offence *Offence, client string, block *Block) (*Block, error) {
	state := s.Link.State
	current, stored, err := state.CompareAndSet(ctx, s.Prefix+client, 0, s.text(block), block.Remaining)
	if err != nil {
		return nil, err
	}
	if !stored {
		if current.Version == 0 {
			// It has just ended.
			block.Begins = false
			return block, nil
		}
		return s.read(current), nil
	}
	strikes := strconv.AppendInt(nil, int64(block.Strike), 10)
	if _, err := state.Put(ctx, strikesKey(offence, client), strikes, block.Remaining+offence.Steps.ForgetAfter); err != nil {
		return nil, err
	}
	return block, offence.Shared.Blocked(ctx, client)
}

func strikesKey(offence *Offence, client string) string {
	return "strikes:" + offence.StrikesPrefix + client
}

func (s *Shared) text(block *Block) []byte {
	text := block.Limit + ", block " + strconv.Itoa(block.Strike)
	if block.Rule != s.UsualRule {
		text = block.Rule + ": " + text
	}
	return []byte(text)
}

func (s *Shared) read(value hkp.Value) *Block {
	// A moment at least: what has just expired was there.
	block := &Block{Rule: s.UsualRule, Limit: "a limit", Strike: 1, Remaining: max(value.TTL, time.Millisecond)}
	if parts := blockText.FindSubmatch(value.Data); parts != nil {
		if len(parts[1]) > 0 {
			block.Rule = string(parts[1])
		}
		block.Limit = string(parts[2])
		block.Strike, _ = strconv.Atoi(string(parts[3]))
	}
	return block
}
