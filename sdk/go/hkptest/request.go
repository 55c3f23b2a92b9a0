package hkptest

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

var lastID atomic.Uint64

// Request is a request to show to a plugin. Its methods change it and return it.
type Request struct {
	method, target string
	header         http.Header
	client         netip.AddrPort
	tls, dryRun    bool
	body           []byte
	whole          int
	annotations    map[string]string
	traceParent    string
}

// NewRequest makes a request of a line such as "GET /pks/lookup?op=index&search=alice", from the
// address 192.0.2.1. The target is read as HKP if it is one.
func NewRequest(line string) *Request {
	method, target, found := strings.Cut(strings.TrimSpace(line), " ")
	if !found || !strings.HasPrefix(target, "/") || strings.Contains(target, " ") {
		panic(fmt.Sprintf("expected: a method and a target such as \"GET /pks/stats\", got: %q", line))
	}
	return &Request{
		method: method, target: target, header: http.Header{}, whole: -1,
		client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 4711),
	}
}

// From sets the client's address, "192.0.2.7" or "2001:db8::7".
func (r *Request) From(address string) *Request {
	r.client = netip.AddrPortFrom(netip.MustParseAddr(address), 4711)
	return r
}

// Header adds a value to a header. A plugin without the grant http.credentials is not shown Authorization, Cookie and
// Proxy-Authorization.
func (r *Request) Header(name, value string) *Request {
	r.header.Add(name, value)
	return r
}

// Body gives the request a body, of which the plugin sees all if http.request.body is granted.
func (r *Request) Body(contentType string, body []byte) *Request {
	r.header.Set("Content-Type", contentType)
	r.body, r.whole = body, len(body)
	return r
}

// Prefix gives the request a body of so many bytes, of which the plugin sees the first ones only.
func (r *Request) Prefix(contentType string, first []byte, length int) *Request {
	r.Body(contentType, first)
	r.whole = length
	return r
}

// Form gives the request a body as uploads have it: keytext=… and the like.
func (r *Request) Form(values url.Values) *Request {
	return r.Body("application/x-www-form-urlencoded", []byte(values.Encode()))
}

// TLS has the client speak TLS.
func (r *Request) TLS() *Request {
	r.tls = true
	return r
}

// DryRun asks what would be decided.
func (r *Request) DryRun() *Request {
	r.dryRun = true
	return r
}

// Annotation adds a note of an earlier plugin, by "<plugin>.<key>".
func (r *Request) Annotation(key, value string) *Request {
	if r.annotations == nil {
		r.annotations = map[string]string{}
	}
	r.annotations[key] = value
	return r
}

// TraceParent has the request traced.
func (r *Request) TraceParent(value string) *Request {
	r.traceParent = value
	return r
}

// event is what the gateway would send of it.
func (r *Request) event(setup Setup) *hkpplugin.HandleRequestEvent {
	rawPath, query, _ := strings.Cut(r.target, "?")
	path, err := url.PathUnescape(rawPath)
	if err != nil {
		path = rawPath
	}
	event := &hkpplugin.HandleRequestEvent{
		RequestId:   strconv.FormatUint(lastID.Add(1), 16),
		Method:      r.method,
		Path:        path,
		RawTarget:   []byte(r.target),
		RemoteAddr:  r.client.String(),
		QueryParams: map[string]string{},
		Headers:     map[string]string{},
		Hkp:         readTarget(r.method, path, query),
		Tls:         r.tls,
		Annotations: maps.Clone(r.annotations),
		DeadlineMs:  setup.Timeout.Milliseconds(),
		Traceparent: r.traceParent,
		DryRun:      r.dryRun,
	}
	values, _ := url.ParseQuery(query)
	for name, all := range values {
		event.QueryParams[name] = all[0]
	}
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if hidden(credentials, name) && !slices.Contains(setup.Grants, "http.credentials") {
			continue
		}
		event.Headers[name] = strings.Join(r.header[name], ", ")
		for _, value := range r.header[name] {
			event.HeaderFields = append(event.HeaderFields, &hkpplugin.HeaderField{Name: name, Value: []byte(value)})
		}
	}
	event.Headers["X-Forwarded-For"] = r.client.Addr().String()
	event.Headers["X-Real-Ip"] = r.client.Addr().String()
	r.fillBody(event, slices.Contains(setup.Grants, "http.request.body"))
	return event
}

func (r *Request) fillBody(event *hkpplugin.HandleRequestEvent, granted bool) {
	if r.whole < 0 {
		return
	}
	event.BodyLength = int64(r.whole)
	switch {
	case !granted:
		event.BodyState = hkpplugin.BodyState_BODY_WITHHELD
	case r.whole > len(r.body):
		event.BodyState = hkpplugin.BodyState_BODY_PREFIX
		event.Body = r.body
	default:
		event.BodyState = hkpplugin.BodyState_BODY_COMPLETE
		event.Body = r.body
	}
}

// Upstream is an answer of the keyserver to show to a plugin.
type Upstream struct {
	// Status; 0: 200.
	Status int
	// Header; a plugin without the grant http.credentials is not shown Set-Cookie.
	Header http.Header
	// Took is how long the keyserver took.
	Took time.Duration
}

func (u Upstream) event(request *hkpplugin.HandleRequestEvent, grants []string) *hkpplugin.UpstreamResponseEvent {
	event := &hkpplugin.UpstreamResponseEvent{
		RequestId:   request.GetRequestId(),
		StatusCode:  int32(u.Status),
		DeadlineMs:  request.GetDeadlineMs(),
		Traceparent: request.GetTraceparent(),
		DryRun:      request.GetDryRun(),
		UpstreamMs:  u.Took.Milliseconds(),
	}
	if u.Status == 0 {
		event.StatusCode = http.StatusOK
	}
	if slices.Contains(grants, "http.request") {
		event.Method, event.RawTarget, event.Hkp = request.GetMethod(), request.GetRawTarget(), request.GetHkp()
		event.RemoteAddr, event.Annotations = request.GetRemoteAddr(), request.GetAnnotations()
	}
	for _, name := range slices.Sorted(maps.Keys(u.Header)) {
		if strings.EqualFold(name, "Set-Cookie") && !slices.Contains(grants, "http.credentials") {
			continue
		}
		for _, value := range u.Header[name] {
			event.HeaderFields = append(event.HeaderFields, &hkpplugin.HeaderField{Name: name, Value: []byte(value)})
		}
	}
	return event
}
