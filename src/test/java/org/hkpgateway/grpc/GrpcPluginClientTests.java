package org.hkpgateway.grpc;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.grpc.FakePlugin.Behaviour;
import org.hkpgateway.grpc.FakePlugin.StreamManners;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.proto.HandleRequestEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What both ways of asking have in common, and what a call for each request has of its
 * own. What only the stream has is tested in {@link StreamingPluginClientTests}.
 */
@Timeout(30)
class GrpcPluginClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Duration SHORT = Duration.ofMillis(60);

	private FakePlugin plugin;

	private GrpcConnector connector;

	private PluginConnection connection;

	private PluginClient client;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = this.connector.offer(TestEvents.spec()).connect(this.plugin.endpoint(), null, LONG);
		this.client = this.connection.client();
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	private void pluginBehaves(Behaviour behaviour) {
		this.plugin.behaviour = behaviour;
	}

	private Mono<Decision> decide(RequestEvent event) {
		return this.client.decide(event, LONG);
	}

	private void assertFails(String kind, String message) {
		StepVerifier.create(decide(TestEvents.lookup()))
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOfSatisfying(PluginFailure.class, (pluginFailure) -> {
						assertThat(pluginFailure.kind()).isEqualTo(kind);
						assertThat(pluginFailure).hasMessageStartingWith("plugin fake: ").hasMessageContaining(message);
					}))
			.verify(LONG);
	}

	/** Decisions mean the same by a call for each request and on the stream. */
	@Nested
	@ParameterizedClass
	@EnumSource(names = { "OFF", "BEHAVES" })
	class EitherWay {

		@Parameter
		private StreamManners stream;

		@BeforeEach
		void initialize() {
			GrpcPluginClientTests.this.plugin.streamManners = this.stream;
			GrpcPluginClientTests.this.connection.initialize("i-1", LONG);
			GrpcPluginClientTests.this.client = GrpcPluginClientTests.this.connection.client();
		}

		@Test
		void continues() {
			Decision decision = decide(TestEvents.lookup()).block(LONG);
			assertThat(decision).isInstanceOf(Decision.Continue.class);
			HandleRequestEvent event = GrpcPluginClientTests.this.plugin.events.remove();
			assertThat(event.getRequestId()).startsWith("r-1");
			assertThat(event.getDeadlineMs()).isBetween(1L, LONG.toMillis());
			assertThat(GrpcPluginClientTests.this.plugin.authorities).containsOnly("localhost");
		}

		@Test
		void responds() {
			pluginBehaves(Behaviour.DENIES);
			StepVerifier.create(decide(TestEvents.lookup())).assertNext((decision) -> {
				Decision.Respond respond = (Decision.Respond) decision;
				assertThat(respond.head().status()).isEqualTo(403);
				assertThat(respond.body()).isEqualTo(ByteBuffer.wrap(new byte[] { 'n', 'o' }));
			}).expectComplete().verify(LONG);
		}

		@ParameterizedTest
		@CsvSource({ "ALL_DEFAULT_MESSAGE, protocol-error, status 0", "STATUS_99, protocol-error, status 99",
				"STATUS_100, protocol-error, status 100", "STATUS_999, protocol-error, status 999",
				"CRLF_IN_HEADER, protocol-error, 0x0d at position 1", "DIES_MID_CALL, unavailable, HandleRequest" })
		void misbehaviours(Behaviour behaviour, String kind, String message) {
			pluginBehaves(behaviour);
			assertFails(kind, message);
		}

		@ParameterizedTest
		@CsvSource({ "STATUS_502, 502, false", "STATUS_204_WITH_BODY, 204, true" })
		void answersForTheChainToJudge(Behaviour behaviour, int status, boolean body) {
			pluginBehaves(behaviour);
			Decision decision = decide(TestEvents.lookup()).block(LONG);
			assertThat(decision).isInstanceOfSatisfying(Decision.Respond.class, (respond) -> {
				assertThat(respond.head().status()).isEqualTo(status);
				assertThat(respond.body().hasRemaining()).isEqualTo(body);
			});
		}

		@ParameterizedTest
		@CsvSource({ "NEVER_ANSWERS", "ANSWERS_WHEN_TOO_LATE" })
		void deadline(Behaviour behaviour) {
			pluginBehaves(behaviour);
			HandleRequestEvent arrived;
			do {
				long start = System.nanoTime();
				StepVerifier.create(GrpcPluginClientTests.this.client.decide(TestEvents.lookup(), SHORT))
					.expectError(PluginFailure.Timeout.class)
					.verify(LONG);
				assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(SHORT, LONG);
				// On a busy machine the time may be over before the request has left.
				arrived = GrpcPluginClientTests.this.plugin.events.poll();
			}
			while (arrived == null);
			assertThat(arrived.getDeadlineMs()).isBetween(1L, SHORT.toMillis());
		}

		@Test
		void cancellationReachesThePlugin() throws Exception {
			pluginBehaves(Behaviour.NEVER_ANSWERS);
			AtomicInteger signals = new AtomicInteger();
			AtomicInteger dropped = new AtomicInteger();
			Hooks.onErrorDropped((failure) -> dropped.incrementAndGet());
			try {
				Disposable call = decide(TestEvents.lookup()).subscribe((decision) -> signals.incrementAndGet(),
						(failure) -> signals.incrementAndGet());
				assertThat(GrpcPluginClientTests.this.plugin.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
				call.dispose();
				assertThat(GrpcPluginClientTests.this.plugin.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
			}
			finally {
				Hooks.resetOnErrorDropped();
			}
			assertThat(signals).hasValue(0);
			assertThat(dropped).hasValue(0);
		}

		@Test
		void nothingIsSentBeforeTheSubscription() {
			Mono<Decision> decision = decide(TestEvents.lookup());
			assertThat(GrpcPluginClientTests.this.plugin.events).isEmpty();
			decision.block(LONG);
			decision.block(LONG);
			assertThat(GrpcPluginClientTests.this.plugin.events).hasSize(2);
		}

		@Test
		void thousandCallsAtOnceGetTheirOwnAnswers() {
			Flux.range(0, 1000).flatMap((i) -> {
				RequestEvent event = TestEvents.lookup().withHead(new RequestHead("GET", "/" + i, Headers.empty()));
				return decide(event)
					.doOnNext((decision) -> assertThat(decision.annotations()).containsEntry("target", "/" + i));
			}, 1000).as(StepVerifier::create).expectNextCount(1000).expectComplete().verify(LONG);
		}

		@Test
		void requestThatDoesNotFitIsNotSent() {
			RequestEvent event = TestEvents.lookup()
				.withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(4 << 20), 4 << 20));
			StepVerifier.create(decide(event))
				.expectErrorSatisfies((failure) -> assertThat(failure).isInstanceOf(PluginFailure.TooLarge.class)
					.hasMessageContaining("at most 4194304 bytes"))
				.verify(LONG);
			assertThat(GrpcPluginClientTests.this.plugin.events).isEmpty();
		}

		@Test
		void bodyArrives() {
			RequestEvent event = TestEvents.lookup()
				.withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(3 << 20), 3 << 20));
			decide(event).block(LONG);
			assertThat(GrpcPluginClientTests.this.plugin.events.remove().getBody().size()).isEqualTo(3 << 20);
		}

		@Test
		void closedConnectionIsUnavailable() {
			pluginBehaves(Behaviour.NEVER_ANSWERS);
			StepVerifier.create(decide(TestEvents.lookup()))
				.then(GrpcPluginClientTests.this.connection::close)
				.expectError(PluginFailure.Unavailable.class)
				.verify(LONG);
			StepVerifier.create(decide(TestEvents.lookup())).expectError(PluginFailure.Unavailable.class).verify(LONG);
		}

		@Test
		void deadPluginIsUnavailableAtOnce() {
			pluginBehaves(Behaviour.DIES_MID_CALL);
			StepVerifier.create(decide(TestEvents.lookup())).expectError(PluginFailure.Unavailable.class).verify(LONG);
			StepVerifier.create(decide(TestEvents.lookup()))
				.expectError(PluginFailure.Unavailable.class)
				.verify(Duration.ofSeconds(5));
		}

	}

	/** Statuses that belong to one call, and plugins of the older kind. */
	@Nested
	class ByCalls {

		@ParameterizedTest
		@CsvSource({ "FAILS_UNKNOWN, protocol-error, UNKNOWN",
				"FAILS_UNAUTHENTICATED, protocol-error, UNAUTHENTICATED: who?",
				"ANSWERS_DEADLINE_EXCEEDED, timeout, an answer in time",
				"ANSWERS_5_MB, protocol-error, RESOURCE_EXHAUSTED", "COMPLETES_WITHOUT_ANSWER, unavailable, CANCELLED",
				"KNOWS_NO_REQUESTS, protocol-error, UNIMPLEMENTED" })
		void statuses(Behaviour behaviour, String kind, String message) {
			pluginBehaves(behaviour);
			assertFails(kind, message);
		}

		@Test
		void eachRequestIsACall() {
			Mono<Decision> decision = decide(TestEvents.lookup());
			assertThat(GrpcPluginClientTests.this.plugin.calls).isEmpty();
			decision.block(LONG);
			decision.block(LONG);
			assertThat(GrpcPluginClientTests.this.plugin.calls).containsExactly("HandleRequest", "HandleRequest");
		}

		@Test
		void olderPluginIsAskedByTheOlderName() {
			pluginBehaves(Behaviour.LEGACY_ONLY);
			for (int i = 0; i < 3; i++) {
				assertThat(decide(TestEvents.lookup()).block(LONG)).isInstanceOf(Decision.Continue.class);
			}
			assertThat(GrpcPluginClientTests.this.plugin.calls).containsExactly("HandleRequest", "HandleHTTPRequest",
					"HandleHTTPRequest", "HandleHTTPRequest");
		}

		@Test
		void olderPluginThatDeclaresAStreamWithoutHavingOneIsAskedByTheOlderName() {
			pluginBehaves(Behaviour.LEGACY_ONLY);
			GrpcPluginClientTests.this.plugin.streamManners = StreamManners.UNIMPLEMENTED;
			GrpcPluginClientTests.this.connection.initialize("i-1", LONG);
			GrpcPluginClientTests.this.client = GrpcPluginClientTests.this.connection.client();
			for (int i = 0; i < 3; i++) {
				assertThat(decide(TestEvents.lookup()).block(LONG)).isInstanceOf(Decision.Continue.class);
			}
			assertThat(GrpcPluginClientTests.this.plugin.calls).containsOnlyOnce("HandleRequest")
				.endsWith("HandleHTTPRequest", "HandleHTTPRequest");
		}

		@Test
		void oneUnimplementedRequestDoesNotMakeAPluginOld() {
			pluginBehaves(Behaviour.KNOWS_NO_REQUESTS);
			StepVerifier.create(decide(TestEvents.lookup()))
				.expectError(PluginFailure.ProtocolError.class)
				.verify(LONG);
			pluginBehaves(Behaviour.CONTINUES);
			assertThat(decide(TestEvents.lookup()).block(LONG)).isInstanceOf(Decision.Continue.class);
			assertThat(GrpcPluginClientTests.this.plugin.calls).containsExactly("HandleRequest", "HandleHTTPRequest",
					"HandleRequest");
		}

	}

}
