package org.hkpgateway.sdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.hkpgateway.proto.health.HealthCheckRequest;
import org.hkpgateway.proto.health.HealthCheckResponse;
import org.hkpgateway.proto.health.HealthGrpc;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.log.LogLevel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PluginServer} and {@link PluginService} with a real client.
 */
@Timeout(60)
class PluginServerTests {

	private final BlockingQueue<Duration> shutdowns = new LinkedBlockingQueue<>();

	private final List<AutoCloseable> open = new ArrayList<>();

	private Path directory;

	@BeforeEach
	void makeDirectory() throws IOException {
		// Shorter than a temporary directory of JUnit, for the sake of the path's limit.
		this.directory = Files.createTempDirectory("sdk");
	}

	@AfterEach
	void cleanUp() throws Exception {
		for (AutoCloseable closeable : this.open) {
			closeable.close();
		}
		try (Stream<Path> left = Files.list(this.directory)) {
			assertThat(left).as("socket files left").isEmpty();
		}
		Files.delete(this.directory);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aRequestOverAUnixSocket(boolean epoll) throws Exception {
		TestGateway gateway = start((request) -> Decision.deny(403).text(request.path()), epoll);
		assertThat(gateway.initialize("{}").getSuccess()).isTrue();
		HandleResponse response = gateway.plugin().handleRequest(TestGateway.get("/x").build());
		assertThat(response.getStatusCode()).isEqualTo(403);
		assertThat(response.getBody().toStringUtf8()).isEqualTo("/x\n");
	}

	@Test
	void aRequestOverTcp() throws Exception {
		Launch launch = new Launch("", "", new Listen.Tcp(0, 0), Credentials.NONE, null, null, LogLevel.INFO);
		TestGateway gateway = start((request) -> Decision.allow(), launch, true);
		gateway.initialize("{}");
		assertThat(gateway.plugin().handleRequest(TestGateway.get("/x").build()).getContinueChain()).isTrue();
	}

	@Test
	void aPathTooLongIsSaid() {
		Path deep = this.directory.resolve("d".repeat(100));
		Launch launch = new Launch("", "", new Listen.UnixSocket(deep), Credentials.NONE, null, null, LogLevel.INFO);
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> PluginServer.start((request) -> Decision.allow(), launch, true, this.shutdowns::add))
			.withMessageContaining("at most 107 bytes");
	}

	@Test
	void aMissingDirectoryIsSaid() {
		Path missing = this.directory.resolve("missing");
		Launch launch = new Launch("", "", new Listen.UnixSocket(missing), Credentials.NONE, null, null, LogLevel.INFO);
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> PluginServer.start((request) -> Decision.allow(), launch, true, this.shutdowns::add))
			.withMessageContaining("must exist");
	}

	@Test
	void noPortLeftIsSaid() throws Exception {
		Launch any = new Launch("", "", new Listen.Tcp(0, 0), Credentials.NONE, null, null, LogLevel.INFO);
		PluginServer first = PluginServer.start((request) -> Decision.allow(), any, true, this.shutdowns::add);
		this.open.add(() -> first.stop(Duration.ofSeconds(5)));
		int port = Integer.parseInt(first.handshake().split("[:|]", -1)[4]);
		Launch taken = new Launch("", "", new Listen.Tcp(port, port), Credentials.NONE, null, null, LogLevel.INFO);
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> PluginServer.start((request) -> Decision.allow(), taken, true, this.shutdowns::add))
			.withMessageStartingWith("expected: a free port on 127.0.0.1 from " + port);
	}

	@Test
	void initializeTellsTheContextAndWhoThePluginIs() throws Exception {
		BlockingQueue<PluginContext> contexts = new LinkedBlockingQueue<>();
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public void init(PluginContext context) {
				contexts.add(context);
			}

			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}

			@Override
			public PluginOptions options() {
				return PluginOptions.defaults()
					.description("d")
					.supportsDryRun()
					.threads(0)
					.maxMessageBytes(1 << 20)
					.minHostProtocol("1.2");
			}
		}, true);
		InitResponse response = gateway.initialize("{\"threshold\": 5}");
		assertThat(response.getSuccess()).isTrue();
		assertThat(response.getFeaturesList()).containsExactly("dry_run", "stream");
		assertThat(response.getMaxMessageBytes()).isEqualTo(1 << 20);
		PluginInfo info = gateway.plugin().getInfo(Empty.getDefaultInstance());
		assertThat(info).isEqualTo(response.getInfo());
		assertThat(info.getName()).isEqualTo("name");
		assertThat(info.getVersion()).isEqualTo("1.2.3");
		assertThat(info.getDescription()).isEqualTo("d");
		assertThat(info.getMetadataMap()).containsExactlyEntriesOf(Map.of("min_host_protocol", "1.2"));
		assertThat(info.getCapabilitiesList()).containsExactly("http.request", "http.respond");
		PluginContext context = contexts.remove();
		assertThat(context.config().getInt("threshold", 0)).isEqualTo(5);
		assertThat(context.isGranted("http.respond")).isTrue();
		assertThat(context.isGranted("http.request.body")).isFalse();
		// The same instance again changes nothing, another one is refused.
		assertThat(gateway.initialize("{\"threshold\": 6}").getSuccess()).isTrue();
		assertThat(contexts).isEmpty();
		InitResponse other = gateway.plugin().initialize(InitRequest.newBuilder().setInstanceId("i2").build());
		assertThat(other.getSuccess()).isFalse();
		assertThat(other.getError()).contains("'i2' after 'i1'");
	}

	@Test
	void aRefusedConfigurationReachesTheOperator() throws Exception {
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public void init(PluginContext context) throws IOException {
				if (context.config().contains("bug")) {
					throw new NoClassDefFoundError("a/B");
				}
				if (context.config().contains("assert")) {
					throw new AssertionError("a bug");
				}
				if (context.config().contains("file")) {
					throw new IOException("no such file");
				}
				throw new ConfigException("threshold", "a number", "\"x\"");
			}

			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}
		}, true);
		assertThat(gateway.initialize("{}").getError())
			.isEqualTo("configuration key 'threshold': expected: a number, got: \"x\"");
		assertThat(gateway.initialize("{\"file\": 1}").getError()).isEqualTo("no such file");
		assertThat(gateway.initialize("{\"bug\": 1}").getError()).isEqualTo("java.lang.NoClassDefFoundError: a/B");
		assertThat(gateway.initialize("{\"assert\": 1}").getError()).isEqualTo("java.lang.AssertionError: a bug");
		assertThat(gateway.initialize("nonsense").getError())
			.isEqualTo("configuration: expected: one JSON object, got: nonsense");
		assertStatus(Status.Code.FAILED_PRECONDITION, gateway, "/x");
	}

	@Test
	void anExceptionFailsItsRequestOnly() throws Exception {
		TestGateway gateway = start((request) -> {
			switch (request.path()) {
				case "/exception" -> throw new IOException("boom");
				case "/error" -> throw new StackOverflowError();
				case "/null" -> {
					return null;
				}
				default -> {
					return Decision.allow();
				}
			}
		}, true);
		gateway.initialize("{}");
		assertStatus(Status.Code.INTERNAL, gateway, "/exception");
		assertStatus(Status.Code.INTERNAL, gateway, "/error");
		assertStatus(Status.Code.INTERNAL, gateway, "/null");
		assertThat(gateway.plugin().handleRequest(TestGateway.get("/fine").build()).getContinueChain()).isTrue();
	}

	@Test
	void brokenEventsAndUndeclaredDryRunsAreRefused() throws Exception {
		TestGateway gateway = start((request) -> Decision.allow(), true);
		gateway.initialize("{}");
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleRequest(TestGateway.get("/").setRemoteAddr("nobody").build()))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleRequest(TestGateway.get("/").setDryRun(true).build()))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION));
	}

	@Test
	void callsRunInParallelAndHealthIsAnsweredMeanwhile() throws Exception {
		CyclicBarrier together = new CyclicBarrier(4);
		CountDownLatch release = new CountDownLatch(1);
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public Decision handle(Request request) throws Exception {
				together.await(10, TimeUnit.SECONDS);
				release.await();
				return Decision.allow();
			}

			@Override
			public PluginOptions options() {
				return PluginOptions.defaults().threads(4);
			}
		}, true);
		gateway.initialize("{}");
		List<ListenableFuture<HandleResponse>> calls = Stream.generate(() -> TestGateway.get("/").build())
			.limit(4)
			.map(gateway.futures()::handleRequest)
			.toList();
		HealthStatus health = gateway.plugin().healthCheck(Empty.getDefaultInstance());
		assertThat(health.getStatus()).isEqualTo(HealthStatus.Status.HEALTHY);
		assertThat(health.getTimestamp()).isPositive();
		release.countDown();
		for (ListenableFuture<HandleResponse> call : calls) {
			assertThat(call.get(10, TimeUnit.SECONDS).getContinueChain()).isTrue();
		}
	}

	@Test
	void healthBeforeInitializeAndWhenItFails() throws Exception {
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}

			@Override
			public Health health() {
				throw new IllegalStateException("sick");
			}
		}, true);
		assertThat(gateway.plugin().healthCheck(Empty.getDefaultInstance()).getStatus())
			.isEqualTo(HealthStatus.Status.UNKNOWN);
		gateway.initialize("{}");
		HealthStatus health = gateway.plugin().healthCheck(Empty.getDefaultInstance());
		assertThat(health.getStatus()).isEqualTo(HealthStatus.Status.UNHEALTHY);
		assertThat(health.getMessage()).contains("sick");
	}

	@Test
	void probesAreAnsweredBeforeInitialize() throws Exception {
		TestGateway gateway = start((request) -> Decision.allow(), true);
		HealthGrpc.HealthBlockingStub probe = HealthGrpc.newBlockingStub(gateway.channel())
			.withDeadlineAfter(20, TimeUnit.SECONDS);
		for (String service : List.of("", "plugin")) {
			assertThat(probe.check(HealthCheckRequest.newBuilder().setService(service).build()).getStatus())
				.isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
		}
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> probe.check(HealthCheckRequest.newBuilder().setService("x").build()))
			.withMessageContaining("NOT_FOUND");
	}

	@Test
	void shutdownIsAnsweredFirst() throws Exception {
		TestGateway gateway = start((request) -> Decision.allow(), true);
		assertThat(gateway.plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(7).build()).getSuccess())
			.isTrue();
		assertThat(this.shutdowns.poll(10, TimeUnit.SECONDS)).hasSeconds(7);
		gateway.plugin().shutdown(ShutdownRequest.getDefaultInstance());
		assertThat(this.shutdowns.poll(10, TimeUnit.SECONDS)).hasSeconds(5);
	}

	@Test
	void stopLetsCallsFinishThenClosesTheHandler() throws Exception {
		CountDownLatch inside = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		BlockingQueue<String> order = new LinkedBlockingQueue<>();
		Launch launch = launch();
		PluginServer server = PluginServer.start(new PluginHandler() {
			@Override
			public Decision handle(Request request) throws Exception {
				inside.countDown();
				release.await();
				order.add("handled");
				return Decision.allow();
			}

			@Override
			public void close() {
				order.add("closed");
				throw new IllegalStateException("logged, nothing more");
			}
		}, launch, true, this.shutdowns::add);
		TestGateway gateway = new TestGateway(server.handshake());
		this.open.add(gateway);
		gateway.initialize("{}");
		ListenableFuture<HandleResponse> call = gateway.futures().handleRequest(TestGateway.get("/").build());
		inside.await();
		Thread stop = new Thread(() -> server.stop(Duration.ofSeconds(20)));
		stop.start();
		release.countDown();
		assertThat(call.get(10, TimeUnit.SECONDS).getContinueChain()).isTrue();
		stop.join();
		assertThat(order).containsExactly("handled", "closed");
		// Again is harmless.
		server.stop(Duration.ofSeconds(1));
		assertThat(order).hasSize(2);
	}

	@Test
	void stopIsBoundedWhateverTheHandlerDoes() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		PluginServer server = PluginServer.start(new PluginHandler() {
			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}

			@Override
			public void close() throws Exception {
				never.await();
			}
		}, launch(), true, this.shutdowns::add);
		long start = System.nanoTime();
		server.stop(Duration.ofMillis(200));
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
		never.countDown();
	}

	@Test
	void decisionsThatComeLaterHoldNoThread() throws Exception {
		CompletableFuture<Decision> later = new CompletableFuture<>();
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public Decision handle(Request request) {
				throw new IllegalStateException("expected: handleAsync to be called");
			}

			@Override
			public CompletionStage<Decision> handleAsync(Request request) {
				return request.path().equals("/later") ? later
						: CompletableFuture.failedStage(new CompletionException(new IllegalStateException("bug")));
			}

			@Override
			public PluginOptions options() {
				return PluginOptions.defaults().threads(1);
			}
		}, true);
		gateway.initialize("{}");
		Future<HandleResponse> first = gateway.futures().handleRequest(TestGateway.get("/later").build());
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleRequest(TestGateway.get("/fails").build()))
			.withMessageContaining("INTERNAL: the handler failed: java.lang.IllegalStateException: bug");
		assertThat(first.isDone()).isFalse();
		later.complete(Decision.deny(403));
		assertThat(first.get(20, TimeUnit.SECONDS).getStatusCode()).isEqualTo(403);
	}

	@Test
	void decisionsThatNeverComeAreFailuresAtTheDeadline() throws Exception {
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public Decision handle(Request request) {
				throw new IllegalStateException("expected: handleAsync to be called");
			}

			@Override
			public CompletionStage<Decision> handleAsync(Request request) {
				return new CompletableFuture<>();
			}

			@Override
			public CompletionStage<ResponseDecision> onResponseAsync(UpstreamResponse response) {
				return new CompletableFuture<>();
			}

			@Override
			public PluginOptions options() {
				return PluginOptions.defaults().threads(0).handlesResponses();
			}
		}, true);
		gateway.initialize("{}");
		HandleRequestEvent brief = TestGateway.get("/").setDeadlineMs(50).build();
		assertRefused(Status.Code.DEADLINE_EXCEEDED, "expected: a decision within 50 ms, got: none",
				() -> gateway.plugin().handleRequest(brief));
		UpstreamResponseEvent response = UpstreamResponseEvent.newBuilder()
			.setRequestId("r1")
			.setStatusCode(404)
			.setDeadlineMs(50)
			.build();
		assertRefused(Status.Code.DEADLINE_EXCEEDED, "expected: a decision within 50 ms, got: none",
				() -> gateway.plugin().handleUpstreamResponse(response));
	}

	private static void assertRefused(Status.Code code, String words, ThrowingCallable call) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(call)
			.withMessageContaining(words)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(code));
	}

	@Test
	void answersOfTheKeyserverAreShown() throws Exception {
		TestGateway gateway = start(new PluginHandler() {
			@Override
			public Decision handle(Request request) {
				return Decision.allow();
			}

			@Override
			public ResponseDecision onResponse(UpstreamResponse response) throws IOException {
				if (response.status() == 500) {
					throw new IOException("boom");
				}
				return ResponseDecision.unchanged().annotate("status", Integer.toString(response.status()));
			}

			@Override
			public PluginOptions options() {
				return PluginOptions.defaults().handlesResponses();
			}
		}, true);
		UpstreamResponseEvent event = UpstreamResponseEvent.newBuilder().setRequestId("r1").setStatusCode(404).build();
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleUpstreamResponse(event))
			.withMessageContaining("expected: Initialize first");
		assertThat(gateway.initialize("{}").getFeaturesList()).containsExactly("stream", "response");
		UpstreamResponseDecision decision = gateway.plugin().handleUpstreamResponse(event);
		assertThat(decision.getAnnotationsMap()).containsEntry("status", "404");
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleUpstreamResponse(event.toBuilder().setStatusCode(500).build()))
			.withMessageContaining("INTERNAL: the handler failed: java.io.IOException: boom");
	}

	@Test
	void answersOfTheKeyserverAreForThoseWhoAsk() throws Exception {
		TestGateway gateway = start((request) -> Decision.allow(), true);
		assertThat(gateway.initialize("{}").getFeaturesList()).containsExactly("stream");
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleUpstreamResponse(UpstreamResponseEvent.getDefaultInstance()))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
	}

	private static void assertStatus(Status.Code code, TestGateway gateway, String path) {
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().handleRequest(TestGateway.get(path).build()))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(code));
	}

	private Launch launch() {
		return new Launch("name", "1.2.3", new Listen.UnixSocket(this.directory), Credentials.NONE, null, null,
				LogLevel.INFO);
	}

	private TestGateway start(PluginHandler handler, boolean epoll) throws LaunchException {
		return start(handler, launch(), epoll);
	}

	private TestGateway start(PluginHandler handler, Launch launch, boolean epoll) throws LaunchException {
		PluginServer server = PluginServer.start(handler, launch, epoll, this.shutdowns::add);
		TestGateway gateway = new TestGateway(server.handshake());
		this.open.add(gateway);
		this.open.add(() -> server.stop(Duration.ofSeconds(5)));
		return gateway;
	}

}
