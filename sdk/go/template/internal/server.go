// Package internal is the plugin: server.go begins it, handler.go decides, config.go is what an
// operator can set.
package internal

import (
	"context"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// Serve runs the plugin. It never returns.
func Serve() {
	hkp.Serve(New, hkp.Options{
		Description:  "Refuses searches that are too short",
		Capabilities: []string{"http.request", "http.respond"},
		// Handle changes nothing, so it can also be asked what it would decide.
		DryRun: true,
	})
}

// New makes the handler when the gateway initializes the plugin. An error means that it refuses to
// run; the operator reads its text.
func New(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) {
	var config Config
	if err := setup.Config.Decode(&config); err != nil {
		return nil, err
	}
	setup.Log.Info("ready", "shortest_search", config.ShortestSearch)
	return &HkpTemplate{config: config}, nil
}
