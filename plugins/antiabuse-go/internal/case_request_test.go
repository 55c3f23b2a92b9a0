package internal

import (
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

var (
	lookups = map[string]hkpplugin.HkpRequest_Operation{
		"get": hkpplugin.HkpRequest_LOOKUP_GET, "hget": hkpplugin.HkpRequest_LOOKUP_HGET,
		"index": hkpplugin.HkpRequest_LOOKUP_INDEX, "vindex": hkpplugin.HkpRequest_LOOKUP_VINDEX,
		"stats": hkpplugin.HkpRequest_LOOKUP_STATS,
	}
	paths = map[string]hkpplugin.HkpRequest_Operation{
		"/pks/add": hkpplugin.HkpRequest_ADD, "/pks/replace": hkpplugin.HkpRequest_REPLACE,
		"/pks/delete": hkpplugin.HkpRequest_DELETE, "/pks/hashquery": hkpplugin.HkpRequest_HASHQUERY,
		"/pks/stats": hkpplugin.HkpRequest_STATS, "/pks/health": hkpplugin.HkpRequest_HEALTH,
		"/pks/v2/certs": hkpplugin.HkpRequest_V2_ADD,
	}
	prefixes = map[string]hkpplugin.HkpRequest_Operation{
		"/pks/v2/certs/by-vfingerprint/": hkpplugin.HkpRequest_V2_CERTS_BY_VFINGERPRINT,
		"/pks/v2/certs/by-identity/":     hkpplugin.HkpRequest_V2_CERTS_BY_IDENTITY,
		"/pks/v2/certs/by-keyid/":        hkpplugin.HkpRequest_V2_CERTS_BY_KEYID,
		"/pks/v2/index/":                 hkpplugin.HkpRequest_V2_INDEX,
	}
	bodyStates = map[string]hkpplugin.BodyState{
		"absent": hkpplugin.BodyState_BODY_ABSENT, "complete": hkpplugin.BodyState_BODY_COMPLETE,
		"prefix": hkpplugin.BodyState_BODY_PREFIX, "withheld": hkpplugin.BodyState_BODY_WITHHELD,
	}
	keyDigits = regexp.MustCompile(`^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)
)

// event is what the gateway would send.
func (c caseRequest) event(number string, grants []string) *hkpplugin.HandleRequestEvent {
	target := strings.ReplaceAll(c.Target, "{n}", number)
	event := &hkpplugin.HandleRequestEvent{
		RequestId: "case-" + number, Method: c.method(), RawTarget: []byte(target), Path: path(target),
		RemoteAddr: c.client(number), Hkp: hkpOf(target), DryRun: c.DryRun,
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		value := strings.ReplaceAll(c.Headers[name], "{n}", number)
		event.HeaderFields = append(event.HeaderFields, &hkpplugin.HeaderField{Name: name, Value: []byte(value)})
	}
	c.addBody(event, slices.Contains(grants, "http.request.body"))
	return event
}

// answer is what the gateway would send of the keyserver's answer.
func (c caseRequest) answer(number string) *hkpplugin.UpstreamResponseEvent {
	target := strings.ReplaceAll(c.Target, "{n}", number)
	return &hkpplugin.UpstreamResponseEvent{
		RequestId: "case-" + number, StatusCode: int32(c.Status), Method: c.method(), RawTarget: []byte(target),
		RemoteAddr: c.client(number), Hkp: hkpOf(target), DryRun: c.DryRun,
	}
}

func (c caseRequest) method() string {
	if c.Method == "" {
		return "GET"
	}
	return c.Method
}

func (c caseRequest) client(number string) string {
	address := strings.ReplaceAll(c.Client, "{n}", number)
	if address == "" {
		address = "192.0.2.1"
	}
	return netip.AddrPortFrom(netip.MustParseAddr(address), 40000).String()
}

func (c caseRequest) addBody(event *hkpplugin.HandleRequestEvent, granted bool) {
	bytes := []byte(c.Body)
	if c.BodyBase64 != nil {
		bytes = c.BodyBase64
	}
	switch {
	case bytes == nil:
		return
	case c.BodyState != "":
		event.BodyState = bodyStates[c.BodyState]
	case granted:
		event.BodyState = hkpplugin.BodyState_BODY_COMPLETE
	default:
		event.BodyState = hkpplugin.BodyState_BODY_WITHHELD
	}
	event.BodyLength = int64(len(bytes))
	if c.BodyLength != nil {
		event.BodyLength = *c.BodyLength
	}
	if event.BodyState != hkpplugin.BodyState_BODY_WITHHELD {
		event.Body = bytes
	}
}

func path(target string) string {
	raw, _, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		panic(err)
	}
	return decoded
}

// hkpOf reads a target as far as the table needs it; nil outside of HKP.
func hkpOf(target string) *hkpplugin.HkpRequest {
	path := path(target)
	if path == "/pks/lookup" {
		_, query, _ := strings.Cut(target, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			panic(err)
		}
		return hkpRequest(lookups[values.Get("op")], values.Get("search"), "0x")
	}
	for prefix, operation := range prefixes {
		if search, is := strings.CutPrefix(path, prefix); is {
			return hkpRequest(operation, search, "04")
		}
	}
	if operation, is := paths[path]; is {
		return &hkpplugin.HkpRequest{Operation: operation}
	}
	return nil
}

func hkpRequest(operation hkpplugin.HkpRequest_Operation, search, prefix string) *hkpplugin.HkpRequest {
	request := &hkpplugin.HkpRequest{Operation: operation, Search: search}
	digits, is := strings.CutPrefix(search, prefix)
	switch {
	case !is || !keyDigits.MatchString(digits):
	case len(digits) <= 16:
		request.KeyId = strings.ToUpper(digits)
	default:
		request.Fingerprint = strings.ToUpper(digits)
	}
	return request
}
