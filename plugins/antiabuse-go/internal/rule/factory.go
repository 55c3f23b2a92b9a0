package rule

import (
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
)

const (
	// Peers are few compared with clients.
	clientsPerPeer = 10
	// A block, and an error, cost more than a request.
	clientsPerOffender = 4
	// Memory for the searches of all clients, per client that may be counted.
	searchBytes = 64
)

// factory makes the rules.
type factory struct {
	config Config
	// link is nil if clients are counted in this process only.
	link  *ledger.Link
	clock count.Clock
	rules *Rules
}

// NewRules makes the rules and orders them: first what costs nothing and blocks nobody, then what counts,
// and what looks into uploads behind it, so that a flood of bad ones is limited, too. Without a link
// clients are counted in this process.
//
// Enforced rules have one ledger: whatever a client is blocked for, it is blocked, and an operator lifts
// that under one name. A rule that only observes has a ledger of its own, so that it says what it would
// do, whatever the others do.
func NewRules(config Config, link *ledger.Link, clock count.Clock) *Rules {
	f := &factory{config: config, link: link, clock: clock, rules: &Rules{}}
	f.rules.requests = f.requests()
	f.rules.hashQueries = f.hashQueries()
	return f.rules
}

func (f *factory) requests() []entry {
	config := f.config
	enforced := f.ledger("", rateName, config.MaxClients)
	entries := append(f.stateless(), entry{standingBlocks{ledger: enforced}, settings.Enforce})
	entries = f.counting(entries, rateName, config.Rate.mode, enforced, func(blocks ledger.Ledger) rule {
		return rate{blocks, f.requestsOffence(rateName, config.Rate, "", config.MaxClients)}
	})
	if config.Upload.mode != settings.Off {
		entries = append(entries, entry{upload{config.Upload.maxBytes, config.Upload.contentTypes}, config.Upload.mode})
	}
	entries = f.counting(entries, harvestName, config.Harvest.mode, enforced, func(blocks ledger.Ledger) rule {
		return harvest{blocks, f.harvestOffence(), config.Harvest.shortest}
	})
	return f.counting(entries, errorsName, config.Errors.mode, enforced, func(blocks ledger.Ledger) rule {
		return errorsRule{
			blocks, f.errorsOffence(config.Errors.searches, "errors:"),
			f.errorsOffence(config.Errors.fetches, "errors:keys:"), config.Errors.statuses,
		}
	})
}

func (f *factory) hashQueries() []entry {
	peers := f.config.MaxClients / clientsPerPeer
	const prefix = "hashquery:"
	enforced := f.ledger(prefix, hashQueryName, peers)
	entries := append(f.stateless(), entry{standingBlocks{ledger: enforced}, settings.Enforce})
	return f.counting(entries, hashQueryName, f.config.HashQuery.mode, enforced, func(blocks ledger.Ledger) rule {
		return rate{blocks, f.requestsOffence(hashQueryName, f.config.HashQuery, prefix, peers)}
	})
}

func (f *factory) stateless() []entry {
	var entries []entry
	if mode := f.config.BlockList.mode; mode != settings.Off {
		entries = append(entries, entry{blockList{f.config.BlockList.addresses}, mode})
	}
	if mode := f.config.UserAgent.mode; mode != settings.Off && len(f.config.UserAgent.patterns) > 0 {
		entries = append(entries, entry{userAgent{f.config.UserAgent.patterns}, mode})
	}
	return entries
}

func (f *factory) counting(entries []entry, name string, mode settings.Mode, enforced ledger.Ledger,
	made func(ledger.Ledger) rule) []entry {
	switch mode {
	case settings.Enforce:
		return append(entries, entry{made(enforced), mode})
	case settings.Observe:
		apart := f.ledger(observed(name), name, f.config.MaxClients)
		return append(entries, entry{standingBlocks{apart, made(apart)}, mode})
	}
	return entries
}

func (f *factory) requestsOffence(name string, config rateConfig, prefix string, clients int) *ledger.Offence {
	prefix = strikesPrefix(name, config.mode, prefix)
	return f.offence(name, config.steps, prefix, count.NewSliding(f.clock, config.limits, clients),
		func(state count.State) count.Shared {
			return count.SharedBuckets{State: state, Prefix: prefix, Limits: config.limits}
		})
}

func (f *factory) harvestOffence() *ledger.Offence {
	config := f.config.Harvest
	const prefix = harvestName + ":"
	own := count.NewSearch(f.clock, config.searches, config.broad, uint64(f.config.MaxClients)*searchBytes)
	return f.offence(harvestName, config.steps, strikesPrefix(harvestName, config.mode, prefix), own,
		func(state count.State) count.Shared {
			return count.NewSharedSearch(state, prefix, config.searches, config.broad)
		})
}

func (f *factory) errorsOffence(limit count.Limit, prefix string) *ledger.Offence {
	config := f.config.Errors
	own := count.NewFixed(f.clock, limit, f.config.MaxClients/clientsPerOffender)
	return f.offence(errorsName, config.steps, strikesPrefix(errorsName, config.mode, errorsName+":"), own,
		func(state count.State) count.Shared {
			return count.SharedFixed{State: state, Prefix: prefix, Limit: limit}
		})
}

func (f *factory) offence(name string, steps ledger.Steps, strikesPrefix string, own count.Own,
	shared func(count.State) count.Shared) *ledger.Offence {
	f.rules.counters = append(f.rules.counters, own)
	offence := &ledger.Offence{Rule: name, Steps: steps, StrikesPrefix: strikesPrefix, Own: own}
	if f.link != nil {
		offence.Shared = shared(f.link.State)
	}
	return offence
}

func (f *factory) ledger(prefix, usualRule string, clients int) ledger.Ledger {
	own := ledger.NewOwn(f.clock, clients/clientsPerOffender)
	var made ledger.Ledger = own
	if f.link != nil {
		made = ledger.NewShared(f.link, prefix, usualRule, own)
	}
	f.rules.ledgers = append(f.rules.ledgers, made)
	return made
}

// strikesPrefix is apart for a rule that only observes: its strikes do not count when it is enforced.
func strikesPrefix(name string, mode settings.Mode, enforced string) string {
	if mode == settings.Observe {
		return observed(name)
	}
	return enforced
}

func observed(name string) string {
	return "observed:" + name + ":"
}
