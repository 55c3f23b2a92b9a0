package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Shadows}: what is kept for plugins in shadow mode, and for how long.
 */
class ShadowsTests implements ChainListener {

	private static final int MOST_BYTES = 100_000;

	private final ShadowMemory memory = new ShadowMemory(MOST_BYTES, 2);

	private final List<ShadowOutcome> compared = new ArrayList<>();

	private final List<RequestEvent> seen = new ArrayList<>();

	private final Sinks.One<Reply<Decision>> answer = Sinks.one();

	private final Sinks.One<Done> result = Sinks.one();

	private final BodyTap tap = new BodyTap();

	private Scheduler scheduler = Schedulers.immediate();

	@Test
	void theBodyIsKeptUntilItHasAnsweredAndThePlaceUntilItIsCompared() {
		ask(full(), RequestBody.complete(ByteBuffer.allocate(70_000)));
		assertThat(this.memory.used()).isEqualTo(70_000);
		decided();
		assertThat(this.memory.used()).isZero();
		assertThat(this.memory.opened()).isEqualTo(1);
		assertThat(this.compared).isEmpty();
		this.result.tryEmitValue(Done.FORWARDED);
		assertThat(this.memory.opened()).isZero();
		assertThat(this.compared).singleElement().matches((outcome) -> outcome.agreement() == Agreement.SAME);
	}

	@Test
	void whatWasCopiedIsKeptUntilItHasAnswered() {
		ask(full(), RequestBody.withheld(70_000));
		this.result.tryEmitValue(Done.FORWARDED);
		assertThat(this.memory.used()).isZero();
		this.tap.next(ByteBuffer.allocate(10));
		assertThat(this.memory.used()).as("not what was declared").isBetween(10L, 10_000L);
		this.tap.next(ByteBuffer.allocate(69_990));
		assertThat(this.seen).hasSize(1);
		assertThat(this.memory.used()).isEqualTo(70_000);
		decided();
		assertThat(this.memory.used()).isZero();
		assertThat(this.memory.opened()).isZero();
	}

	@Test
	void aPrefixDoesNotKeepTheBodyThatItIsTheBeginningOf() {
		ask(prefix(4), RequestBody.complete(ByteBuffer.allocate(90_000)));
		assertThat(this.memory.used()).isEqualTo(4);
		assertThat(this.seen.get(0).body().bytes().capacity()).isEqualTo(4);
	}

	@Test
	void whenTheRequestEndsWhatWasCopiedIsGivenBack() {
		ask(full(), RequestBody.withheld(-1));
		this.tap.next(ByteBuffer.allocate(50_000));
		assertThat(this.memory.used()).isPositive();
		this.tap.close("it ended");
		assertThat(this.memory.used()).isZero();
		this.result.tryEmitValue(Done.FORWARDED);
		assertThat(this.compared).singleElement().matches((outcome) -> outcome.detail().equals("it ended"));
		assertThat(this.memory.opened()).isZero();
	}

	@Test
	void whenTheClientLeavesAllIsGivenBackAndNobodyIsAsked() {
		ask(full(), RequestBody.withheld(90_000));
		this.tap.next(ByteBuffer.allocate(50_000));
		this.result.tryEmitEmpty();
		assertThat(this.memory.used()).isZero();
		assertThat(this.memory.opened()).isZero();
		assertThat(this.tap.isWanted()).isFalse();
		this.tap.next(ByteBuffer.allocate(40_000));
		ask(full(), RequestBody.complete(ByteBuffer.allocate(10)));
		assertThat(this.seen).isEmpty();
		assertThat(this.compared).isEmpty();
		assertThat(this.memory.opened()).isZero();
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void whoeverComesWhenTheRequestHasEndedWaitsForNothing() {
		this.tap.close("it ended");
		ask(full(), RequestBody.withheld(9));
		this.result.tryEmitValue(Done.FORWARDED);
		assertThat(this.compared).singleElement().matches((outcome) -> outcome.detail().equals("it ended"));
		assertThat(this.memory.opened()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ "true", "false" })
	void beyondTheBoundItIsNotAsked(boolean held) {
		RequestBody large = RequestBody.complete(ByteBuffer.allocate(MOST_BYTES + 1));
		ask(full(), held ? large : RequestBody.withheld(MOST_BYTES + 1));
		this.tap.whole(large.bytes());
		this.result.tryEmitValue(Done.FORWARDED);
		assertThat(this.compared).singleElement()
			.matches((outcome) -> outcome.agreement() == Agreement.SKIPPED)
			.matches((outcome) -> outcome.detail().contains("there is no more room"));
		assertThat(this.memory.used()).isZero();
		assertThat(this.seen).isEmpty();
	}

	@Test
	void onlySoManyWait() {
		for (int i = 0; i < 3; i++) {
			ask(full(), RequestBody.withheld(9));
		}
		assertThat(this.memory.opened()).isEqualTo(2);
		assertThat(this.compared).singleElement()
			.matches((outcome) -> outcome.detail().equals("2 requests wait for shadows already"));
	}

	@ParameterizedTest
	@CsvSource({ "900, 900, 100, true", "900, -1, 100, true", "901, 901, 100, false", "901, -1, 100, false",
			"1800, -1, 900, false", "0, -1, 1, true", "900, -1, 900, true" })
	void aBodyThatIsTooLargeForItIsNotCopied(int size, int declared, int part, boolean fits) {
		ask(TestSpec.named("s").shadow().body(BodyMode.FULL, 0).maxMessageBytes(BodyDemand.EVENT_HEADROOM + 900),
				RequestBody.withheld(declared));
		for (int i = 0; i < size; i += part) {
			this.tap.next(ByteBuffer.allocate(Math.min(part, size - i)));
		}
		this.tap.end();
		assertThat(this.seen).hasSize(fits ? 1 : 0);
		this.result.tryEmitValue(Done.FORWARDED);
		if (fits) {
			assertThat(this.seen.get(0).body()).isEqualTo(RequestBody.complete(ByteBuffer.allocate(size)));
			decided();
		}
		assertThat(this.compared.get(0).detail())
			.isEqualTo(fits ? "" : "the body has more than the 900 bytes that it can take");
		assertThat(this.memory.used()).isZero();
	}

	/** Not even what is logged is done by those who serve the request. */
	@Test
	void nothingIsDoneOnTheThreadOfTheRequest() {
		Deque<Runnable> tasks = new ArrayDeque<>();
		this.scheduler = Schedulers.fromExecutor(tasks::add);
		ask(full(), RequestBody.ABSENT);
		assertThat(this.seen).isEmpty();
		tasks.remove().run();
		assertThat(this.seen).hasSize(1);
		decided();
		this.result.tryEmitValue(Done.FORWARDED);
		assertThat(this.compared).isEmpty();
		tasks.remove().run();
		assertThat(this.compared).hasSize(1);
	}

	@Test
	void aSmallHeapHasLessRoom() {
		assertThat(ShadowMemory.of(128 << 20).mostBytes()).isEqualTo(16 << 20);
		assertThat(ShadowMemory.of(4L << 30).mostBytes()).isEqualTo(64 << 20);
	}

	private static TestSpec full() {
		return TestSpec.named("s").shadow().body(BodyMode.FULL, 0);
	}

	private static TestSpec prefix(int bytes) {
		return TestSpec.named("s").shadow().body(BodyMode.PREFIX, bytes);
	}

	private void ask(TestSpec spec, RequestBody body) {
		Asker asker = (entry, shown, left) -> {
			this.seen.add(shown);
			return this.answer.asMono();
		};
		Shadows shadows = new Shadows(asker, Duration.ofSeconds(1), this, () -> 0, this.scheduler, this.memory,
				new Occasionally(() -> 0), true);
		PluginRegistry.Entry entry = new Filled(spec.build(), (event, budget) -> Mono.never());
		RequestEvent view = PluginView.of(entry.spec()).of(Requests.post("/pks/add").withBody(body));
		shadows.ask(entry, view, this.tap, this.result.asMono(), CallSpans.NONE);
	}

	private void decided() {
		this.answer.tryEmitValue(new Reply.Decided<>(Decision.Continue.UNCHANGED));
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		throw new AssertionError("expected: no word of a shadow to those who count outcomes, got: " + outcome);
	}

	@Override
	public void compared(String requestId, ShadowOutcome outcome) {
		this.compared.add(outcome);
	}

}
