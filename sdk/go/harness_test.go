package hkp_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"
)

var everything = []string{"http.request", "http.request.body", "http.request.modify", "http.request.rewrite", "http.respond",
	"http.response", "http.credentials", "storage.query", "storage.provide", "events.publish", "events.subscribe", "state"}

// handling is a plugin that does what the function says.
func handling(handle hkp.HandlerFunc) hkp.New {
	return func(context.Context, *hkp.Setup) (hkp.Handler, error) { return handle, nil }
}

// asked gives what the gateway makes of a decision.
func asked(t *testing.T, decision hkp.Decision) hkptest.Result {
	t.Helper()
	plugin := hkptest.Start(t, handling(func(context.Context, *hkp.Request) (hkp.Decision, error) { return decision, nil }),
		hkptest.Setup{Grants: everything})
	return plugin.Handle(hkptest.NewRequest("POST /pks/add").Body("text/plain", []byte("x")))
}

// seen gives what a plugin sees of a request.
func seen(t *testing.T, request *hkptest.Request, setup hkptest.Setup) *hkp.Request {
	t.Helper()
	var got *hkp.Request
	hkptest.Start(t, handling(func(_ context.Context, request *hkp.Request) (hkp.Decision, error) {
		got = request
		return hkp.Allow(), nil
	}), setup).Handle(request)
	return got
}

func TestWhatAPluginSeesOfARequest(t *testing.T) {
	line := "GET /pks/lookup?op=index&options=mr,nm&exact=on&fingerprint=on&search=Alice+%3Calice@lab.example%3E&x=1&x=2"
	got := seen(t, hkptest.NewRequest(line).From("::ffff:192.0.2.7").Header("accept", "a").Header("Accept", "b").Header("Cookie", "c").
		TLS().Annotation("other.note", "n").TraceParent("00-a-b-01"), hkptest.Setup{})
	if got.Method != "GET" || got.Path != "/pks/lookup" || got.Target != strings.TrimPrefix(line, "GET ") {
		t.Errorf("expected: method, path and target, got: %+v", got)
	}
	if got.Client.Addr().String() != "192.0.2.7" {
		t.Errorf("expected: IPv4, got: %v", got.Client)
	}
	if all := got.Header.Values("ACCEPT"); !slices.Equal(all, []string{"a", "b"}) {
		t.Errorf("expected: a and b, got: %v", all)
	}
	if got.Header.Get("Cookie") != "" || got.Header.Get("X-Forwarded-For") != "" {
		t.Errorf("expected: no cookie without the grant and no forwarded header, got: %v", got.Header)
	}
	if all := got.Query()["x"]; !slices.Equal(all, []string{"1", "2"}) {
		t.Errorf("expected: 1 and 2, got: %v", all)
	}
	if !got.Is(hkp.LookupGet, hkp.LookupIndex) || got.Is(hkp.LookupGet) || got.Search() != "Alice <alice@lab.example>" {
		t.Errorf("expected: an index for Alice, got: %+v", got.HKP)
	}
	if !got.HKP.MachineReadable || !got.HKP.Exact || !got.HKP.ShowFingerprint || got.HKP.ShowHash || !slices.Equal(got.HKP.Options, []string{"mr", "nm"}) {
		t.Errorf("expected: mr, exact, fingerprint, got: %+v", got.HKP)
	}
	if !got.TLS || got.DryRun || got.Annotations["other.note"] != "n" || got.TraceParent != "00-a-b-01" || got.Body.State != hkp.BodyAbsent {
		t.Errorf("expected: TLS, a note, a trace and no body, got: %+v", got)
	}
	if left := time.Until(got.Deadline); left <= 0 || left > 10*time.Second {
		t.Errorf("expected: a deadline within ten seconds, got: %v", left)
	}
}

func TestTargetsAreReadAsTheGatewayDoes(t *testing.T) {
	fingerprint := "0123456789abcdef0123456789abcdef01234567"
	for line, expected := range map[string]hkp.HKP{
		"GET /pks/lookup?op=get&search=0x" + fingerprint:                  {Operation: hkp.LookupGet, Fingerprint: strings.ToUpper(fingerprint)},
		"GET /pks/lookup?op=get&search=0xdeadbeef":                        {Operation: hkp.LookupGet, KeyID: "DEADBEEF"},
		"GET /pks/lookup?op=get&search=deadbeef":                          {Operation: hkp.LookupGet},
		"GET /pks/lookup?op=index&search=0123+4567+89AB+CDEF":             {Operation: hkp.LookupIndex, KeyID: "0123456789ABCDEF"},
		"GET /pks/lookup?op=vindex&search=0123+4567+89AB+CDEF":            {Operation: hkp.LookupVIndex},
		"GET /pks/lookup?op=stats":                                        {Operation: hkp.LookupStats},
		"GET /pks/lookup?op=hget&search=0123456789abcdef0123456789abcdef": {Operation: hkp.LookupHGet},
		"GET /pks/lookup?op=other":                                        {Operation: hkp.Other},
		"POST /pks/add":                                                   {Operation: hkp.Add},
		"GET /pks/add":                                                    {Operation: hkp.Other},
		"POST /pks/replace":                                               {Operation: hkp.Replace},
		"POST /pks/delete":                                                {Operation: hkp.Delete},
		"POST /pks/hashquery":                                             {Operation: hkp.HashQuery},
		"POST /pks/v2/certs":                                              {Operation: hkp.V2Add},
		"HEAD /pks/health":                                                {Operation: hkp.HealthCheck},
		"GET /pks/stats":                                                  {Operation: hkp.Stats},
		"GET /pks/v2/certs/by-keyid/0123456789abcdef":                     {Operation: hkp.V2CertsByKeyID, KeyID: "0123456789ABCDEF"},
		"GET /pks/v2/certs/by-vfingerprint/04" + fingerprint:              {Operation: hkp.V2CertsByVFingerprint, Fingerprint: strings.ToUpper(fingerprint)},
		"GET /pks/v2/certs/by-identity/alice@lab.example":                 {Operation: hkp.V2CertsByIdentity},
		"GET /pks/v2/index/alice":                                         {Operation: hkp.V2Index},
		"GET /pks/v2/prefixlog/2026-01-01":                                {Operation: hkp.V2PrefixLog},
		"GET /pks/":                                                       {Operation: hkp.Other},
	} {
		got := seen(t, hkptest.NewRequest(line), hkptest.Setup{}).HKP
		if got == nil || got.Operation != expected.Operation || got.Fingerprint != expected.Fingerprint || got.KeyID != expected.KeyID {
			t.Errorf("%s: expected: %+v, got: %+v", line, expected, got)
		}
	}
	if got := seen(t, hkptest.NewRequest("GET /index.html"), hkptest.Setup{}); got.HKP != nil || got.Search() != "" || got.Is(hkp.Other) {
		t.Errorf("expected: no HKP, got: %+v", got.HKP)
	}
}

func TestBodies(t *testing.T) {
	upload := func() *hkptest.Request { return hkptest.NewRequest("POST /pks/add").Form(url.Values{"keytext": {"k"}}) }
	if body := seen(t, upload(), hkptest.Setup{}).Body; body.State != hkp.BodyWithheld || body.Bytes != nil || body.Length != 9 {
		t.Errorf("expected: withheld without the grant, got: %+v", body)
	}
	granted := hkptest.Setup{Grants: everything}
	if body := seen(t, upload(), granted).Body; body.State != hkp.BodyComplete || string(body.Bytes) != "keytext=k" {
		t.Errorf("expected: all of it, got: %+v", body)
	}
	prefix := hkptest.NewRequest("POST /pks/add").Prefix("application/pgp", []byte("first"), 1000)
	if body := seen(t, prefix, granted).Body; body.State != hkp.BodyPrefix || string(body.Bytes) != "first" || body.Length != 1000 {
		t.Errorf("expected: a prefix, got: %+v", body)
	}
}

func TestWhatTheGatewayGets(t *testing.T) {
	got := asked(t, hkp.Allow().SetRequestHeader("X-A", "\xe4").AddRequestHeader("X-A", "b").RemoveRequestHeader("Accept").
		RewritePath("/pks/stats").RewriteQuery("").ReplaceBody("application/pgp", nil).
		SetResponseHeader("X-R", "1").AddResponseHeader("X-R", "2").RemoveResponseHeader("X-S").
		Annotate("key", "\xffvalue").Reason("why").Delay(1500*time.Millisecond))
	if !got.Continue || !slices.Equal(got.RequestHeader["X-A"], []string{"\xe4", "b"}) || !slices.Equal(got.Removed, []string{"Accept"}) {
		t.Errorf("expected: changed headers, got: %+v", got)
	}
	if !got.Rewritten || got.Path != "/pks/stats" || got.Query != "" || got.NewBody == nil || len(got.NewBody) != 0 {
		t.Errorf("expected: another target and an empty body, got: %+v", got)
	}
	if !slices.Equal(got.Header["X-R"], []string{"1", "2"}) || got.Annotations["key"] != "\uFFFDvalue" || got.Reason != "why" || got.Delay != 1500*time.Millisecond {
		t.Errorf("expected: headers of the answer and notes, got: %+v", got)
	}
	got = asked(t, hkp.Deny(429).RetryAfter(1001*time.Millisecond).Text("a").Text("b").AddHeader("x-a", "1").AddHeader("X-A", "2").SetHeader("X-B", "1").SetHeader("x-b", "2"))
	if got.Continue || got.Status != 429 || got.Body != "b\n" || got.Header.Get("Retry-After") != "2" || got.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("expected: 429, got: %+v", got)
	}
	if !slices.Equal(got.Header["X-A"], []string{"1", "2"}) || !slices.Equal(got.Header["X-B"], []string{"2"}) {
		t.Errorf("expected: values added and replaced, got: %v", got.Header)
	}
	if got = asked(t, hkp.Deny(429).RetryAfter(0)); got.Header.Get("Retry-After") != "1" {
		t.Errorf("expected: at least a second, got: %v", got.Header)
	}
}

func TestDecisionsWithoutTheGrantAreRefused(t *testing.T) {
	for _, one := range []struct {
		decision hkp.Decision
		grants   []string
	}{
		{hkp.Deny(403), []string{"http.respond"}},
		{hkp.Allow().SetRequestHeader("X-A", "a"), []string{"http.request.modify"}},
		{hkp.Allow().RewritePath("/pks/stats"), []string{"http.request.rewrite"}},
		{hkp.Allow().RewriteQuery(""), []string{"http.request.rewrite"}},
		{hkp.Allow().SetResponseHeader("X-A", "a"), []string{"http.respond"}},
		{hkp.Allow().AddResponseHeader("X-A", "a"), []string{"http.respond"}},
		{hkp.Allow().RemoveResponseHeader("X-A"), []string{"http.respond"}},
		{hkp.Allow().RemoveRequestHeader("authorization"), []string{"http.request.modify", "http.credentials"}},
		{hkp.Allow().SetRequestHeader("Cookie", "a"), []string{"http.request.modify", "http.credentials"}},
		{hkp.Allow().AddResponseHeader("set-cookie", "a"), []string{"http.respond", "http.credentials"}},
	} {
		granted := []string{"http.request"}
		// Each grant is missed until it is there.
		for _, next := range append(one.grants, "") {
			plugin := hkptest.Start(t, handling(func(context.Context, *hkp.Request) (hkp.Decision, error) { return one.decision, nil }),
				hkptest.Setup{Grants: slices.Clone(granted)})
			_, err := plugin.TryHandle(hkptest.NewRequest("GET /"))
			if next == "" && err != nil {
				t.Errorf("%v: expected: all is granted, got: %v", granted, err)
			}
			if next != "" && (err == nil || !strings.Contains(err.Error(), "expected: the grant "+next+",")) {
				t.Errorf("%v: expected: the grant %s is missed, got: %v", granted, next, err)
			}
			granted = append(granted, next)
		}
	}
}

func TestAnotherBodyIsForOneThatWasShown(t *testing.T) {
	for line, want := range map[string]string{"POST /pks/add": "", "POST /pks/hashquery": "not for a hashquery"} {
		plugin := hkptest.Start(t, handling(func(context.Context, *hkp.Request) (hkp.Decision, error) {
			return hkp.Allow().ReplaceBody("", []byte("b")), nil
		}), hkptest.Setup{Grants: []string{"http.request", "http.request.body", "http.request.rewrite"}})
		if _, err := plugin.TryHandle(hkptest.NewRequest(line).Body("text/plain", []byte("a"))); (err == nil) != (want == "") ||
			(err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: expected: %q, got: %v", line, want, err)
		}
		if _, err := plugin.TryHandle(hkptest.NewRequest(line).Prefix("text/plain", []byte("a"), 2)); err == nil || !strings.Contains(err.Error(), "BODY_PREFIX") {
			t.Errorf("%s: expected: no other body for a prefix, got: %v", line, err)
		}
	}
}

// baker sets a cookie, and keeps those that it is shown.
type baker struct {
	hkp.HandlerFunc
	shown *[]string
}

func (b baker) HandleResponse(_ context.Context, response *hkp.Response) (hkp.ResponseDecision, error) {
	*b.shown = append(*b.shown, response.Header.Values("Set-Cookie")...)
	return hkp.Unchanged().AddHeader("Set-Cookie", "a=b"), nil
}

func TestCookiesOfTheAnswerNeedTheGrant(t *testing.T) {
	for _, one := range []struct {
		grants []string
		want   string
		shown  int
	}{
		{[]string{"http.request"}, "expected: the grant http.response, got: a plugin without it", 0},
		{[]string{"http.response"}, "expected: the grant http.credentials, got: a decision with the response header Set-Cookie", 0},
		{[]string{"http.response", "http.credentials"}, "", 1},
	} {
		var shown []string
		plugin := hkptest.Start(t, func(context.Context, *hkp.Setup) (hkp.Handler, error) { return baker{shown: &shown}, nil }, hkptest.Setup{Grants: one.grants})
		_, err := plugin.TryResponse(hkptest.NewRequest("GET /"), hkptest.Upstream{Header: http.Header{"Set-Cookie": {"c=d"}}})
		if (err == nil) != (one.want == "") || (err != nil && !strings.HasPrefix(err.Error(), one.want)) || len(shown) != one.shown {
			t.Errorf("%v: expected: %q and %d cookies, got: %v and %v", one.grants, one.want, one.shown, err, shown)
		}
	}
}

func TestWhatTheGatewayWouldNotAskIsAnError(t *testing.T) {
	plugin := hkptest.Start(t, func(context.Context, *hkp.Setup) (hkp.Handler, error) { return &whole{}, nil }, hkptest.Setup{Grants: []string{}})
	_, request := plugin.TryHandle(hkptest.NewRequest("GET /"))
	_, keys := plugin.ProvideKeys(hkp.KeyQuery{Type: hkp.KeyFetch})
	for grant, err := range map[string]error{"http.request": request, "storage.provide": keys} {
		if err == nil || err.Error() != "expected: the grant "+grant+", got: a plugin without it; the gateway does not call it" {
			t.Errorf("%s: expected: the gateway does not call it, got: %v", grant, err)
		}
	}
}

// whole is a plugin with everything.
type whole struct {
	events  []hkp.Event
	dropped uint64
	closed  int
	health  hkp.Health
}

func (w *whole) Handle(context.Context, *hkp.Request) (hkp.Decision, error) { return hkp.Allow(), nil }

func (w *whole) HandleResponse(_ context.Context, response *hkp.Response) (hkp.ResponseDecision, error) {
	if response.Status == 500 || response.Is(hkp.LookupGet) || !response.Is(hkp.Stats) {
		return hkp.Unchanged(), errors.New("as asked")
	}
	return hkp.Unchanged().SetHeader("X-Seen", response.Method+response.Header.Get("Server")).RemoveHeader("Server").
		AddHeader("X-Seen", response.Took.String()).Annotate("client", response.Client.Addr().String()).Reason("why"), nil
}

func (w *whole) HandleEvents(_ context.Context, batch hkp.EventBatch) error {
	w.events = append(w.events, batch.Events...)
	w.dropped += batch.Dropped
	return nil
}

func (w *whole) ProvideKeys(_ context.Context, query hkp.KeyQuery) (hkp.KeyPage, error) {
	if query.Type != hkp.KeyFetch {
		return hkp.KeyPage{}, hkp.ErrAskKeyserver
	}
	return hkp.KeyPage{Keys: []hkp.Key{{Fingerprint: query.Query, UserIDs: []string{"a\xff"}, Created: time.Unix(5, 0), Data: []byte("d")}}}, nil
}

func (w *whole) Health(context.Context) hkp.Health { return w.health }

func (w *whole) Close(context.Context) error {
	w.closed++
	return nil
}

func TestTheOptionalParts(t *testing.T) {
	handler := &whole{health: hkp.Degraded("half").With("a", "b")}
	plugin := hkptest.Start(t, func(context.Context, *hkp.Setup) (hkp.Handler, error) { return handler, nil },
		hkptest.Setup{Grants: everything, Options: hkp.Options{DryRun: true, NoStream: true}})
	if features := strings.Join(plugin.Features(), " "); features != "dry_run response events" {
		t.Errorf("expected: dry_run response events, got: %s", features)
	}
	request := hkptest.NewRequest("GET /pks/stats").From("2001:db8::7")
	got := plugin.Response(request, hkptest.Upstream{Header: http.Header{"Server": {"sks"}}, Took: time.Second})
	if !slices.Equal(got.Header["X-Seen"], []string{"GETsks", "1s"}) || !slices.Equal(got.Removed, []string{"Server"}) ||
		got.Annotations["client"] != "2001:db8::7" || got.Reason != "why" {
		t.Errorf("expected: changed headers and notes, got: %+v", got)
	}
	if _, err := plugin.TryResponse(request, hkptest.Upstream{Status: 500}); err == nil || err.Error() != "HandleResponse failed: as asked" {
		t.Errorf("expected: the error, got: %v", err)
	}
	event := hkp.Event{ID: "1", Type: "key.changed", Data: []byte(`{"a":1}`), Time: time.Unix(7, 0), Source: "gateway",
		Metadata: map[string]string{"change": "inserted"}, Replica: "r", Sequence: 3, Cluster: true}
	plugin.Events(hkp.EventBatch{Events: []hkp.Event{event}, Dropped: 2})
	if len(handler.events) != 1 || handler.dropped != 2 || handler.events[0].Type != "key.changed" || string(handler.events[0].Data) != `{"a":1}` ||
		!handler.events[0].Time.Equal(event.Time) || handler.events[0].Sequence != 3 || !handler.events[0].Cluster {
		t.Errorf("expected: the event, got: %+v", handler.events)
	}
	if _, err := plugin.ProvideKeys(hkp.KeyQuery{Type: hkp.KeyLookup}); !errors.Is(err, hkp.ErrAskKeyserver) {
		t.Errorf("expected: the keyserver is asked, got: %v", err)
	}
	page, err := plugin.ProvideKeys(hkp.KeyQuery{Type: hkp.KeyFetch, Query: "0xAB"})
	if err != nil || page.Total != 1 || page.Keys[0].Fingerprint != "0xAB" || page.Keys[0].UserIDs[0] != "a\uFFFD" || page.Keys[0].Created.Unix() != 5 {
		t.Errorf("expected: a key, got: %+v, %v", page, err)
	}
	if health, message := plugin.Health(); health != "DEGRADED" || message != "half" {
		t.Errorf("expected: DEGRADED, got: %s %s", health, message)
	}
	if err := plugin.Close(); err != nil {
		t.Error(err)
	}
	_ = plugin.Close()
	if handler.closed != 1 {
		t.Errorf("expected: closed once, got: %d", handler.closed)
	}
}

func TestUnknownKeysAreAWarning(t *testing.T) {
	var output bytes.Buffer
	hkptest.Start(t, func(_ context.Context, setup *hkp.Setup) (hkp.Handler, error) {
		var config struct{ Known int }
		return hkp.HandlerFunc(nil), setup.Config.Decode(&config)
	}, hkptest.Setup{Config: `{"known": 1, "unknwon": 2}`, Log: slog.New(slog.NewTextHandler(&output, nil))})
	if !strings.Contains(output.String(), "level=WARN") || !strings.Contains(output.String(), "keys=unknwon") {
		t.Errorf("expected: a warning, got: %s", output.String())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, options := range []hkp.Options{{Concurrency: -1}, {MaxMessageBytes: 1}, {Concurrency: 1 << 20}} {
		if text := hkptest.Refusal(t, handling(nil), hkptest.Setup{Options: options}); !strings.HasPrefix(text, "Options.") {
			t.Errorf("expected: which option, got: %s", text)
		}
	}
	if text := hkptest.Refusal(t, handling(nil), hkptest.Setup{Options: hkp.Options{Events: []string{"key.*"}}}); text != "Options.Events: expected: a handler with the method HandleEvents, got: hkp.HandlerFunc" {
		t.Errorf("expected: which method is missing, got: %s", text)
	}
	if text := hkptest.Refusal(t, func(context.Context, *hkp.Setup) (hkp.Handler, error) { return nil, nil }, hkptest.Setup{}); text != "expected: a handler from New, got: nil" {
		t.Errorf("expected: nil is told, got: %s", text)
	}
}
