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
 * Decisions mean the same whichever way they come: by a call for each request and on the
 * stream. What only one of them can do is tested in {@link UnaryPluginClientTests} and
 * {@link StreamingPluginClientTests}.
 */
@Timeout(30)
@ParameterizedClass
@EnumSource(names = { "OFF", "BEHAVES" })
class GrpcPluginClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Duration SHORT = Duration.ofMillis(60);

	@Parameter
	private StreamManners stream;

	private FakePlugin plugin;

	private GrpcConnector connector;

	private PluginConnection connection;

	private PluginClient client;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = this.connector.offer(TestEvents.spec()).connect(this.plugin.endpoint(), null, LONG);
		this.plugin.streamManners = this.stream;
		this.connection.initialize("i-1", LONG);
		this.client = this.connection.client();
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	@Test
	void continues() {
		Decision decision = this.client.decide(TestEvents.lookup(), LONG).block(LONG);
		assertThat(decision).isInstanceOf(Decision.Continue.class);
		HandleRequestEvent event = this.plugin.events.remove();
		assertThat(event.getRequestId()).startsWith("r-1");
		assertThat(event.getDeadlineMs()).isBetween(1L, LONG.toMillis());
		assertThat(this.plugin.authorities).containsOnly("localhost");
	}

	@Test
	void responds() {
		this.plugin.behaviour = Behaviour.DENIES;
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG)).assertNext((decision) -> {
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
		this.plugin.behaviour = behaviour;
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOfSatisfying(PluginFailure.class, (pluginFailure) -> {
						assertThat(pluginFailure.kind()).isEqualTo(kind);
						assertThat(pluginFailure).hasMessageStartingWith("plugin fake: ").hasMessageContaining(message);
					}))
			.verify(LONG);
	}

	@ParameterizedTest
	@CsvSource({ "STATUS_502, 502", "STATUS_204_WITH_BODY, 204" })
	void answersForTheChainToJudge(Behaviour behaviour, int status) {
		this.plugin.behaviour = behaviour;
		Decision decision = this.client.decide(TestEvents.lookup(), LONG).block(LONG);
		assertThat(decision).isInstanceOfSatisfying(Decision.Respond.class, (respond) -> {
			assertThat(respond.head().status()).isEqualTo(status);
			assertThat(respond.body().remaining()).isZero();
		});
	}

	@ParameterizedTest
	@CsvSource({ "NEVER_ANSWERS", "ANSWERS_WHEN_TOO_LATE" })
	void deadline(Behaviour behaviour) {
		this.plugin.behaviour = behaviour;
		long start = System.nanoTime();
		StepVerifier.create(this.client.decide(TestEvents.lookup(), SHORT))
			.expectError(PluginFailure.Timeout.class)
			.verify(LONG);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(SHORT, LONG);
		assertThat(this.plugin.events.remove().getDeadlineMs()).isBetween(1L, SHORT.toMillis());
	}

	@Test
	void cancellationReachesThePlugin() throws Exception {
		this.plugin.behaviour = Behaviour.NEVER_ANSWERS;
		AtomicInteger signals = new AtomicInteger();
		AtomicInteger dropped = new AtomicInteger();
		Hooks.onErrorDropped((failure) -> dropped.incrementAndGet());
		try {
			Disposable call = this.client.decide(TestEvents.lookup(), LONG)
				.subscribe((decision) -> signals.incrementAndGet(), (failure) -> signals.incrementAndGet());
			assertThat(this.plugin.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
			call.dispose();
			assertThat(this.plugin.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			Hooks.resetOnErrorDropped();
		}
		assertThat(signals).hasValue(0);
		assertThat(dropped).hasValue(0);
	}

	@Test
	void nothingIsSentBeforeTheSubscription() {
		Mono<Decision> decision = this.client.decide(TestEvents.lookup(), LONG);
		assertThat(this.plugin.events).isEmpty();
		decision.block(LONG);
		decision.block(LONG);
		assertThat(this.plugin.events).hasSize(2);
	}

	@Test
	void thousandCallsAtOnceGetTheirOwnAnswers() {
		Flux.range(0, 1000).flatMap((i) -> {
			RequestEvent event = TestEvents.lookup().withHead(new RequestHead("GET", "/" + i, Headers.empty()));
			return this.client.decide(event, LONG)
				.doOnNext((decision) -> assertThat(decision.annotations()).containsEntry("target", "/" + i));
		}, 1000).as(StepVerifier::create).expectNextCount(1000).expectComplete().verify(LONG);
	}

	@Test
	void requestThatDoesNotFitIsNotSent() {
		RequestEvent event = TestEvents.lookup()
			.withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(4 << 20), 4 << 20));
		StepVerifier.create(this.client.decide(event, LONG))
			.expectErrorSatisfies((failure) -> assertThat(failure).isInstanceOf(PluginFailure.TooLarge.class)
				.hasMessageContaining("at most 4194304 bytes"))
			.verify(LONG);
		assertThat(this.plugin.events).isEmpty();
	}

	@Test
	void bodyArrives() {
		RequestEvent event = TestEvents.lookup()
			.withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(3 << 20), 3 << 20));
		this.client.decide(event, LONG).block(LONG);
		assertThat(this.plugin.events.remove().getBody().size()).isEqualTo(3 << 20);
	}

	@Test
	void closedConnectionIsUnavailable() {
		this.plugin.behaviour = Behaviour.NEVER_ANSWERS;
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.then(this.connection::close)
			.expectError(PluginFailure.Unavailable.class)
			.verify(LONG);
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.expectError(PluginFailure.Unavailable.class)
			.verify(LONG);
	}

	@Test
	void deadPluginIsUnavailableAtOnce() {
		this.plugin.behaviour = Behaviour.DIES_MID_CALL;
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.expectError(PluginFailure.Unavailable.class)
			.verify(LONG);
		StepVerifier.create(this.client.decide(TestEvents.lookup(), LONG))
			.expectError(PluginFailure.Unavailable.class)
			.verify(Duration.ofSeconds(5));
	}

}
