package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for swaps with real threads: wherever in a swap a death, a stop or a request
 * falls.
 */
@Timeout(30)
class PluginSwapConcurrencyTests {

	private static final PluginId ID = new PluginId("a");

	private static final int REPETITIONS = 100;

	private final FakePlugins fakes = new FakePlugins();

	private final FakePlugin plugin = this.fakes.plugin("a");

	private final PluginHost host = new PluginHost(this.fakes, this.fakes, this.fakes, settings(), List.of(),
			BreakerListener.NONE, EventLinks.NONE);

	@AfterEach
	void close() {
		this.host.close(Duration.ofSeconds(5));
		assertThat(this.plugin.running()).isZero();
	}

	@Test
	void noRequestIsLostInAThousandSwapsWithTrialsOfAMillisecond() throws Exception {
		start();
		AtomicBoolean over = new AtomicBoolean();
		AtomicInteger asked = new AtomicInteger();
		CompletableFuture<?>[] askers = new CompletableFuture<?>[2];
		for (int i = 0; i < askers.length; i++) {
			askers[i] = CompletableFuture.runAsync(() -> {
				PluginRegistry.Entry held = this.host.chain().get(0);
				while (!over.get()) {
					// Every other request holds an entry that may be long out of date.
					PluginRegistry.Entry entry = (asked.incrementAndGet() % 2 == 0) ? held : this.host.chain().get(0);
					ask(entry);
				}
			}, (task) -> new Thread(task).start());
		}
		for (int i = 0; i < 1000; i++) {
			ActionResult result = this.host.reload(ID, "test").get(5, TimeUnit.SECONDS);
			assertThat(result.outcome()).isEqualTo(ActionResult.Outcome.DONE);
		}
		over.set(true);
		CompletableFuture.allOf(askers).get(5, TimeUnit.SECONDS);
		assertThat(asked).hasPositiveValue();
		assertThat(this.plugin.processes()).hasSize(1001);
	}

	/** Wherever in the swap the old one dies: one is READY in the end, and one only. */
	@RepeatedTest(REPETITIONS)
	void deathOfTheOldOneAtAnyMoment() throws Exception {
		start();
		FakeProcess old = this.plugin.process();
		spinning(() -> old.exit(1)).start();
		this.host.reload(ID, "test").get(5, TimeUnit.SECONDS);
		awaitOneReady();
	}

	/**
	 * Wherever in the swap both die, in whatever order: it may take a second to recover.
	 */
	@RepeatedTest(10)
	void deathOfBothAtAnyMoment() throws Exception {
		start();
		FakeProcess old = this.plugin.process();
		this.plugin.onDecorate = () -> {
			FakeProcess next = this.plugin.process();
			this.plugin.onDecorate = () -> {
			};
			spinning(() -> next.exit(1)).start();
			spinning(() -> old.exit(1)).start();
		};
		this.host.reload(ID, "test").get(5, TimeUnit.SECONDS);
		awaitOneReady();
	}

	/** Whatever is asked for at the same time: every future completes. */
	@RepeatedTest(REPETITIONS)
	void actionsAtTheSameTimeAllEnd() throws Exception {
		start();
		List<CompletableFuture<ActionResult>> results = List.of(this.host.reload(ID, "one"),
				this.host.restart(ID, "two"), this.host.reload(ID, "three"), this.host.disable(ID),
				this.host.enable(ID), this.host.reload(ID, "four"));
		CompletableFuture.allOf(results.toArray(CompletableFuture<?>[]::new)).get(5, TimeUnit.SECONDS);
		awaitOneReady();
	}

	/**
	 * Wherever in the swap the gateway stops: every future completes, nothing is left.
	 */
	@RepeatedTest(REPETITIONS)
	void closeAtAnyMoment() throws Exception {
		start();
		CountDownLatch closed = new CountDownLatch(1);
		spinning(() -> {
			this.host.close(Duration.ofSeconds(5));
			closed.countDown();
		}).start();
		CompletableFuture<ActionResult> first = this.host.reload(ID, "test");
		first.get(5, TimeUnit.SECONDS);
		this.host.reload(ID, "again").get(5, TimeUnit.SECONDS);
		assertThat(closed.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(this.plugin.running()).isZero();
	}

	private static LifecycleSettings settings() {
		LifecycleSettings all = LifecycleSettings.DEFAULTS;
		return new LifecycleSettings(all.start(), all.connect(), all.initialize(), all.healthTimeout(),
				all.healthInterval(), all.healthMisses(), all.drain(), all.shutdown(), all.exit(), all.terminate(),
				Duration.ofMillis(1), all.attached(), all.restart());
	}

	private void start() throws Exception {
		this.host.start(List.of(FakePlugins.spec("a", 10, true)));
		this.host.settled().get(5, TimeUnit.SECONDS);
	}

	/** As the chain does it. */
	private static void ask(PluginRegistry.Entry held) {
		for (int look = 1; look <= 3; look++) {
			PluginRegistry.Entry entry = held.current();
			PluginClient client = (entry != null) ? entry.client() : null;
			if (client == null && entry != null && entry.current() != entry) {
				continue;
			}
			if (client == null) {
				throw new AssertionError("expected: a client, got: none, entry " + entry);
			}
			try {
				Decision decision = client.decide(Requests.any(), Duration.ofSeconds(1)).block();
				assertThat(decision).isNotNull();
				return;
			}
			catch (PluginFailure.Withdrawn ex) {
				// Looks again.
			}
		}
		throw new AssertionError("expected: a decision, got: withdrawn each time");
	}

	private void awaitOneReady() {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
		while (!(this.host.status(ID).state() == PluginState.READY && this.plugin.running() == 1
				&& this.host.status(ID).other() == null
				&& this.host.chain().stream().anyMatch((entry) -> entry.client() != null))) {
			assertThat(System.nanoTime()).as("%s", this.host.status(ID)).isLessThan(deadline);
			Thread.yield();
		}
	}

	private static Thread spinning(Runnable action) {
		long spins = ThreadLocalRandom.current().nextLong(40_000);
		return new Thread(() -> {
			for (long i = 0; i < spins; i++) {
				Thread.onSpinWait();
			}
			action.run();
		});
	}

}
