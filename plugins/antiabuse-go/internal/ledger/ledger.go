// Package ledger has the blocks of clients: in this process, or with the gateway, where all replicas see
// them and an operator may lift them. Start reading at [Ledger].
package ledger

import (
	"context"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
)

// Ledger has at most one block at a time for each client, and begins one when a client does something
// too often. Requests during a block are to be refused without being counted. Safe for any number of
// goroutines.
type Ledger interface {
	// Standing is the client's block; nil: there is none. Changes nothing of that, and a dry run nothing at
	// all.
	Standing(ctx context.Context, client count.Client, dryRun bool) *Block
	// Count counts an offence of a client that is not blocked, and blocks it if that is too many. It
	// returns the block that there is then. A dry run changes nothing.
	Count(ctx context.Context, offence *Offence, client count.Client, what uint64, dryRun bool) *Block
	// Offenders is an estimate of how many clients are blocked in this process, or were of late.
	Offenders() int
}

// Block is what there is against a client.
type Block struct {
	// Rule that blocked it, and the Limit that was exceeded, in words.
	Rule, Limit string
	// Strike is how many blocks the client has earned by that rule, at least 1.
	Strike int
	// Remaining is how long it stays blocked, more than zero.
	Remaining time.Duration
	// Begins is true once for each block.
	Begins bool
}

// Offence is what a client is blocked for.
type Offence struct {
	// Rule that says so.
	Rule  string
	Steps Steps
	// StrikesPrefix is that of the names under which the gateway keeps how many blocks a client has
	// earned by this rule.
	StrikesPrefix string
	// Own counts in this process, Shared with the gateway; nil if that keeps nothing for the plugin.
	Own    count.Own
	Shared count.Shared
}

// Steps are how long blocks last: each one of the same client longer than the one before, until it has
// behaved for a while.
type Steps struct {
	// Lengths of the first block, the second … The last one stays.
	Lengths []time.Duration
	// ForgetAfter is how long after its end a block still counts.
	ForgetAfter time.Duration
}

// length of a block. It lasts at least until there is room, so that who waits as told is let in.
func (s Steps) length(strike int, untilRoom time.Duration) time.Duration {
	return max(s.Lengths[min(strike, len(s.Lengths))-1], untilRoom)
}
