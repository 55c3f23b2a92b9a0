package main

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

type config struct {
	ShortestSearch int `json:"shortest_search" default:"4" min:"1" max:"100"`
}

type noHarvesting struct {
	config config
}

func main() {
	hkp.Serve(newHandler, hkp.Options{Description: "Refuses searches that are too short", DryRun: true})
}

func newHandler(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) {
	var config config
	if err := setup.Config.Decode(&config); err != nil {
		return nil, err
	}
	return &noHarvesting{config}, nil
}

func (n *noHarvesting) Handle(_ context.Context, request *hkp.Request) (hkp.Decision, error) {
	if request.Is(hkp.LookupIndex, hkp.LookupVIndex) && utf8.RuneCountInString(request.Search()) < n.config.ShortestSearch {
		return hkp.Deny(429).
			RetryAfter(time.Minute).
			Text(fmt.Sprintf("Please search for at least %d characters.", n.config.ShortestSearch)).
			Reason("search too short"), nil
	}
	return hkp.Allow(), nil
}
