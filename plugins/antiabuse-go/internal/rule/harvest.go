package rule

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// harvest refuses many searches for different texts, as who collects addresses sends them. Searches for a
// key, by fingerprint or key ID, never count, and neither does fetching keys of one whole address, which
// is what clients do for each recipient of a message.
type harvest struct {
	ledger  ledger.Ledger
	offence *ledger.Offence
	// shortest is how many characters a search must have not to be broad.
	shortest int
}

func (h harvest) judge(ctx context.Context, request *hkp.Request, client count.Client) *Refusal {
	isList := request.Is(hkp.LookupIndex, hkp.LookupVIndex, hkp.V2Index)
	if !isList && !request.Is(hkp.LookupGet, hkp.V2CertsByIdentity) {
		return nil
	}
	if request.HKP.Fingerprint != "" || request.HKP.KeyID != "" {
		return nil
	}
	term := normalized(request.HKP.Search)
	broad := h.isBroad(term)
	if term == "" || (!broad && !isList) {
		return nil
	}
	return refusalOf(h.ledger.Count(ctx, h.offence, client, hash(term, broad), request.DryRun), client)
}

// normalized makes one search of what keyservers do not tell apart.
func normalized(search string) string {
	words := strings.FieldsFunc(search, func(letter rune) bool {
		return letter == ' ' || letter == '\t' || letter == '\u00A0'
	})
	return strings.ToLower(strings.Join(words, " "))
}

// isBroad tells whether a search finds what it does not name: a wildcard, a domain, a few letters.
func (h harvest) isBroad(term string) bool {
	if strings.ContainsAny(term, "*%?") || utf8.RuneCountInString(term) < h.shortest {
		return true
	}
	at := strings.IndexByte(term, '@')
	return at == 0 || (at < 0 && strings.IndexByte(term, '.') > 0 && !strings.Contains(term, " "))
}

// hash makes a number of a term, so that nothing keeps what was searched for. The lowest bit says whether
// it is broad.
func hash(term string, broad bool) uint64 {
	digest := sha256.Sum256([]byte(term))
	number := binary.BigEndian.Uint64(digest[:]) &^ 1
	if broad {
		number |= 1
	}
	return number
}
