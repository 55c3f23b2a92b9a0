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
// A question for which the gateway has no answer is decided by an [Own], and a block for which it has no
// room begins there: so a client is blocked if either says so. Such a block is handed over to the gateway
// as soon as that takes it, at the latest when the client asks again, so that an operator sees it and
// lifts it like all others.
type Shared struct {
	Link *Link
	// Prefix of all names.
	Prefix string
	// UsualRule need not be named in a block: those of plugins that had no other were written so.
	UsualRule string
	Own       *Own
}

// NewShared makes a ledger.
func NewShared(link *Link, prefix, usualRule string, own *Own) *Shared {
	shared := &Shared{Link: link, Prefix: prefix, UsualRule: usualRule, Own: own}
	link.onReturn(shared.handOverAll)
	return shared
}

// Standing is of [Ledger]. Both memories are asked, and the longer block counts.
func (s *Shared) Standing(ctx context.Context, client count.Client, dryRun bool) *Block {
	return ask(s.Link, func() (*Block, error) {
		there, _, err := s.Link.State.Get(ctx, s.Prefix+client.String())
		if err != nil {
			return nil, err
		}
		offence, here := s.Own.held(client)
		if here != nil && !dryRun {
			s.handOver(ctx, offence, client, here, there)
		}
		if there.Version == 0 || (here != nil && there.TTL < here.Remaining) {
			return here, nil
		}
		return s.read(there), nil
	}, func() *Block { return s.Own.Standing(ctx, client, dryRun) })
}

// handOverAll gives the gateway one block after the other, until it fails again.
func (s *Shared) handOverAll(ctx context.Context) {
	for _, client := range s.Own.blockedClients() {
		if offence, here := s.Own.held(client); here != nil && !s.handOver(ctx, offence, client, here, hkp.Value{}) {
			return
		}
	}
}

// handOver gives the gateway a block that began here, unless it has one that lasts as long; there is what it
// has, as far as is known. It tells whether the gateway has answered.
func (s *Shared) handOver(ctx context.Context, offence *Offence, client count.Client, block *Block, there hkp.Value) bool {
	// Once more if it has something else by now.
	for range 2 {
		if there.Version != 0 && there.TTL >= block.Remaining {
			s.Own.release(offence, client)
			return true
		}
		current, stored, err := s.Link.State.CompareAndSet(ctx, s.Prefix+client.String(), there.Version, s.text(block), block.Remaining)
		if err != nil {
			s.Link.failed(err)
			return false
		}
		if stored {
			s.Own.release(offence, client)
			s.begun(ctx, offence, client, block)
			return true
		}
		there = current
	}
	return true
}

// Count is of [Ledger].
func (s *Shared) Count(ctx context.Context, offence *Offence, client count.Client, what uint64, dryRun bool) *Block {
	return ask(s.Link, func() (*Block, error) {
		excess, err := offence.Shared.Count(ctx, client.String(), what, dryRun)
		if err != nil || excess == nil {
			return nil, err
		}
		// From here on the client is refused, whatever fails.
		block := s.next(ctx, offence, client, excess)
		if dryRun {
			return block, nil
		}
		return s.begin(ctx, offence, client, excess, block), nil
	}, func() *Block { return s.Own.Count(ctx, offence, client, what, dryRun) })
}

// Offenders is of [Ledger].
func (s *Shared) Offenders() int {
	return s.Own.Offenders()
}

func (s *Shared) next(ctx context.Context, offence *Offence, client count.Client, excess *count.Excess) *Block {
	strike := s.Own.strikes(offence, client) + 1
	strikes, _, err := s.Link.State.Get(ctx, strikesKey(offence, client))
	s.Link.failed(err)
	if err == nil && strikeText.Match(strikes.Data) {
		before, _ := strconv.Atoi(string(strikes.Data))
		strike = max(strike, before+1)
	}
	return &Block{
		Rule: offence.Rule, Limit: excess.Limit, Strike: strike,
		Remaining: offence.Steps.length(strike, excess.UntilRoom), Begins: true,
	}
}

// begin begins a block once: another request, or replica, may be first.
func (s *Shared) begin(ctx context.Context, offence *Offence, client count.Client, excess *count.Excess, block *Block) *Block {
	state, name := s.Link.State, client.String()
	current, stored, err := state.CompareAndSet(ctx, s.Prefix+name, 0, s.text(block), block.Remaining)
	if err != nil {
		s.Link.failed(err)
		block = s.Own.begin(offence, client, excess, block.Strike)
		s.Link.failed(offence.Shared.Blocked(ctx, name))
		return block
	}
	if !stored {
		if current.Version == 0 {
			// It has just ended.
			block.Begins = false
			return block
		}
		return s.read(current)
	}
	s.begun(ctx, offence, client, block)
	return block
}

func (s *Shared) begun(ctx context.Context, offence *Offence, client count.Client, block *Block) {
	strikes := strconv.AppendInt(nil, int64(block.Strike), 10)
	_, err := s.Link.State.Put(ctx, strikesKey(offence, client), strikes, block.Remaining+offence.Steps.ForgetAfter)
	s.Link.failed(err)
	s.Link.failed(offence.Shared.Blocked(ctx, client.String()))
}

func strikesKey(offence *Offence, client count.Client) string {
	return "strikes:" + offence.StrikesPrefix + client.String()
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
