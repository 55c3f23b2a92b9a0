package org.hkpgateway.lifecycle;

import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ThreadLoop}.
 */
@Timeout(10)
class ThreadLoopTests {

	private final ThreadLoop loop = new ThreadLoop("a-supervisor", Clock.fixed(VirtualTime.EPOCH, ZoneOffset.UTC));

	private final BlockingQueue<String> done = new LinkedBlockingQueue<>();

	@AfterEach
	void close() {
		this.loop.close();
	}

	@Test
	void runsTasksInOrderOnItsOwnDaemonThread() throws Exception {
		CompletableFuture<Thread> thread = new CompletableFuture<>();
		this.loop.execute(() -> thread.complete(Thread.currentThread()));
		this.loop.execute(() -> this.done.add("first"));
		this.loop.execute(() -> this.done.add("second"));
		assertThat(thread.get()).satisfies((found) -> {
			assertThat(found.getName()).isEqualTo("hkp-plugin-a-supervisor");
			assertThat(found.isDaemon()).isTrue();
		});
		assertThat(take()).isEqualTo("first");
		assertThat(take()).isEqualTo("second");
	}

	@Test
	void survivesATaskThatFails() throws Exception {
		this.loop.execute(() -> {
			throw new IllegalStateException("on purpose");
		});
		this.loop.schedule(Duration.ZERO, () -> this.done.add("next"));
		assertThat(take()).isEqualTo("next");
	}

	@Test
	void cancelledTimerDoesNotRun() throws Exception {
		CompletableFuture<Void> go = new CompletableFuture<>();
		this.loop.execute(go::join);
		SupervisorLoop.Timer timer = this.loop.schedule(Duration.ZERO, () -> this.done.add("cancelled"));
		timer.cancel();
		this.loop.execute(() -> this.done.add("other"));
		go.complete(null);
		assertThat(take()).isEqualTo("other");
		assertThat(this.done).isEmpty();
	}

	@Test
	void ignoresTasksOnceClosed() {
		this.loop.close();
		this.loop.execute(() -> this.done.add("late"));
		this.loop.schedule(Duration.ZERO, () -> this.done.add("late")).cancel();
		assertThat(this.done).isEmpty();
	}

	@Test
	void tellsTheTimeOfItsClock() {
		assertThat(this.loop.now()).isEqualTo(VirtualTime.EPOCH);
		Duration before = this.loop.elapsed();
		assertThat(this.loop.elapsed()).isGreaterThanOrEqualTo(before);
	}

	private String take() throws InterruptedException {
		return this.done.poll(5, TimeUnit.SECONDS);
	}

}
