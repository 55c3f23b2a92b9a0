// Package internal is the plugin hkp-plugin-antiabuse-go: it refuses clients that ask too often, harvest
// addresses, or search in vain, programs that are not wanted, and uploads that are no keys. Start reading
// at [Serve]; what is refused and why is in package rule.
package internal

import (
	"context"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/rule"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

const (
	warmUpLimit = 5 * time.Second
	// Decisions take microseconds; with the grant state they wait for the gateway, which costs little.
	concurrency = 1024
)

// Serve runs the plugin and does not return; the gateway starts it.
func Serve() {
	began := time.Now()
	clock := func() time.Duration { return time.Since(began) }
	hkp.Serve(newPlugin(clock, func(setup *hkp.Setup) count.State { return setup.Host.State() }), options())
}

func options() hkp.Options {
	return hkp.Options{
		Description:  "Limits per client; harvesting, errors, programs and uploads; allow and block lists",
		Capabilities: []string{"http.request", "http.respond", "http.response", "http.request.body", "state"},
		Concurrency:  concurrency,
		DryRun:       true,
	}
}

// newPlugin makes what the gateway initializes. Tests have a clock and a state of their own.
func newPlugin(clock count.Clock, state func(*hkp.Setup) count.State) hkp.New {
	return func(ctx context.Context, setup *hkp.Setup) (hkp.Handler, error) {
		config, err := readConfig(setup.Config.Raw())
		if err != nil {
			return nil, err
		}
		for _, warning := range config.warnings {
			setup.Log.Warn(warning)
		}
		made := &handler{config: config, log: setup.Log, sight: sightOf(setup)}
		if setup.Granted("state") {
			made.link = ledger.NewLink(state(setup), clock, setup.Log)
			ctx, cancel := context.WithTimeout(ctx, warmUpLimit)
			defer cancel()
			made.link.WarmUp(ctx)
		}
		made.rules = rule.NewRules(config.rules, made.link, clock)
		setup.Log.Info("ready", append([]any{
			"state", made.state(), "answers", made.sight.answers, "uploads", made.sight.uploads,
		}, config.rules.Modes()...)...)
		return made, nil
	}
}
