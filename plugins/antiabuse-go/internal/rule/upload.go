package rule

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// upload refuses uploads that are too large, of a type that no client sends, or without an armored key in
// them. Each is refused by itself, and blocks nobody. What is not shown of a body is not judged: without
// the grant http.request.body that is all of it but the length that the client declared.
type upload struct {
	maxBytes int64
	// contentTypes are in lower case without parameters; none: any.
	contentTypes []string
}

func (u upload) judge(_ context.Context, request *hkp.Request, _ count.Client) *Refusal {
	sends := request.Method == "POST" || request.Method == "PUT"
	if !sends || !request.Is(hkp.Add, hkp.V2Add, hkp.Replace) {
		return nil
	}
	if max(request.Body.Length, int64(len(request.Body.Bytes))) > u.maxBytes {
		larger := fmt.Sprintf("larger than %d bytes", u.maxBytes)
		return &Refusal{Rule: uploadName, Status: 413, Text: "This upload is " + larger + ".", Reason: larger}
	}
	mediaType, _, _ := strings.Cut(request.Header.Get("Content-Type"), ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	if mediaType != "" && len(u.contentTypes) > 0 && !slices.Contains(u.contentTypes, mediaType) {
		return &Refusal{
			Rule: uploadName, Status: 415,
			Text:   "Keys are not accepted in this Content-Type.",
			Reason: "unusual Content-Type",
		}
	}
	// What is compressed can only be read by who stores it.
	if isEncoded(request) || request.Is(hkp.Replace) {
		return nil
	}
	if problem := keyProblem(mediaType, request.Body); problem != "" {
		return &Refusal{
			Rule: uploadName, Status: 400,
			Text:   "This upload contains no OpenPGP key that can be read.",
			Reason: problem,
		}
	}
	return nil
}

// isEncoded: a coding that changes nothing is none.
func isEncoded(request *hkp.Request) bool {
	for _, value := range request.Header.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
				return true
			}
		}
	}
	return false
}
