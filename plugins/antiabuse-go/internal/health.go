package internal

import (
	"context"
	"strconv"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// sight is what the plugin is shown, for the operator.
type sight struct {
	// answers tells whether it sees what the keyserver answers, without which the rule errors counts
	// nothing; uploads what of uploads can be judged.
	answers, uploads string
}

func sightOf(setup *hkp.Setup) sight {
	seen := sight{
		answers: "not granted: errors are not counted",
		uploads: "size and type only: bodies are not granted",
	}
	if setup.Granted("http.response") {
		seen.answers = "seen"
	}
	if setup.Granted("http.request.body") {
		seen.uploads = "size, type and content as far as it is shown"
	}
	return seen
}

// Health says where clients are counted, how many, and what the plugin is shown.
func (h *handler) Health(context.Context) hkp.Health {
	return hkp.Healthy().
		With("state", h.state()).
		With("answers", h.sight.answers).
		With("uploads", h.sight.uploads).
		With("clients", strconv.Itoa(h.rules.Clients())).
		With("offenders", strconv.Itoa(h.rules.Offenders()))
}

// state is where clients are counted at the moment: with the gateway ("shared"), in this process for want
// of the shared state ("away"), or in this process ("own").
func (h *handler) state() string {
	switch {
	case h.link == nil:
		return "own"
	case h.link.Away():
		return "away"
	}
	return "shared"
}
