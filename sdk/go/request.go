package hkp

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is one request of a client. It belongs to the call of Handle that got it.
type Request struct {
	// ID names the request, also in the gateway's log.
	ID string
	// Method is, for example, "GET".
	Method string
	// Path is decoded and has no query.
	Path string
	// Target is path and query, byte for byte as the client sent them.
	Target string
	// Header has the client's header fields, bytes as received. Forwarded headers are not here:
	// see Client. Authorization and Cookie are here only with the grant http.credentials.
	Header http.Header
	// Client is who asks, as the gateway resolved it; no header can forge it. An IPv4 address is
	// never an IPv6 one that stands for it.
	Client netip.AddrPort
	// TLS tells whether the client spoke TLS.
	TLS bool
	// HKP is the gateway's reading of the target, which is the keyserver's too; nil outside of HKP.
	HKP *HKP
	// Body is there only with the grant http.request.body.
	Body Body
	// Annotations are notes of plugins that ran earlier, by "<plugin>.<key>".
	Annotations map[string]string
	// Deadline is when the gateway stops waiting, and that of ctx, too; zero: not stated.
	Deadline time.Time
	// TraceParent is the W3C trace context; empty when the request is not traced. Calls of [Host]
	// with the context of Handle pass it on.
	TraceParent string
	// DryRun asks what would be decided: change no state. Only with [Options.DryRun].
	DryRun bool
}

// Is tells whether the request is one of these operations.
func (r *Request) Is(operations ...Operation) bool {
	return r.HKP.is(operations)
}

// Search is the decoded search term; empty if there is none.
func (r *Request) Search() string {
	if r.HKP == nil {
		return ""
	}
	return r.HKP.Search
}

// Query is the query of the target, decoded, with repeated names. Decide by HKP where it is there.
func (r *Request) Query() url.Values {
	_, query, _ := strings.Cut(r.Target, "?")
	// What cannot be decoded is left out.
	values, _ := url.ParseQuery(query)
	return values
}

// HKP is a request to an HKP keyserver.
type HKP struct {
	Operation Operation
	// Search is the decoded term as sent, for example "0xA1B2…" or "alice@lab.example".
	Search string
	// Fingerprint is upper-case hex without "0x" (32, 40 or 64 digits) if the search is one.
	Fingerprint string
	// KeyID is upper-case hex without "0x" (8 or 16 digits) if the search is one.
	KeyID string
	// Options are the items of `options`, in order: "mr", "json" …
	Options []string
	// MachineReadable: "mr" is among the options.
	MachineReadable bool
	// Exact, ShowHash, ShowFingerprint: exact=on, hash=on, fingerprint=on.
	Exact, ShowHash, ShowFingerprint bool
}

func (h *HKP) is(operations []Operation) bool {
	return h != nil && slices.Contains(operations, h.Operation)
}

// BodyState says what of a body is there.
type BodyState int

const (
	// BodyAbsent: the request has none.
	BodyAbsent BodyState = iota
	// BodyComplete: all of it is in Bytes.
	BodyComplete
	// BodyPrefix: its first bytes are in Bytes.
	BodyPrefix
	// BodyWithheld: there is one, but this plugin does not get it: not asked for or not granted.
	BodyWithheld
)

// String is for logs.
func (s BodyState) String() string {
	if s < BodyAbsent || s > BodyWithheld {
		return "unknown"
	}
	return [...]string{"absent", "complete", "prefix", "withheld"}[s]
}

// Body is the body of a request, as far as the plugin may see it.
type Body struct {
	State BodyState
	// Bytes must not be changed.
	Bytes []byte
	// Length is that of the whole body if the client declared it, else -1; 0 if it is absent.
	Length int64
}
