package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is known of a request that has no result yet, and how its time is told.
 */
class UnfinishedTests {

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final List<ChainResult> results = new ArrayList<>();

	private final List<PluginOutcome> told = new ArrayList<>();

	private final PluginChain plugins = new PluginChain(() -> List.copyOf(this.chain),
			new ChainSettings(Duration.ofSeconds(1), Duration.ofSeconds(1), 0, Duration.ofSeconds(30), 2, 1000, true),
			(request, outcome) -> this.told.add(outcome), () -> this.time.now(TimeUnit.NANOSECONDS), this.time,
			this.time);

	private ChainRun run() {
		return this.plugins.start(Requests.get("/"));
	}

	@Test
	void thoseThatHaveDecidedAreToldAndTheOneThatIsWaitedFor() {
		this.chain.add(new Filled(
				TestSpec.named("s").match(new MatchRules(Set.of("POST"), Set.of(), List.of(), List.of())).build(),
				(event, budget) -> Mono.never()));
		add("a", 30, 0);
		add("b", 500, 0);
		add("c", 0, 0);
		ChainRun run = run();
		assertThat(words(run.soFar())).containsExactly("s skipped 0");
		assertThat(run.soFar().nanos()).isEqualTo(-1);
		Disposable client = run.decide(RequestBody.ABSENT).subscribe(this.results::add);
		assertThat(words(run.soFar())).containsExactly("s skipped 0", "a cancelled 0");
		this.time.advanceTimeBy(Duration.ofMillis(100));
		assertThat(words(run.soFar())).containsExactly("s skipped 0", "a continue 30", "b cancelled 70");
		assertThat(run.soFar().nanos()).isEqualTo(millis(100));
		assertThat(run.soFar().annotations()).containsExactly(Map.entry("a.note", "1"));
		assertThat(run.soFar().changes()).extracting(Change::toString).containsExactly("a:response/x-by");
		client.dispose();
		this.time.advanceTimeBy(Duration.ofSeconds(5));
		assertThat(this.results).isEmpty();
		assertThat(this.told).extracting((outcome) -> outcome.kind()).containsExactly(PluginOutcome.Kind.CONTINUED);
	}

	@Test
	void ofAStageTheOneWhoseTurnItIsIsWaitedFor() {
		for (int millis : List.of(50, 20, 60)) {
			this.chain.add(new Filled(TestSpec.named("p" + millis).speculative().build(),
					(event, budget) -> after(millis, Decision.Continue.UNCHANGED)));
		}
		ChainRun run = run();
		run.decide(RequestBody.ABSENT).subscribe(this.results::add);
		this.time.advanceTimeBy(Duration.ofMillis(55));
		assertThat(words(run.soFar())).containsExactly("p50 continue 50", "p20 continue 20", "p60 cancelled 5");
		this.time.advanceTimeBy(Duration.ofMillis(5));
		ChainTrace trace = this.results.get(0).trace();
		assertThat(words(trace)).containsExactly("p50 continue 50", "p20 continue 20", "p60 continue 60");
		assertThat(trace.outcomes()).extracting(PluginOutcome::share)
			.containsExactly(millis(50), millis(0), millis(10));
		assertThat(trace.nanos()).isEqualTo(millis(60));
	}

	@Test
	void aRequestThatIsHeldHasItsPluginsAndWhatItWasHeldUntilNow() {
		add("a", 40, 2000);
		ChainRun run = run();
		run.decide(RequestBody.ABSENT).subscribe(this.results::add);
		this.time.advanceTimeBy(Duration.ofMillis(340));
		ChainTrace soFar = run.soFar();
		assertThat(words(soFar)).containsExactly("a continue 40");
		assertThat(soFar.delay())
			.isEqualTo(new Delay(new PluginId("a"), Duration.ofSeconds(2), Duration.ofMillis(300)));
		assertThat(soFar.nanos()).isEqualTo(millis(40));
		assertThat(this.results).isEmpty();
		this.time.advanceTimeBy(Duration.ofMillis(1700));
		ChainTrace trace = this.results.get(0).trace();
		assertThat(trace.delay()).isEqualTo(new Delay(new PluginId("a"), Duration.ofSeconds(2), Duration.ofSeconds(2)));
		assertThat(trace.nanos()).as("without the delay").isEqualTo(millis(40));
		assertThat(run.soFar()).isEqualTo(trace);
	}

	@Test
	void whereNobodyWasAskedThereIsNoTime() {
		this.chain.add(new Filled(TestSpec.named("s").shadow().build(), (event, budget) -> Mono.never()));
		run().decide(RequestBody.ABSENT).subscribe(this.results::add);
		assertThat(this.results.get(0).trace().nanos()).isEqualTo(-1);
	}

	private void add(String name, long millis, long delay) {
		this.chain.add(new Filled(TestSpec.named(name).build(),
				(event, budget) -> after(millis,
						new Decision.Continue(List.of(), null, null, List.of(new HeaderMutation.Set("X-By", name)),
								Map.of("note", "1"), "", Duration.ofMillis(delay)))));
	}

	private Mono<Decision> after(long millis, Decision decision) {
		return Mono.delay(Duration.ofMillis(millis), this.time).map((tick) -> decision);
	}

	private static List<String> words(ChainTrace trace) {
		return trace.outcomes()
			.stream()
			.map((outcome) -> outcome.plugin() + " " + outcome.kind().label() + " "
					+ TimeUnit.NANOSECONDS.toMillis(outcome.nanos()))
			.toList();
	}

	private static long millis(long millis) {
		return TimeUnit.MILLISECONDS.toNanos(millis);
	}

}
