package org.hkpgateway.grpc;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import org.hkpgateway.grpc.FakePlugin.Behaviour;
import org.hkpgateway.grpc.FakePlugin.StreamManners;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.hkpgateway.proto.HandleRequestEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class StreamingPluginClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Duration SHORT = Duration.ofMillis(60);

	private static final AtomicLong ids = new AtomicLong();

	private FakePlugin plugin;

	private GrpcConnector connector;

	private GrpcPluginConnection connection;

	private StreamingPluginClient client;

	private final List<PluginFailure> reports = new CopyOnWriteArrayList<>();

	@BeforeEach
	void start(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	private void connect(StreamManners manners) {
		connectUnguarded(manners);
		this.client.reportTo(this.reports::add);
	}

	private void connectUnguarded(StreamManners manners) {
		this.plugin.streamManners = manners;
		this.connection = (GrpcPluginConnection) this.connector.offer(TestEvents.spec())
			.connect(this.plugin.endpoint(), null, LONG);
		PluginClient before = this.connection.client();
		assertThat(before).isInstanceOf(GrpcPluginClient.class);
		this.connection.initialize("i-1", LONG);
		this.client = (StreamingPluginClient) this.connection.client();
	}

	@Test
	void manyRequestsShareOneStream() {
		connect(StreamManners.BEHAVES);
		decideAll(100).forEach((signal) -> assertThat(signal.getThrowable()).isNull());
		assertThat(this.plugin.calls).containsExactly("Initialize", "HandleRequests");
		assertThat(this.plugin.events).extracting(HandleRequestEvent::getRequestId)
			.as("those of the gateway's log")
			.hasSize(100)
			.doesNotHaveDuplicates()
			.allMatch((id) -> id.matches("r-\\d+"));
		assertThat(this.client.inFlight()).isZero();
		assertThat(this.client.counters().divertedRequests()).isZero();
		assertThat(this.connection.streamCounters()).contains(this.client.counters());
	}

	@Test
	void twoOfOneIdAreNotMixedUp() throws Exception {
		connect(StreamManners.ANSWERS_AFTER_CANCEL);
		RequestEvent event = lookup();
		Disposable first = this.client.decide(event, LONG).subscribe();
		assertThat(this.plugin.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.client.decide(event, LONG).block(LONG)).isNotNull();
		assertThat(this.plugin.calls).containsExactly("Initialize", "HandleRequests", "HandleRequest");
		assertThat(this.client.inFlight()).isEqualTo(1);
		first.dispose();
	}

	@Test
	void theStreamIsOpenBeforeTheFirstRequest() {
		connect(StreamManners.BEHAVES);
		await("the stream", () -> this.plugin.calls.contains("HandleRequests"));
	}

	@Test
	void answersComeInAnyOrder() {
		connect(StreamManners.OUT_OF_ORDER);
		Flux.range(0, FakeStream.GROUP)
			.flatMap((i) -> this.client.decide(to("/" + i), LONG)
				.doOnNext((decision) -> assertThat(decision.annotations()).containsEntry("target", "/" + i)))
			.as(StepVerifier::create)
			.expectNextCount(FakeStream.GROUP)
			.expectComplete()
			.verify(LONG);
	}

	@ParameterizedTest
	@EnumSource(names = { "UNKNOWN_IDS", "ANSWERS_TWICE" })
	void answersToNobodyAreIgnoredAndCounted(StreamManners manners) {
		connect(manners);
		for (int i = 0; i < 3; i++) {
			assertThat(decide().annotations()).containsKey("target");
		}
		long expected = (manners == StreamManners.UNKNOWN_IDS) ? 6 : 3;
		await("ignored answers", () -> this.client.counters().ignoredAnswers() == expected);
		assertThat(this.client.counters().brokenStreams()).isZero();
	}

	@Test
	void aCancelledRequestIsForgottenOnBothSidesAndItsLateAnswerIgnored() throws Exception {
		connect(StreamManners.ANSWERS_AFTER_CANCEL);
		Disposable call = this.client.decide(lookup(), LONG).subscribe();
		assertThat(this.plugin.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.client.inFlight()).isEqualTo(1);
		call.dispose();
		assertThat(this.client.inFlight()).isZero();
		await("the cancellation", () -> !this.plugin.cancelledIds.isEmpty());
		assertThat(this.plugin.cancelledIds).containsExactly(this.plugin.events.remove().getRequestId());
		await("an ignored answer", () -> this.client.counters().ignoredAnswers() == 1);
		this.plugin.streamManners = StreamManners.BEHAVES;
		assertThat(decide()).isNotNull();
		assertThat(this.plugin.calls).containsExactly("Initialize", "HandleRequests");
	}

	@Test
	void withoutAnAnswerTheTimeRunsOutAndNothingIsKept() {
		connect(StreamManners.NEVER_ANSWERS);
		Flux.range(0, 50)
			.flatMap((i) -> this.client.decide(lookup(), SHORT).materialize(), 50)
			.toIterable()
			.forEach((signal) -> assertThat(signal.getThrowable()).isInstanceOf(PluginFailure.Timeout.class));
		assertThat(this.client.inFlight()).isZero();
		await("cancellations", () -> this.plugin.cancelledIds.size() == 50);
		this.plugin.streamManners = StreamManners.BEHAVES;
		assertThat(decide()).isNotNull();
	}

	@Test
	void aBrokenStreamFailsWhatIsInFlightAndCountsOnce(CapturedOutput output) {
		connect(StreamManners.BREAKS_LATE);
		List<Signal<Decision>> signals = decideAll(FakeStream.GROUP);
		assertThat(signals).extracting(Signal::getThrowable)
			.allSatisfy((failure) -> assertThat(failure).isInstanceOf(PluginFailure.Unavailable.class)
				.hasMessage("plugin fake: HandleRequests: expected: an answer, got: the end of the stream: "
						+ "INTERNAL: bug"))
			.noneMatch((failure) -> ((PluginFailure) failure).isEvidence());
		assertThat(this.reports).singleElement()
			.asInstanceOf(InstanceOfAssertFactories.THROWABLE)
			.hasMessage("plugin fake: HandleRequests: expected: an open stream, got: its end: INTERNAL: bug")
			.matches((failure) -> ((PluginFailure) failure).isEvidence());
		assertThat(this.client.inFlight()).isZero();
		assertThat(this.client.counters().brokenStreams()).isEqualTo(1);
		assertThat(output).contains("Stream to plugin fake broke with 8 requests in flight: INTERNAL: bug");
	}

	@Test
	void aStreamThatBreaksWithNothingInFlightCounts() {
		connect(StreamManners.ANSWERS_AND_BREAKS);
		decide();
		await("a break", () -> this.reports.size() == 1);
		decide();
		assertThat(this.client.counters().brokenStreams()).isEqualTo(1);
		await("another break", () -> {
			askInVainPerhaps();
			return this.reports.size() == 2;
		});
		assertThat(this.client.counters().brokenStreams()).isEqualTo(2);
	}

	/** The first one breaks when nobody guards the client yet. */
	@Test
	void aStreamThatBreaksAsSoonAsItIsOpenedCountsEachTime() {
		connectUnguarded(StreamManners.BREAKS_AT_ONCE);
		await("a break", () -> this.client.counters().brokenStreams() == 1);
		assertThat(this.reports).isEmpty();
		this.client.reportTo(this.reports::add);
		assertThat(this.reports).hasSize(1);
		await("two other breaks", () -> {
			askInVainPerhaps();
			return this.reports.size() == 3;
		});
		assertThat(this.client.counters().brokenStreams()).isEqualTo(3);
	}

	@Test
	void aConnectionThatThePluginEndsInTheOrderlyWayIsNoBreak() throws Exception {
		connect(StreamManners.BEHAVES);
		decide();
		CompletableFuture<Void> ended = this.plugin.startToEndConnections();
		await("the end of the stream", () -> this.plugin.streamsEnded.get() == 1);
		decide();
		await("another stream", () -> this.plugin.calls.stream().filter("HandleRequests"::equals).count() == 2);
		ended.get(10, TimeUnit.SECONDS);
		assertThat(this.reports).isEmpty();
		assertThat(this.client.counters().brokenStreams()).isZero();
		assertThat(this.client.counters().divertedRequests()).isZero();
	}

	@Test
	void aStreamThatIsEndedAndOwesAnswersIsABrokenOne() throws Exception {
		connect(StreamManners.NEVER_ANSWERS);
		CompletableFuture<Decision> call = this.client.decide(lookup(), LONG).toFuture();
		assertThat(this.plugin.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
		this.client.renew();
		await("a break", () -> this.reports.size() == 1);
		assertThat(call).failsWithin(LONG);
	}

	@Test
	void aStreamThatThePluginDoesNotEndIsCancelledInTheEnd() {
		connect(StreamManners.NEVER_ENDS);
		assertThat(decide()).isNotNull();
		this.client.renew();
		assertThat(decide()).isNotNull();
		this.client.expire(System.nanoTime() + TimeUnit.SECONDS.toNanos(RequestStream.CLOSE_SECONDS - 5));
		assertThat(this.client.streams()).isEqualTo(2);
		this.client.expire(System.nanoTime() + TimeUnit.SECONDS.toNanos(RequestStream.CLOSE_SECONDS + 5));
		await("the end of the former stream", () -> this.client.streams() == 1);
		assertThat(this.reports).isEmpty();
		assertThat(decide()).isNotNull();
	}

	@Test
	void whatTheGatewayClosesHasNotBroken() throws Exception {
		connect(StreamManners.NEVER_ANSWERS);
		CompletableFuture<Decision> call = this.client.decide(lookup(), LONG).toFuture();
		assertThat(this.plugin.requestArrived.await(10, TimeUnit.SECONDS)).isTrue();
		this.connection.close();
		assertThat(call).failsWithin(LONG);
		assertThat(this.reports).isEmpty();
		assertThat(this.client.counters().brokenStreams()).isZero();
	}

	@Test
	void afterABreakRequestsGoByThemselvesUntilTheStreamIsOpenAgain() {
		connect(StreamManners.BREAKS);
		assertThat(this.client.decide(lookup(), LONG).materialize().block(LONG).getThrowable())
			.isInstanceOf(PluginFailure.Unavailable.class);
		this.plugin.streamManners = StreamManners.BEHAVES;
		assertThat(decide()).isNotNull();
		assertThat(this.plugin.calls).containsExactly("Initialize", "HandleRequests", "HandleRequest");
		assertThat(this.client.counters().divertedRequests()).isEqualTo(1);
		await("another stream", () -> {
			decide();
			return this.plugin.calls.stream().filter("HandleRequests"::equals).count() == 2;
		});
		long diverted = this.client.counters().divertedRequests();
		decide();
		assertThat(this.client.counters().divertedRequests()).isEqualTo(diverted);
	}

	@Test
	void aStreamThatEndsWithoutAnErrorIsABrokenOneToo() {
		connect(StreamManners.COMPLETES);
		assertThat(this.client.decide(lookup(), LONG).materialize().block(LONG).getThrowable())
			.isInstanceOf(PluginFailure.Unavailable.class)
			.hasMessageContaining("the end of the stream: OK");
		assertThat(this.client.counters().brokenStreams()).isEqualTo(1);
	}

	@Test
	void aMalformedAnswerFailsOneRequestOnly() {
		connect(StreamManners.FIRST_ANSWER_MALFORMED);
		assertThat(this.client.decide(lookup(), LONG).materialize().block(LONG).getThrowable())
			.isInstanceOf(PluginFailure.ProtocolError.class)
			.hasMessageEndingWith("got: status 0, reason: out of memory");
		assertThat(decide()).isNotNull();
		assertThat(this.plugin.calls).containsExactly("Initialize", "HandleRequests");
	}

	@Test
	void aPluginThatDoesNotKnowTheMethodIsAskedByCalls(CapturedOutput output) {
		connect(StreamManners.UNIMPLEMENTED);
		for (int i = 0; i < 5; i++) {
			assertThat(decide()).isNotNull();
		}
		assertThat(this.plugin.events).hasSize(5);
		assertThat(this.plugin.calls).containsExactlyInAnyOrder("Initialize", "HandleRequests", "HandleRequest",
				"HandleRequest", "HandleRequest", "HandleRequest", "HandleRequest");
		assertThat(this.client.counters().brokenStreams()).isZero();
		assertThat(output.getAll().lines().filter((line) -> line.contains("declares the feature 'stream', but")))
			.hasSize(1);
	}

	@Test
	void aLargeBodyGoesByItself() {
		connect(StreamManners.BEHAVES);
		this.plugin.behaviour = Behaviour.TELLS_BODY;
		assertThat(this.client.decide(withBody(StreamingPluginClient.MAX_BODY_BYTES), LONG).block(LONG)).isNotNull();
		assertThat(this.plugin.calls).doesNotContain("HandleRequest");
		assertThat(this.client.decide(withBody(StreamingPluginClient.MAX_BODY_BYTES + 1), LONG).block(LONG))
			.isNotNull();
		assertThat(this.plugin.calls).contains("HandleRequest");
		assertThat(this.client.counters().divertedRequests()).isZero();
	}

	@Test
	void whatIsOnlyExplainedIsAskedByACallOfItsOwn() {
		connect(StreamManners.BEHAVES);
		assertThat(this.client.decide(lookup().asDryRun(), LONG).block(LONG)).isNotNull();
		assertThat(this.plugin.calls).contains("HandleRequest");
		assertThat(this.client.counters().divertedRequests()).isZero();
	}

	/** Flow control fills up; then what waits is bounded, and the rest goes by itself. */
	@Test
	void aPluginThatDoesNotReadTheStreamIsAskedByCalls() throws Exception {
		connect(StreamManners.READS_NOTHING);
		assertThat(decide()).isNotNull();
		List<Disposable> stuck = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			stuck.add(this.client.decide(withBody(StreamingPluginClient.MAX_BODY_BYTES), LONG).subscribe());
		}
		await("a request by itself", () -> this.client.counters().divertedRequests() >= 10);
		assertThat(this.client.inFlight()).isBetween(1, 10);
		stuck.forEach(Disposable::dispose);
		assertThat(this.client.inFlight()).isZero();
		assertThat(giveUpUntilOneGoesByItself()).isNotNull();
	}

	@Test
	void theNumberInFlightIsBounded() {
		connect(StreamManners.NEVER_ANSWERS);
		int asked = RequestStream.MAX_IN_FLIGHT + 50;
		Disposable.Composite calls = Disposables.composite();
		for (int i = 0; i < asked; i++) {
			calls.add(this.client.decide(lookup(), LONG).subscribe());
		}
		assertThat(this.client.inFlight()).isLessThanOrEqualTo(RequestStream.MAX_IN_FLIGHT);
		assertThat(this.client.counters().divertedRequests()).isEqualTo(asked - this.client.inFlight());
		calls.dispose();
		assertThat(this.client.inFlight()).isZero();
	}

	@Test
	void cancellationsThatRaceWithAnswersLeaveNothingBehind() {
		connect(StreamManners.BEHAVES);
		Flux.range(0, 1000)
			.parallel(4)
			.runOn(Schedulers.boundedElastic())
			.flatMap((i) -> Mono.firstWithSignal(this.client.decide(lookup(), LONG).then(),
					(i % 2 == 0) ? Mono.empty() : Mono.never()))
			.sequential()
			.then()
			.block(LONG);
		assertThat(this.client.inFlight()).isZero();
		assertThat(decide()).isNotNull();
		assertThat(this.client.counters().brokenStreams()).isZero();
	}

	@Test
	void aShutdownEndsTheStreamInTheOrderlyWay(CapturedOutput output) {
		connect(StreamManners.BEHAVES);
		decide();
		this.connection.shutdown("test", LONG);
		await("the end of the stream", () -> this.plugin.streamsEnded.get() == 1);
		assertThat(decide()).isNotNull();
		assertThat(this.plugin.calls).containsExactly("Initialize", "HandleRequests", "Shutdown", "HandleRequest");
		assertThat(this.client.counters().brokenStreams()).isZero();
		assertThat(this.reports).isEmpty();
		assertThat(output).doesNotContain("broke");
	}

	/**
	 * Asks and gives up, again and again. What nobody wants any longer keeps its place
	 * until its turn comes: else this could be repeated for ever. It takes one attempt if
	 * the stream is full, and a bounded number if the transport has not come to the end
	 * of its window yet: for each request that it takes, those that wait behind lose
	 * their places.
	 */
	private Decision giveUpUntilOneGoesByItself() throws Exception {
		int fitIntoTheWindow = 6;
		int wait = StreamSender.MAX_WAITING_BYTES / StreamingPluginClient.MAX_BODY_BYTES;
		int attempts = fitIntoTheWindow * (1 + wait);
		long diverted = this.client.counters().divertedRequests();
		for (int i = 0; i < attempts; i++) {
			CompletableFuture<Decision> answer = this.client
				.decide(withBody(StreamingPluginClient.MAX_BODY_BYTES), LONG)
				.toFuture();
			if (this.client.counters().divertedRequests() > diverted) {
				return answer.get(LONG.toSeconds(), TimeUnit.SECONDS);
			}
			answer.cancel(true);
		}
		throw new AssertionError(
				"expected: a request that goes by itself, got: " + attempts + " that were taken by the stream");
	}

	/** The stream may be about to break. */
	private void askInVainPerhaps() {
		var unused = this.client.decide(lookup(), LONG).materialize().block(LONG);
	}

	/** Each has an id of its own, as the gateway's requests have. */
	private static RequestEvent lookup() {
		RequestEvent event = TestEvents.lookup();
		return new RequestEvent("r-" + ids.incrementAndGet(), event.head(), event.path(), event.query(), event.hkp(),
				event.client(), event.tls(), event.body(), event.annotations());
	}

	private Decision decide() {
		Decision decision = this.client.decide(lookup(), LONG).block(LONG);
		assertThat(decision).isNotNull();
		return decision;
	}

	/** Asks at once. */
	private List<Signal<Decision>> decideAll(int number) {
		List<Signal<Decision>> signals = Flux.range(0, number)
			.flatMap((i) -> this.client.decide(to("/" + i), LONG).materialize(), number)
			.collectList()
			.block(LONG);
		assertThat(signals).hasSize(number);
		return signals;
	}

	private static RequestEvent to(String target) {
		return lookup().withHead(new RequestHead("GET", target, Headers.empty()));
	}

	private static RequestEvent withBody(int size) {
		return lookup().withBody(new RequestBody(RequestBody.State.COMPLETE, ByteBuffer.allocate(size), size));
	}

	private static void await(String what, BooleanSupplier condition) {
		long end = System.nanoTime() + LONG.toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("expected: %s within %s", what, LONG).isLessThan(end);
			Thread.onSpinWait();
		}
	}

}
