package org.hkpgateway.chain;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is promised of stages when time passes: plugins take theirs, are late, and use the
 * budget up. A stage never has less time left than a sequence has at the same place, so
 * <ul>
 * <li>as long as the sequence has budget left, the result is that of the sequence; all of
 * it, if the sequence never runs out of budget. A plugin that is later than its own
 * timeout fails in both;</li>
 * <li>from the first plugin on that fails in the sequence because the budget is used up,
 * nothing is promised but that the budget holds: a plugin that was asked early may have
 * decided;</li>
 * <li>up to there each plugin is done with no later than in the sequence;</li>
 * <li>the shares of all plugins add up to what the chain has used, which is at most the
 * budget and no part of a delay.</li>
 * </ul>
 */
class TimedStageEquivalenceTests {

	private static final int SEEDS = 6000;

	private static final int SEEDS_PER_SIZE = 1000;

	private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("org.hkpgateway.chain");

	private static @Nullable Level before;

	private int ranOut;

	private int decidedNevertheless;

	private int faster;

	private int late;

	private int held;

	@BeforeAll
	static void quiet() {
		before = LOGGER.getLevel();
		LOGGER.setLevel(Level.ERROR);
	}

	@AfterAll
	static void restore() {
		LOGGER.setLevel(before);
	}

	@Test
	void stagesDecideAsASequenceDoesAsLongAsThatHasTime() {
		for (int seed = 0; seed < SEEDS; seed++) {
			new Trial(seed, new RandomChain(seed, 1 + seed / SEEDS_PER_SIZE)).run();
		}
		// Else nothing was shown.
		assertThat(this.ranOut).isGreaterThan(200);
		assertThat(this.decidedNevertheless).isGreaterThan(50);
		assertThat(this.faster).isGreaterThan(1000);
		assertThat(this.late).isGreaterThan(500);
		assertThat(this.held).isGreaterThan(500);
	}

	/** One chain, in virtual time. */
	private final class Trial implements ChainListener {

		private final String name;

		private final RandomChain made;

		private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

		private final Map<String, Long> done = new HashMap<>();

		private @Nullable ChainResult result;

		private long resultAt;

		Trial(int seed, RandomChain made) {
			this.name = "seed " + seed + ", budget " + made.budget() + ": " + made;
			this.made = made;
		}

		void run() {
			List<PluginRegistry.Entry> entries = this.made.plugins.stream().map(this::entry).toList();
			Duration budget = Duration.ofMillis(this.made.budget());
			PluginChain chain = new PluginChain(() -> entries,
					new ChainSettings(budget, budget, 1000, Duration.ofSeconds(1), 1000, 1000, true), this,
					() -> this.time.now(TimeUnit.NANOSECONDS), this.time, this.time);
			chain.start(this.made.request).decide(this.made.body).subscribe((decided) -> {
				this.result = decided;
				this.resultAt = this.time.now(TimeUnit.MILLISECONDS);
			});
			this.time.advanceTimeBy(Duration.ofMinutes(1));
			SequentialReference expected = new SequentialReference(this.made, this.made.budget());
			List<String> lines = StageEquivalenceTests.lines(this.result);
			int inTime = expected.linesInTime;
			assertThat(lines.subList(0, Math.min(inTime, lines.size()))).as(this.name)
				.isEqualTo(expected.lines.subList(0, inTime));
			boolean all = inTime == expected.lines.size();
			if (all) {
				assertThat(lines).as(this.name).isEqualTo(expected.lines);
				assertThat(used()).as(this.name).isLessThanOrEqualTo(expected.clock);
				TimedStageEquivalenceTests.this.faster += (used() < expected.clock) ? 1 : 0;
			}
			else {
				TimedStageEquivalenceTests.this.ranOut++;
				TimedStageEquivalenceTests.this.decidedNevertheless += lines.get(inTime)
					.equals(expected.lines.get(inTime)) ? 0 : 1;
			}
			expected.lines.subList(0, inTime)
				.stream()
				.map((line) -> line.substring(0, line.indexOf(' ')))
				.filter(expected.done::containsKey)
				.forEach((plugin) -> assertThat(this.done.get(plugin)).as("%s: %s", this.name, plugin)
					.isLessThanOrEqualTo(expected.done.get(plugin)));
			timesAddUp();
		}

		private long used() {
			return TimeUnit.NANOSECONDS.toMillis(Math.max(0, this.result.trace().nanos()));
		}

		private void timesAddUp() {
			ChainTrace trace = this.result.trace();
			assertThat(trace.outcomes()).as(this.name).allMatch((outcome) -> outcome.share() >= 0);
			long shares = trace.outcomes().stream().mapToLong(PluginOutcome::share).sum();
			assertThat(shares).as(this.name).isEqualTo(Math.max(0, trace.nanos()));
			assertThat(used()).as(this.name).isLessThanOrEqualTo(this.made.budget());
			Delay delay = trace.delay();
			assertThat(this.resultAt).as(this.name).isEqualTo(used() + ((delay != null) ? delay.held().toMillis() : 0));
			TimedStageEquivalenceTests.this.held += (delay != null) ? 1 : 0;
		}

		private PluginRegistry.Entry entry(PluginSpec spec) {
			PluginClient client = (event, budget) -> {
				Object behaviour = this.made.behaviour(spec, event);
				long millis = this.made.millis(spec, event, behaviour);
				long limit = Math.min(spec.timeout().toMillis(), budget.toMillis());
				if (millis <= limit) {
					return after(millis, StageEquivalenceTests.now(behaviour));
				}
				TimedStageEquivalenceTests.this.late++;
				return after(limit, Mono.error(new PluginFailure.Timeout(spec.id(), "late")));
			};
			return new Filled(spec, client);
		}

		private Mono<Decision> after(long millis, Mono<Decision> answer) {
			return (millis > 0) ? Mono.delay(Duration.ofMillis(millis), this.time).then(answer) : answer;
		}

		@Override
		public void pluginAsked(String requestId, PluginOutcome outcome) {
			this.done.put(outcome.plugin().name(), this.time.now(TimeUnit.MILLISECONDS));
		}

	}

}
