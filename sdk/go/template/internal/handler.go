package internal

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// HkpTemplate refuses searches so short that they can only be meant to harvest addresses.
type HkpTemplate struct {
	config Config
}

// Handle decides about one request. Many goroutines call it at a time.
func (p *HkpTemplate) Handle(_ context.Context, request *hkp.Request) (hkp.Decision, error) {
	if !request.Is(hkp.LookupIndex, hkp.LookupVIndex) {
		return hkp.Allow(), nil
	}
	if utf8.RuneCountInString(request.Search()) >= p.config.ShortestSearch {
		return hkp.Allow(), nil
	}
	return hkp.Deny(429).
		RetryAfter(time.Minute).
		Text(fmt.Sprintf("Please search for at least %d characters.", p.config.ShortestSearch)).
		Reason("search too short"), nil
}
