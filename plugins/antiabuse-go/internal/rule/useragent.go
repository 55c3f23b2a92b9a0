package rule

import (
	"context"
	"strings"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// What comes behind is not compared: with the bounds of patterns a bound on work.
const comparedBytes = 256

// userAgent refuses programs that call themselves by a name that the operator does not like. A request
// without the header, as dirmngr sends them, fits no pattern.
type userAgent struct {
	patterns []settings.Glob
}

func (u userAgent) judge(_ context.Context, request *hkp.Request, _ count.Client) *Refusal {
	name := request.Header.Get("User-Agent")
	if name == "" {
		return nil
	}
	lower := strings.ToLower(name[:min(len(name), comparedBytes)])
	for _, pattern := range u.patterns {
		if pattern.Matches(lower) {
			return &Refusal{
				Rule: userAgentName, Status: 403,
				Text:   "Requests of this program are not accepted here.",
				Reason: "User-Agent fits " + string(pattern),
			}
		}
	}
	return nil
}
