package org.hkpgateway.chain;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever the plugins of a chain do, and in whatever order their answers come: the
 * result is that of asking one after another. Chains grow with the seed, so the first
 * seed that fails is one of the smallest. The clock stands still here; see
 * {@link TimedStageEquivalenceTests}.
 */
class StageEquivalenceTests {

	private static final int SEEDS = 6000;

	private static final int SEEDS_PER_SIZE = 1000;

	private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("org.hkpgateway.chain");

	private static @Nullable Level before;

	private int together;

	private int again;

	private int cancelled;

	/** Thousands of warnings that are right. */
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
	void stagesDecideAsASequenceDoes() {
		for (int seed = 0; seed < SEEDS; seed++) {
			new Trial(seed, new RandomChain(seed, 1 + seed / SEEDS_PER_SIZE)).run();
		}
		// Else nothing was shown.
		assertThat(this.together).isGreaterThan(1000);
		assertThat(this.again).isGreaterThan(200);
		assertThat(this.cancelled).isGreaterThan(200);
	}

	/** One chain and one order of answers. */
	private final class Trial implements ChainListener {

		private final String name;

		private final RandomChain made;

		private final Random random;

		private final List<Call> pending = new ArrayList<>();

		private final Map<String, Integer> asked = new HashMap<>();

		private final List<String> told = new ArrayList<>();

		private final Map<String, Agreement> agreements = new TreeMap<>();

		private @Nullable ChainResult result;

		Trial(int seed, RandomChain made) {
			this.name = "seed " + seed + ": " + made;
			this.made = made;
			this.random = new Random(~seed);
		}

		void run() {
			List<PluginRegistry.Entry> entries = this.made.plugins.stream().map(this::entry).toList();
			ChainSettings settings = new ChainSettings(Duration.ofSeconds(1), Duration.ofSeconds(1), 1000,
					Duration.ZERO, 1000, 0, true);
			PluginChain chain = new PluginChain(() -> entries, settings, this, () -> 0, Schedulers.immediate(),
					Schedulers.immediate());
			Disposable subscription = chain.start(this.made.request)
				.decide(this.made.body)
				.subscribe((decided) -> this.result = decided);
			while (this.result == null) {
				StageEquivalenceTests.this.together += (calls() > 1) ? 1 : 0;
				assertThat(this.pending).as("%s: somebody who is asked", this.name).isNotEmpty();
				answer();
			}
			assertThat(calls()).as("%s: calls that go on after the result", this.name).isZero();
			assertThat(subscription.isDisposed()).isTrue();
			while (!this.pending.isEmpty()) {
				answer();
			}
			SequentialReference expected = new SequentialReference(this.made);
			assertThat(lines(this.result)).as(this.name).isEqualTo(expected.lines);
			assertThat(this.told).as("%s: outcomes that listeners hear of", this.name)
				.isEqualTo(this.result.outcomes()
					.stream()
					.filter((outcome) -> outcome.kind() != PluginOutcome.Kind.SKIPPED)
					.map(StageEquivalenceTests::line)
					.toList());
			Map<String, Agreement> expectedAgreements = new TreeMap<>();
			expected.shadows.forEach((plugin, behaviour) -> expectedAgreements.put(plugin, agreement(behaviour)));
			assertThat(this.agreements).as(this.name).isEqualTo(expectedAgreements);
			this.asked.values().forEach((times) -> StageEquivalenceTests.this.again += (times > 1) ? 1 : 0);
		}

		private long calls() {
			return this.pending.stream().filter((call) -> !call.shadow).count();
		}

		private void answer() {
			this.pending.remove(this.random.nextInt(this.pending.size())).answer();
		}

		private PluginRegistry.Entry entry(PluginSpec spec) {
			PluginClient client = (event, budget) -> {
				this.asked.merge(spec.id().name(), 1, Integer::sum);
				Object behaviour = this.made.behaviour(spec, event);
				// Some answer at once, on the thread that asks.
				return (this.random.nextInt(4) == 0) ? now(behaviour)
						: Mono.create((sink) -> wait(spec, behaviour, sink));
			};
			return new Filled(spec, client);
		}

		private void wait(PluginSpec spec, Object behaviour, MonoSink<Decision> sink) {
			Call call = new Call(spec.mode() == PluginMode.SHADOW, behaviour, sink);
			this.pending.add(call);
			sink.onCancel(() -> {
				if (this.pending.remove(call)) {
					StageEquivalenceTests.this.cancelled++;
				}
			});
		}

		@Override
		public void pluginAsked(String requestId, PluginOutcome outcome) {
			this.told.add(line(outcome));
		}

		@Override
		public void compared(String requestId, ShadowOutcome outcome) {
			this.agreements.put(outcome.plugin().name(), outcome.agreement());
		}

		/** Said once more, plainly. */
		private Agreement agreement(Object behaviour) {
			if (behaviour instanceof PluginFailure failure) {
				return (failure instanceof PluginFailure.TooLarge) ? Agreement.SKIPPED : Agreement.FAILED;
			}
			Integer status = (this.result instanceof ChainResult.Answer answer) ? answer.head().status() : null;
			if (behaviour instanceof Decision.Respond respond) {
				return (status == null) ? Agreement.WOULD_DENY
						: (respond.head().status() == status) ? Agreement.SAME : Agreement.WOULD_CHANGE;
			}
			Decision.Continue go = (Decision.Continue) behaviour;
			boolean changes = !go.requestHeaders().isEmpty() || !go.responseHeaders().isEmpty() || go.rewrite() != null
					|| go.body() != null || !go.delay().isZero();
			return (status != null) ? Agreement.WOULD_ALLOW : changes ? Agreement.WOULD_CHANGE : Agreement.SAME;
		}

	}

	static Mono<Decision> now(Object behaviour) {
		return (behaviour instanceof PluginFailure failure) ? Mono.error(failure) : Mono.just((Decision) behaviour);
	}

	static List<String> lines(ChainResult result) {
		List<String> lines = new ArrayList<>();
		result.outcomes().forEach((outcome) -> lines.add(line(outcome)));
		if (result instanceof ChainResult.Forward forward) {
			RequestEvent event = forward.request();
			lines.add("forward " + event.head() + " " + event.path() + " " + new TreeMap<>(event.query()) + " "
					+ event.hkp() + " " + forward.bodyReplaced() + " " + event.body() + " "
					+ forward.responseHeaders().stream().map(Object::toString).toList());
			assertThat(forward.plugins()).extracting((entry) -> entry.spec().id())
				.isEqualTo(result.outcomes()
					.stream()
					.filter((outcome) -> outcome.kind() != PluginOutcome.Kind.SKIPPED)
					.map(PluginOutcome::plugin)
					.toList());
		}
		else {
			ChainResult.Answer answer = (ChainResult.Answer) result;
			PluginOutcome last = result.outcomes().get(result.outcomes().size() - 1);
			lines.add("answer " + answer.head().status() + " " + answer.head().headers()
					+ ((last.kind() == PluginOutcome.Kind.RESPONDED)
							? " " + StandardCharsets.UTF_8.decode(answer.body().duplicate()) : ""));
		}
		ChainTrace trace = result.trace();
		lines.add("annotations " + new TreeMap<>(trace.annotations()));
		lines.add("changes " + trace.changes());
		lines.add("delay "
				+ ((trace.delay() != null) ? trace.delay().plugin() + " " + trace.delay().wanted().toMillis() : ""));
		return lines;
	}

	private static String line(PluginOutcome outcome) {
		boolean failed = outcome.kind() == PluginOutcome.Kind.FAILED_OPEN
				|| outcome.kind() == PluginOutcome.Kind.FAILED_CLOSED;
		String detail = failed ? outcome.detail().substring(0, outcome.detail().indexOf(':')) : outcome.detail();
		return outcome.plugin() + " " + outcome.kind() + " " + detail;
	}

	/** An answer that is still to come. */
	private record Call(boolean shadow, Object behaviour, MonoSink<Decision> sink) {

		void answer() {
			if (this.behaviour instanceof PluginFailure failure) {
				this.sink.error(failure);
			}
			else {
				this.sink.success((Decision) this.behaviour);
			}
		}

	}

}
