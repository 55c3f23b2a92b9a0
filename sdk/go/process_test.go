package hkp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

func TestStartedByHandItSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, variables := range [][]string{nil, {"HKP_PLUGIN_COOKIE=other"}, {"HKP_PLUGIN_DEBUG=false"}, {"HKP_PLUGIN_DEBUG=1"}} {
		code, said := prepare(t, "usual", variables...).fail()
		if code != 1 || !strings.HasPrefix(said, "this is a plugin, not a program to run by hand\n") {
			t.Errorf("expected: exit code 1 and a sentence, got: %d and %q", code, said)
		}
	}
}

func TestMalformedLaunchVariablesEndTheLaunch(t *testing.T) {
	t.Parallel()
	long := "/tmp/" + strings.Repeat("x", 100)
	for variable, expected := range map[string]string{
		"PLUGIN_CLIENT_CERT=":            "expected: a certificate in PEM in PLUGIN_CLIENT_CERT, got: none",
		"PLUGIN_CLIENT_CERT=x":           "expected: a certificate in PEM in PLUGIN_CLIENT_CERT, got: something else",
		"PLUGIN_AUTH_SECRET=":            "expected: printable ASCII without blanks in PLUGIN_AUTH_SECRET, got: none",
		"PLUGIN_MIN_PORT=x":              `expected: a port from 0 to 65535 in PLUGIN_MIN_PORT, got: "x"`,
		"PLUGIN_UNIX_SOCKET_DIR=":        "expected: PLUGIN_UNIX_SOCKET_DIR, or PLUGIN_MIN_PORT and PLUGIN_MAX_PORT",
		"PLUGIN_UNIX_SOCKET_DIR=" + long: "expected: a path of at most 107 bytes for the socket",
		"PLUGIN_HOST_ADDRESS=nowhere":    "expected: a token of printable ASCII in PLUGIN_HOST_TOKEN, got: none",
		"HKP_LOG_LEVEL=loud":             `HKP_LOG_LEVEL: expected: trace, debug, info, warn or error, got: "loud"`,
	} {
		code, said := prepare(t, "usual", launched(t, variable)...).fail()
		if code != 1 || !strings.Contains(said, expected) {
			t.Errorf("%s: expected: exit code 1 and %q, got: %d and %q", variable, expected, code, said)
		}
	}
}

func TestHandshakeAndConversationInPlaintext(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t)...).start()
	client := plugin.connect(nil)
	if parts := plugin.segments(); parts[2] != "unix" || parts[5] != "" {
		t.Errorf("expected: a unix socket and no certificate, got: %q", plugin.handshake)
	}
	init := plugin.initialize(client)
	if info := init.GetInfo(); info.GetName() != "tested" || info.GetVersion() != "1.2.3" || info.GetDescription() != "For tests" {
		t.Errorf("expected: tested 1.2.3, got: %v", info)
	}
	if features := strings.Join(init.GetFeatures(), " "); features != "stream response events" {
		t.Errorf("expected: stream response events, got: %s", features)
	}
	if health, err := client.HealthCheck(within(t), &hkpplugin.Empty{}); err != nil || health.GetStatus() != hkpplugin.HealthStatus_HEALTHY {
		t.Errorf("expected: HEALTHY, got: %v, %v", health, err)
	}
	standard, err := grpc_health_v1.NewHealthClient(plugin.connection(nil)).Check(within(t), &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	if err != nil || standard.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("expected: SERVING, got: %v, %v", standard, err)
	}
	denied, err := client.HandleRequest(within(t), index("a", "ab"))
	if err != nil || denied.GetStatusCode() != 429 || denied.GetHeaders()["Retry-After"] != "60" ||
		string(denied.GetBody()) != "Please search for more.\n" || denied.GetRequestId() != "a" {
		t.Errorf("expected: 429 with Retry-After and a text, got: %v, %v", denied, err)
	}
	allowed, err := client.HandleRequest(within(t), index("b", "abc"))
	if err != nil || !allowed.GetContinueChain() {
		t.Errorf("expected: continue, got: %v, %v", allowed, err)
	}
	changed, err := client.HandleUpstreamResponse(within(t), &hkpplugin.UpstreamResponseEvent{RequestId: "b", StatusCode: 404})
	if err != nil || len(changed.GetResponseHeaders()) != 1 || string(changed.GetResponseHeaders()[0].GetValue()) != "404" {
		t.Errorf("expected: one header with 404, got: %v, %v", changed, err)
	}
	if _, err := client.PublishEvents(within(t), &hkpplugin.EventBatch{Events: []*hkpplugin.Event{{Type: "key.changed"}}}); err != nil {
		t.Errorf("expected: the events are taken, got: %v", err)
	}
	if _, err := client.QueryStorage(within(t), &hkpplugin.StorageQuery{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("expected: UNIMPLEMENTED without a StorageProvider, got: %v", err)
	}
	shutDown(t, plugin, client)
}

func TestNamedSocketOfAPluginThatItsOperatorStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(shortDir(t), "plugin.sock")
	// Left by one that was killed.
	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = left.Close()
	plugin := prepare(t, "usual", launched(t, "PLUGIN_UNIX_SOCKET="+path)...).start()
	_ = plugin.stdin.Close()
	if parts := plugin.segments(); parts[2] != "unix" || parts[3] != path {
		t.Errorf("expected: unix and %s, got: %q", path, plugin.handshake)
	}
	if found, err := os.Stat(path); err != nil || found.Mode().Perm() != 0o660 {
		t.Errorf("expected: a socket for owner and group, got: %v, %v", found, err)
	}
	client := plugin.connect(nil)
	plugin.initialize(client)
	plugin.initialize(client)
	if strings.Contains(plugin.stderr.String(), "standard input has ended") {
		t.Errorf("expected: nothing depends on its input, got: %s", plugin.stderr)
	}
	shutDown(t, plugin, client)
}

func shutDown(t *testing.T, plugin *started, client hkpplugin.HKPPluginClient) {
	t.Helper()
	answer, err := client.Shutdown(within(t), &hkpplugin.ShutdownRequest{TimeoutSeconds: 30, Reason: "tested"})
	if err != nil || !answer.GetSuccess() {
		t.Fatalf("expected: success, got: %v, %v", answer, err)
	}
	if code := plugin.exitCode(); code != 0 {
		t.Errorf("expected: exit code 0, got: %d; stderr: %s", code, plugin.stderr)
	}
	if strings.Count(plugin.stderr.String(), `"@message":"closed"`) != 1 {
		t.Errorf("expected: closed once, got: %s", plugin.stderr)
	}
	if parts := plugin.segments(); parts[2] == "unix" {
		if _, err := os.Stat(parts[3]); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("expected: no socket file, got: %v", err)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t, "PLUGIN_PROTOCOL_VERSIONS=2,3")...).start()
	plugin.segments()
	plugin.awaitLog("the gateway does not speak this plugin's protocol version")
}

func TestTCP(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	code, said := prepare(t, "usual", launched(t, "PLUGIN_MIN_PORT="+strconv.Itoa(port), "PLUGIN_MAX_PORT="+strconv.Itoa(port))...).fail()
	if code != 1 || !strings.Contains(said, "expected: a free port from "+strconv.Itoa(port)) {
		t.Errorf("expected: exit code 1 and which ports, got: %d and %q", code, said)
	}
	plugin := prepare(t, "usual", launched(t, "PLUGIN_MIN_PORT=0", "PLUGIN_MAX_PORT=0")...).start()
	if parts := plugin.segments(); parts[2] != "tcp" || !strings.HasPrefix(parts[3], "127.0.0.1:") || strings.HasSuffix(parts[3], ":0") {
		t.Errorf("expected: tcp and a port of 127.0.0.1, got: %q", plugin.handshake)
	}
	client := plugin.connect(nil)
	plugin.initialize(client)
	shutDown(t, plugin, client)
}

func TestMutualTLSLetsInTheGatewayAlone(t *testing.T) {
	t.Parallel()
	identity, text := gatewayIdentity(t)
	plugin := prepare(t, "usual", launched(t, "PLUGIN_CLIENT_CERT="+text)...).start()
	client := plugin.connect(identity)
	plugin.initialize(client)
	stranger, _ := gatewayIdentity(t)
	for who, other := range map[string]hkpplugin.HKPPluginClient{
		"without TLS":              plugin.connect(nil),
		"with another certificate": plugin.connect(stranger),
		"without a certificate":    plugin.connect(&emptyCertificate),
	} {
		if answer, err := other.HealthCheck(within(t), &hkpplugin.Empty{}); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: expected: refused, got: %v, %v", who, answer, err)
		}
	}
	shutDown(t, plugin, client)
}

func TestSecretGuardsEveryMethod(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0LXNlY3JldA"
	plugin := prepare(t, "usual", launched(t, "PLUGIN_AUTH_SECRET="+secret)...).start()
	client := plugin.connect(nil)
	connection := plugin.connection(nil)
	for name, ctx := range map[string]context.Context{"none": within(t), "another": bearer(within(t), "x"), "two": bearer(bearer(within(t), secret), secret)} {
		_, health := client.HealthCheck(ctx, &hkpplugin.Empty{})
		stream, err := client.HandleRequests(ctx)
		if err == nil {
			_, err = stream.Recv()
		}
		unknown := connection.Invoke(ctx, "/hkpplugin.HKPPlugin/Unknown", &hkpplugin.Empty{}, &hkpplugin.Empty{})
		elsewhere := connection.Invoke(ctx, "/elsewhere.Service/Method", &hkpplugin.Empty{}, &hkpplugin.Empty{})
		_, standard := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
		for _, refused := range []error{health, err, unknown, elsewhere, standard} {
			if status.Code(refused) != codes.Unauthenticated {
				t.Errorf("secret %s: expected: UNAUTHENTICATED, got: %v", name, refused)
			}
		}
	}
	ctx := bearer(within(t), secret)
	nonce := []byte("nonce")
	answer, err := client.Initialize(ctx, &hkpplugin.InitRequest{Nonce: nonce, ConfigJson: `{"shortest_search": 0}`})
	if err != nil || answer.GetSuccess() || string(answer.GetAuthProof()) != string(proof(secret, nonce)) {
		t.Errorf("expected: a refusal with the proof, got: %v, %v", answer, err)
	}
	if want := "configuration key 'shortest_search': expected: a whole number from 1 to 100, got: 0"; answer.GetError() != want {
		t.Errorf("expected: %q, got: %q", want, answer.GetError())
	}
	if err := connection.Invoke(ctx, "/hkpplugin.HKPPlugin/Unknown", &hkpplugin.Empty{}, &hkpplugin.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("expected: UNIMPLEMENTED with the secret, got: %v", err)
	}
}

func TestPrintingDoesNotSpoilTheHandshake(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "prints", launched(t)...).start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	shutDown(t, plugin, client)
	said := plugin.stderr.String()
	for _, text := range []string{"printed before Serve\n", "printed to standard output\n", "printed by a child\n", `"@message":"logged by package log"`} {
		if !strings.Contains(said, text) {
			t.Errorf("expected: %q on standard error, got: %s", text, said)
		}
	}
	if strings.Contains(said, "ON STANDARD OUTPUT") {
		t.Errorf("expected: nothing on standard output behind the handshake, got: %s", said)
	}
}

func TestLogLinesAreThoseOfHclogAndCarryTheRequest(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t, "HKP_LOG_LEVEL=debug")...).start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	event := at("request-1", "/slow")
	event.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	if _, err := client.HandleRequest(within(t), event); err != nil {
		t.Fatal(err)
	}
	shutDown(t, plugin, client)
	var slow []map[string]any
	for line := range strings.Lines(plugin.stderr.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("expected: a line of JSON, got: %q", line)
			continue
		}
		if _, err := time.Parse(time.RFC3339Nano, fields["@timestamp"].(string)); err != nil {
			t.Errorf("expected: a time, got: %v", err)
		}
		if fields["@message"] == "slow" {
			slow = append(slow, fields)
		}
	}
	for _, fields := range slow {
		if fields["@level"] != "info" || fields["@module"] != "tested" || fields["request_id"] != "request-1" ||
			fields["trace_id"] != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("expected: level, module, request and trace, got: %v", fields)
		}
	}
	if len(slow) != 2 {
		t.Errorf("expected: two lines, by slog and by Log, got: %v", slow)
	}
}

func TestFailuresConcernOneCallOnly(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t)...).start()
	client := plugin.connect(nil)
	if _, err := client.HandleRequest(within(t), at("0", "/")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("expected: FAILED_PRECONDITION before Initialize, got: %v", err)
	}
	plugin.initialize(client)
	for path, expected := range map[string]string{
		"/panic": "Handle has panicked: as asked",
		"/error": "Handle failed: as asked",
		"/nil":   "expected: a decision, got: nil",
		"/bad":   "expected: 400 to 599 other than 502, 503 and 504",
	} {
		_, err := client.HandleRequest(within(t), at(path, path))
		if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: expected: INTERNAL with %q, got: %v", path, expected, err)
		}
	}
	if _, err := client.HandleRequest(within(t), &hkpplugin.HandleRequestEvent{RemoteAddr: "localhost:1"}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("expected: INVALID_ARGUMENT for an event that breaks the protocol, got: %v", err)
	}
	dry := at("dry", "/")
	dry.DryRun = true
	if _, err := client.HandleRequest(within(t), dry); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("expected: FAILED_PRECONDITION for a dry run that was not declared, got: %v", err)
	}
	if answer, err := client.HandleRequest(within(t), at("well", "/")); err != nil || !answer.GetContinueChain() {
		t.Errorf("expected: continue, got: %v, %v", answer, err)
	}
	shutDown(t, plugin, client)
}

func TestAPanicInNewIsARefusal(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "panics in New", launched(t)...).start()
	answer, err := plugin.connect(nil).Initialize(within(t), &hkpplugin.InitRequest{})
	if err != nil || answer.GetSuccess() || answer.GetError() != "New has panicked: no idea" {
		t.Errorf("expected: a refusal, got: %v, %v", answer, err)
	}
}

func TestShutdownLetsCallsInFlightFinish(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*started, hkpplugin.HKPPluginClient) error{
		"Shutdown": func(_ *started, client hkpplugin.HKPPluginClient) error {
			_, err := client.Shutdown(within(t), &hkpplugin.ShutdownRequest{TimeoutSeconds: 30})
			return err
		},
		"SIGTERM": func(plugin *started, _ hkpplugin.HKPPluginClient) error {
			return plugin.command.Process.Signal(syscall.SIGTERM)
		},
		"SIGINT": func(plugin *started, _ hkpplugin.HKPPluginClient) error {
			return plugin.command.Process.Signal(syscall.SIGINT)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugin := prepare(t, "usual", launched(t)...).start()
			client := plugin.connect(nil)
			plugin.initialize(client)
			stream, err := client.HandleRequests(within(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.Send(at("streamed", "/slow")); err != nil {
				t.Fatal(err)
			}
			unary := make(chan error, 1)
			go func() {
				answer, err := client.HandleRequest(context.Background(), at("unary", "/slow"))
				if err == nil && answer.GetReason() != "slow" {
					err = errors.New("another answer")
				}
				unary <- err
			}()
			plugin.awaitLog(`"request_id":"unary"`)
			plugin.awaitLog(`"request_id":"streamed"`)
			if err := end(plugin, client); err != nil {
				t.Fatal(err)
			}
			if answer, err := stream.Recv(); err != nil || answer.GetRequestId() != "streamed" {
				t.Errorf("expected: the answer on the stream, got: %v, %v", answer, err)
			}
			if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
				t.Errorf("expected: the stream ends in order, got: %v", err)
			}
			if err := <-unary; err != nil {
				t.Errorf("expected: the answer of the call, got: %v", err)
			}
			if code := plugin.exitCode(); code != 0 {
				t.Errorf("expected: exit code 0, got: %d; stderr: %s", code, plugin.stderr)
			}
			if !strings.Contains(plugin.stderr.String(), `"@message":"closed"`) {
				t.Errorf("expected: closed, got: %s", plugin.stderr)
			}
		})
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "hangs in Close", launched(t)...).start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	go func() { _, _ = client.HandleRequest(context.Background(), at("w", "/wait")) }()
	plugin.awaitLog("waiting")
	if _, err := client.Shutdown(within(t), &hkpplugin.ShutdownRequest{TimeoutSeconds: 1}); err != nil {
		t.Fatal(err)
	}
	if code := plugin.exitCode(); code != 0 {
		t.Errorf("expected: exit code 0, got: %d", code)
	}
	for _, text := range []string{"calls in flight did not finish in time", "Close did not return in time"} {
		if !strings.Contains(plugin.stderr.String(), text) {
			t.Errorf("expected: %q, got: %s", text, plugin.stderr)
		}
	}
}

func TestTheEndOfStandardInputEndsThePluginAtOnce(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t)...).start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	go func() { _, _ = client.HandleRequest(context.Background(), at("w", "/wait")) }()
	plugin.awaitLog("waiting")
	if err := plugin.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if code := plugin.exitCode(); code != 1 {
		t.Errorf("expected: exit code 1, got: %d", code)
	}
	said := plugin.stderr.String()
	if !strings.Contains(said, "standard input has ended") || strings.Contains(said, `"closed"`) {
		t.Errorf("expected: the reason and no Close, got: %s", said)
	}
	if _, err := os.Stat(plugin.segments()[3]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("expected: no socket file, got: %v", err)
	}
}

func TestCancelReachesTheHandler(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t)...).start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan error, 1)
	go func() {
		_, err := client.HandleRequest(ctx, at("unary", "/wait"))
		done <- err
	}()
	plugin.awaitLog(`"request_id":"unary"`)
	cancel()
	if err := <-done; status.Code(err) != codes.Canceled {
		t.Errorf("expected: CANCELLED, got: %v", err)
	}
	stream, err := client.HandleRequests(within(t))
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Send(at("streamed", "/wait"))
	plugin.awaitLog(`"request_id":"streamed"`)
	_ = stream.Send(&hkpplugin.HandleRequestEvent{RequestId: "streamed", Cancel: true})
	_ = stream.Send(at("next", "/"))
	if answer, err := stream.Recv(); err != nil || answer.GetRequestId() != "next" {
		t.Errorf("expected: no answer to what was taken back, got: %v, %v", answer, err)
	}
	for end := time.Now().Add(patience); strings.Count(plugin.stderr.String(), `"@message":"cancelled"`) < 2; {
		if time.Now().After(end) {
			t.Fatalf("expected: both handlers hear of it, got: %s", plugin.stderr)
		}
		time.Sleep(5 * time.Millisecond)
	}
	shutDown(t, plugin, client)
}

func TestAttach(t *testing.T) {
	t.Parallel()
	temporary := shortDir(t)
	plugin := prepare(t, "usual", "HKP_PLUGIN_DEBUG=true", "PLUGIN_NAME=mine", "TMPDIR="+temporary)
	plugin.command.Stdout = io.Discard
	plugin.run()
	go func() {
		_ = plugin.command.Wait()
		close(plugin.exited)
	}()
	const setting = "hkp.plugins.settings.mine.attach="
	plugin.awaitLog(setting)
	plugin.awaitLog("|grpc|\n")
	_, line, _ := strings.Cut(plugin.stderr.String(), setting)
	plugin.handshake, _, _ = strings.Cut(line, "\n")
	directory, err := os.Stat(filepath.Dir(plugin.segments()[3]))
	if err != nil || directory.Mode().Perm() != 0o700 {
		t.Errorf("expected: a directory of mode 700, got: %v, %v", directory, err)
	}
	client := plugin.connect(nil)
	plugin.initialize(client)
	// Neither ends it.
	_ = plugin.stdin.Close()
	if _, err := client.Shutdown(within(t), &hkpplugin.ShutdownRequest{TimeoutSeconds: 1}); err != nil {
		t.Fatal(err)
	}
	plugin.awaitLog("only its user ends a plugin that was started by hand")
	other := plugin.connect(nil, grpc.WithUserAgent("another gateway"))
	same := &hkpplugin.InitRequest{InstanceId: "2", ConfigJson: `{"shortest_search": 3}`}
	if answer, err := other.Initialize(within(t), same); err != nil || !answer.GetSuccess() {
		t.Errorf("expected: another gateway with the same configuration is welcome, got: %v, %v", answer, err)
	}
	different := &hkpplugin.InitRequest{InstanceId: "3", ConfigJson: `{}`}
	if answer, err := other.Initialize(within(t), different); err != nil || answer.GetSuccess() {
		t.Errorf("expected: one with another configuration is refused, got: %v, %v", answer, err)
	}
	if answer, err := other.HandleRequest(within(t), index("x", "ab")); err != nil || answer.GetStatusCode() != 429 {
		t.Errorf("expected: 429, got: %v, %v", answer, err)
	}
	if err := plugin.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := plugin.exitCode(); code != 0 {
		t.Errorf("expected: exit code 0, got: %d", code)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("expected: nothing left, got: %v, %v", left, err)
	}
}

func TestInitializeIsOncePerProcess(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t)...).start()
	client := plugin.connect(nil)
	bad := &hkpplugin.InitRequest{InstanceId: "1", ConfigJson: `{"shortest_search": "x"}`}
	if answer, err := client.Initialize(within(t), bad); err != nil || answer.GetError() != `configuration key 'shortest_search': expected: a whole number from 1 to 100, got: "x"` {
		t.Errorf("expected: a refusal, got: %v, %v", answer, err)
	}
	plugin.initialize(client)
	again := &hkpplugin.InitRequest{InstanceId: "1", ConfigJson: `{"shortest_search": 50}`}
	if answer, err := client.Initialize(within(t), again); err != nil || !answer.GetSuccess() {
		t.Errorf("expected: the same answer again, got: %v, %v", answer, err)
	}
	if answer, err := client.HandleRequest(within(t), index("a", "abc")); err != nil || !answer.GetContinueChain() {
		t.Errorf("expected: nothing is changed, got: %v, %v", answer, err)
	}
	other := &hkpplugin.InitRequest{InstanceId: "2", ConfigJson: `{"shortest_search": 3}`}
	if answer, err := client.Initialize(within(t), other); err != nil || answer.GetSuccess() {
		t.Errorf("expected: another instance is refused, got: %v, %v", answer, err)
	}
	if strings.Count(plugin.stderr.String(), `"@message":"begun"`) != 1 {
		t.Errorf("expected: begun once, got: %s", plugin.stderr)
	}
	shutDown(t, plugin, client)
}
