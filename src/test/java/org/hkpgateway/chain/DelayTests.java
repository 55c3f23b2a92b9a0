package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests that plugins want to be held back, in virtual time.
 */
@ExtendWith(OutputCaptureExtension.class)
class DelayTests implements ChainListener {

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final List<String> told = new ArrayList<>();

	private final List<ChainResult> results = new ArrayList<>();

	private final PluginChain plugins = new PluginChain(
			() -> List.copyOf(this.chain), new ChainSettings(Duration.ofSeconds(1), Duration.ofSeconds(1), 100_000,
					Duration.ofSeconds(30), 2, 100_000, true),
			this, () -> this.time.now(TimeUnit.NANOSECONDS), this.time, this.time);

	@Test
	void theLongestDelayIsHeldOnceBehindTheWholeChain() {
		add("a", 300);
		add("b", 2000);
		add("c", 0);
		decide();
		// Not of the budget, which is 1 s: all have decided already.
		assertThat(this.told).containsExactly("a", "b", "c", "b held");
		this.time.advanceTimeBy(Duration.ofMillis(1999));
		assertThat(this.results).isEmpty();
		assertThat(this.plugins.delayed()).isOne();
		this.time.advanceTimeBy(Duration.ofMillis(1));
		assertThat(this.results).singleElement().isInstanceOf(ChainResult.Forward.class);
		assertThat(this.results.get(0).trace().delay())
			.isEqualTo(new Delay(new PluginId("b"), Duration.ofSeconds(2), Duration.ofSeconds(2)));
		assertThat(this.plugins.delayed()).isZero();
	}

	@Test
	void anAnswerIsHeldToo() {
		this.chain.add(new Filled(TestSpec.named("a").build(),
				(event, budget) -> Mono.just(new Decision.Respond(new ResponseHead(429, Headers.empty()),
						Requests.bytes(""), Map.of(), "", Duration.ofSeconds(5)))));
		decide();
		this.time.advanceTimeBy(Duration.ofSeconds(5).minusNanos(1));
		assertThat(this.results).isEmpty();
		this.time.advanceTimeBy(Duration.ofNanos(1));
		assertThat(this.results).singleElement().isInstanceOf(ChainResult.Answer.class);
	}

	@Test
	void whoWasAskedBehindAnAnswerThatIsHeldIsNotWaitedForMeanwhile() {
		AtomicInteger cancelled = new AtomicInteger();
		this.chain.add(new Filled(TestSpec.named("a").speculative().build(),
				(event, budget) -> Mono.just(new Decision.Respond(new ResponseHead(429, Headers.empty()),
						Requests.bytes(""), Map.of(), "", Duration.ofSeconds(5)))));
		this.chain.add(new Filled(TestSpec.named("b").speculative().build(),
				(event, budget) -> Mono.<Decision>never().doOnCancel(cancelled::incrementAndGet)));
		decide();
		assertThat(this.plugins.delayed()).isOne();
		assertThat(cancelled).hasValue(1);
		this.time.advanceTimeBy(Duration.ofSeconds(5));
		assertThat(this.results).singleElement().isInstanceOf(ChainResult.Answer.class);
		assertThat(cancelled).hasValue(1);
	}

	@Test
	void longerOnesAreCut(CapturedOutput log) {
		add("a", Integer.MAX_VALUE);
		decide();
		this.time.advanceTimeBy(Duration.ofSeconds(30));
		assertThat(this.results.get(0).trace().delay())
			.isEqualTo(new Delay(new PluginId("a"), Duration.ofMillis(Integer.MAX_VALUE), Duration.ofSeconds(30)));
		assertThat(log).contains("which is hkp.plugins.max-delay, are cut to it [request id]");
	}

	@Test
	void oneMoreThanTheLimitIsNotHeldAndAPlaceThatIsGivenBackIsTaken(CapturedOutput log) {
		add("a", 1000);
		Disposable first = decide();
		decide();
		decide();
		assertThat(this.results).singleElement()
			.satisfies((result) -> assertThat(result.trace().delay())
				.isEqualTo(new Delay(new PluginId("a"), Duration.ofSeconds(1), Duration.ZERO)));
		assertThat(this.told).containsExactly("a", "a held", "a", "a held", "a", "a refused");
		assertThat(log).contains("its decision takes effect at once [request id] (0 more");
		// The client leaves.
		first.dispose();
		assertThat(this.plugins.delayed()).isOne();
		decide();
		assertThat(this.plugins.delayed()).isEqualTo(2);
		this.time.advanceTimeBy(Duration.ofSeconds(1));
		assertThat(this.results).hasSize(3);
		assertThat(this.plugins.delayed()).isZero();
	}

	@Test
	void bodiesInMemoryAreBoundedAndNeverShutOutThoseWithout() {
		add("a", 1000);
		Disposable first = decide(60_000);
		decide(60_000);
		assertThat(this.told).containsExactly("a", "a held", "a", "a refused");
		assertThat(this.results).hasSize(1);
		decide(40_000);
		decide(0);
		assertThat(this.plugins.delayed()).as("two at most").isEqualTo(2);
		first.dispose();
		decide(0);
		assertThat(this.plugins.delayed()).isEqualTo(2);
		this.time.advanceTimeBy(Duration.ofSeconds(1));
		decide(100_000);
		assertThat(this.plugins.delayed()).as("all was given back").isOne();
	}

	@Test
	void aFewWordsShutNobodyOut() {
		answer("a", Tarpit.NEXT_TO_NOTHING);
		decide(100_000 - Tarpit.NEXT_TO_NOTHING);
		decide(0);
		assertThat(this.told).containsExactly("a", "a held", "a", "a held");
	}

	@Test
	void aLargeAnswerThatIsHeldIsInMemoryToo() {
		answer("a", 60_000);
		heldOnlyOnce("a");
	}

	@Test
	void soIsABodyThatAPluginHasPutInThePlaceOfAnother() {
		this.chain
			.add(new Filled(TestSpec.named("r").body(BodyMode.FULL, 0).build(),
					(event, budget) -> Mono.just(new Decision.Continue(List.of(), null,
							new BodyReplacement(ByteBuffer.allocate(60_000), null), List.of(), Map.of(), "",
							Duration.ZERO))));
		add("a", 1000);
		heldOnlyOnce("r", "a");
	}

	@Test
	void soIsWhatWasCopiedForThoseWhoSeeAPrefix() {
		this.chain.add(new Filled(TestSpec.named("a").body(BodyMode.PREFIX, 60_000).build(),
				(event, budget) -> Mono.just(delayed(1000))));
		RequestBody body = RequestBody.complete(ByteBuffer.allocate(70_000));
		this.plugins.start(Requests.post("/pks/add")).decide(body, 39_999).subscribe(this.results::add);
		this.plugins.start(Requests.post("/pks/add")).decide(body, 0).subscribe(this.results::add);
		assertThat(this.told).containsExactly("a", "a held", "a", "a refused");
	}

	private void answer(String name, int bytes) {
		this.chain.add(new Filled(TestSpec.named(name).build(),
				(event, budget) -> Mono.just(new Decision.Respond(new ResponseHead(429, Headers.empty()),
						ByteBuffer.allocate(bytes), Map.of(), "", Duration.ofSeconds(1)))));
	}

	/** If each takes more than half of the room. */
	private void heldOnlyOnce(String... asked) {
		List<String> expected = new ArrayList<>();
		RequestBody body = RequestBody.complete(Requests.bytes("x"));
		for (String outcome : List.of("held", "refused")) {
			this.plugins.start(Requests.post("/pks/add")).decide(body).subscribe(this.results::add);
			expected.addAll(List.of(asked));
			expected.add("a " + outcome);
		}
		assertThat(this.told).containsExactlyElementsOf(expected);
		this.time.advanceTimeBy(Duration.ofSeconds(1));
		this.plugins.start(Requests.post("/pks/add")).decide(body).subscribe(this.results::add);
		assertThat(this.plugins.delayed()).as("all was given back").isOne();
	}

	@Test
	void aRehearsalHoldsNothing() {
		add("a", 1000);
		ChainResult result = this.plugins
			.rehearsal((entry, shown, left) -> Mono.just(new Reply.Decided<>(delayed(1000))))
			.start(Requests.get("/"))
			.decide(RequestBody.ABSENT)
			.block(Duration.ofSeconds(5));
		assertThat(result).isNotNull();
		assertThat(result.trace().delay())
			.isEqualTo(new Delay(new PluginId("a"), Duration.ofSeconds(1), Duration.ZERO));
		assertThat(this.told).isEmpty();
	}

	private void add(String name, int millis) {
		this.chain.add(new Filled(TestSpec.named(name).build(), (event, budget) -> Mono.just(delayed(millis))));
	}

	private static Decision delayed(int millis) {
		return new Decision.Continue(List.of(), null, null, List.of(), Map.of(), "", Duration.ofMillis(millis));
	}

	private Disposable decide() {
		return decide(0);
	}

	private Disposable decide(long heldBytes) {
		return this.plugins.start(Requests.get("/")).decide(RequestBody.ABSENT, heldBytes).subscribe(this.results::add);
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		this.told.add(outcome.plugin().name());
	}

	@Override
	public void delayed(PluginId plugin, boolean held) {
		this.told.add(plugin + (held ? " held" : " refused"));
	}

}
