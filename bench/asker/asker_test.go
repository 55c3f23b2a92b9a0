package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/hkp-bench/measure"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

type told struct {
	t       *testing.T
	control *control
}

func play(t *testing.T) told {
	t.Helper()
	// t.TempDir is too long for the path of a socket.
	base, err := os.MkdirTemp("/tmp", "ask")
	if err != nil {
		t.Fatal(err)
	}
	c := &control{base: base, host: filepath.Join(base, "h"), token: random(), plugins: map[string]*plugin{}}
	server, err := serveHost(c.host, c.token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.killAll()
		server.Stop()
		if err := os.RemoveAll(base); err != nil {
			t.Error(err)
		}
	})
	return told{t, c}
}

func (a told) ask(action string, query url.Values) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	a.control.handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, action+"?"+query.Encode(), nil))
	return recorder
}

// done asks for something that must work. Given are names and values in turn.
func done[T any](a told, action string, given ...string) T {
	a.t.Helper()
	recorder := a.ask(action, values(given))
	var answer T
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); recorder.Code != http.StatusOK || err != nil {
		a.t.Fatalf("%s %v: expected: 200 with JSON, got: %d with %s", action, given, recorder.Code, recorder.Body)
	}
	return answer
}

func (a told) refused(want, action string, given ...string) {
	a.t.Helper()
	if recorder := a.ask(action, values(given)); recorder.Code != http.StatusBadRequest || !strings.Contains(recorder.Body.String(), want) {
		a.t.Errorf("%s %v: expected: 400 with %q, got: %d with %s", action, given, want, recorder.Code, recorder.Body)
	}
}

func values(given []string) url.Values {
	query := url.Values{}
	for i := 0; i < len(given); i += 2 {
		query.Set(given[i], given[i+1])
	}
	return query
}

func TestAPluginIsLaunchedAskedAndEnded(t *testing.T) {
	t.Setenv("PLUGIN_OF_ANOTHER", "not for plugins")
	asker := play(t)
	got := done[launched](asker, "/launch", "name", "a", "directory", install(t, "asks its host"))
	if got.Pid <= 0 || got.Handshake <= 0 || got.Initialized < got.Handshake || got.Ready < got.Initialized ||
		len(got.Features) != 1 {
		t.Errorf("expected: a process, times in order, a feature, got: %+v", got)
	}
	for _, kind := range []string{"unary", "stream"} {
		for target, want := range map[string]decision{
			"/pks/lookup?op=index&search=ab":   {Status: 429, Reason: "no"},
			"/pks/lookup?op=index&search=abcd": {Continue: true},
		} {
			if got := done[decision](asker, "/decide", "name", "a", "kind", kind, "target", target); got != want {
				t.Errorf("%s %s: expected: %+v, got: %+v", kind, target, want, got)
			}
		}
		calls := done[measure.Measured](asker, "/calls", "name", "a", "kind", kind, "callers", "4", "seconds", "0.2")
		if calls.Errors != 0 || calls.Calls < 4 || calls.P50 <= 0 || calls.P99 < calls.P50 {
			t.Errorf("%s: expected: calls without errors, got: %+v", kind, calls)
		}
	}
	if got := done[ending](asker, "/stop", "name", "a"); got != (ending{}) {
		t.Errorf("expected: exit code 0 without a signal, got: %+v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(asker.control.base, "[0-9]*")); len(left) != 0 {
		t.Errorf("expected: no files left, got: %v", left)
	}
	asker.refused("expected: a plugin that was launched", "/stop", "name", "a")
}

func TestConfigurationIsMergedOverTheManifests(t *testing.T) {
	asker := play(t)
	done[launched](asker, "/launch", "name", "a", "directory", install(t, "none"), "config", `{"shortest": 6}`)
	asker.refused("config: expected: one JSON object", "/launch", "name", "b", "directory", install(t, "none"), "config", `[]`)
	asker.refused(`got: {\"list\"`, "/launch", "name", "b", "directory", install(t, "none"), "config", `{"shortest": 9}`)
	asker.refused("expected: one that does not run", "/launch", "name", "a", "directory", install(t, "none"))
}

func TestALaunchThatFailsSaysWhyAndLeavesNothing(t *testing.T) {
	asker := play(t)
	for fault, want := range map[string]string{
		"ends":                "nothing works here",
		"garbage":             `expected: a line 1|1|network|address|grpc|certificate, got: "Hello!"`,
		"another certificate": "expected: the certificate of the handshake line, got: another",
		"refuses":             "Initialize: expected: success, got: \"shortest: expected: an even number",
		"another name":        `expected: the manifest's name fake, got: "other"`,
		"unhealthy":           `HealthCheck: expected: HEALTHY, got: UNHEALTHY, "unwell"`,
	} {
		asker.refused(want, "/launch", "name", fault, "directory", install(t, fault))
		if left, _ := filepath.Glob(filepath.Join(asker.control.base, "[0-9]*")); len(left) != 0 {
			t.Errorf("%s: expected: no files left, got: %v", fault, left)
		}
	}
	asker.refused("expected: a plugin's manifest", "/launch", "name", "x", "directory", t.TempDir())
}

func TestAnAnswerThatIsNotTheRightOneIsAnError(t *testing.T) {
	asker := play(t)
	for _, row := range []struct{ fault, kind, want string }{
		{"denies", "unary", "expected: a request that passes, got: continue_chain false, status 429"},
		{"denies", "stream", "expected: a request that passes"},
		{"another id", "stream", "expected: an answer to 0-1, got: to 0-77"},
	} {
		name := row.fault + row.kind
		done[launched](asker, "/launch", "name", name, "directory", install(t, row.fault))
		got := done[measure.Measured](asker, "/calls", "name", name, "kind", row.kind, "callers", "1", "seconds", "0.05")
		if got.Calls != 0 || got.Errors == 0 || !strings.Contains(got.Error, row.want) {
			t.Errorf("%s: expected: errors only, %q, got: %+v", name, row.want, got)
		}
	}
	for fault, want := range map[string]string{"an id of nobody": `got: "77-0"`, "breaks the stream": "no more"} {
		done[launched](asker, "/launch", "name", fault, "directory", install(t, fault))
		asker.refused(want, "/calls", "name", fault, "kind", "stream", "callers", "2", "seconds", "0.2")
	}
}

func TestHowAPluginEndsIsTold(t *testing.T) {
	asker := play(t)
	done[launched](asker, "/launch", "name", "a", "directory", install(t, "fails to end"))
	if got := done[ending](asker, "/stop", "name", "a"); got.Code != 7 || got.Signal != "" {
		t.Errorf("expected: exit code 7, got: %+v", got)
	}
	for fault, want := range map[string]string{
		"slow to end": syscall.SIGTERM.String(), "deaf": syscall.SIGKILL.String(),
	} {
		done[launched](asker, "/launch", "name", fault, "directory", install(t, fault))
		running, err := asker.control.find(fault)
		if err != nil {
			t.Fatal(err)
		}
		if got := running.process.await(100 * time.Millisecond); got.Signal != want {
			t.Errorf("%s: expected: the signal %s, got: %+v", fault, want, got)
		}
		if err := syscall.Kill(running.launched.Pid, 0); err != syscall.ESRCH {
			t.Errorf("%s: expected: no process, got: %v", fault, err)
		}
	}
}

func TestAProgramThatOnlyListensNeedsNoHandshake(t *testing.T) {
	asker := play(t)
	done[launched](asker, "/launch", "name", "a", "directory", install(t, "bare"), "listens", "bare")
	if got := done[decision](asker, "/decide", "name", "a", "kind", "stream", "target", "/pks/lookup?op=get&search=0xAB"); !got.Continue {
		t.Errorf("expected: a request that passes, got: %+v", got)
	}
	if got := done[ending](asker, "/stop", "name", "a"); got != (ending{}) {
		t.Errorf("expected: an end with its input, got: %+v", got)
	}
}

func TestWhatThisProgramDoesNotKnowIsRefused(t *testing.T) {
	asker := play(t)
	done[launched](asker, "/launch", "name", "a", "directory", install(t, "none"))
	for _, given := range [][]string{
		{"/launch", "directory", "/"}, {"/calls", "name", "b"}, {"/decide", "name", "a", "kind", "guess"},
		{"/calls", "name", "a", "kind", "unary", "callers", "0", "seconds", "1"},
		{"/calls", "name", "a", "kind", "unary", "callers", "1", "seconds", "0"},
		{"/calls", "name", "a", "kind", "guess", "callers", "1", "seconds", "1"},
		{"/decide", "name", "a", "kind", "unary", "target", "no target"},
	} {
		asker.refused("expected: ", given[0], given[1:]...)
	}
}

func TestTheEventIsThatOfGpg(t *testing.T) {
	got, err := event("7", lookup(255), client(258))
	if err != nil {
		t.Fatal(err)
	}
	const fingerprint = "4A7D9C0E5B2F81364A7D9C0E00000000000000FF"
	hkp := got.GetHkp()
	if got.GetPath() != "/pks/lookup" || string(got.GetRawTarget()) != "/pks/lookup?op=get&options=mr&search=0x"+fingerprint ||
		got.GetQueryParams()["search"] != "0x"+fingerprint || got.GetRemoteAddr() != "10.1.1.2:51234" ||
		got.GetHeaders()["X-Real-Ip"] != "10.1.1.2" || len(got.GetHeaderFields()) != 4 ||
		hkp.GetOperation() != hkpplugin.HkpRequest_LOOKUP_GET || hkp.GetFingerprint() != fingerprint ||
		hkp.GetKeyId() != "" || !hkp.GetMachineReadable() {
		t.Errorf("got: %v", got)
	}
	if got, _ = event("8", "/pks/lookup?op=vindex&search=0x4A7D9C0E", client(0)); got.GetHkp().GetKeyId() != "4A7D9C0E" ||
		got.GetHkp().GetOperation() != hkpplugin.HkpRequest_LOOKUP_VINDEX {
		t.Errorf("got: %v", got)
	}
}
