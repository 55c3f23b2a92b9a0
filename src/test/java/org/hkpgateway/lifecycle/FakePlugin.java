package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.KeyProvider;
import reactor.core.publisher.Mono;

/**
 * How one plugin behaves at each step, and the processes that were launched for it.
 * Healthy and obedient unless told otherwise.
 */
final class FakePlugin {

	static final HealthReport HEALTHY = new HealthReport(HealthReport.Status.HEALTHY, "", Map.of());

	volatile Runnable onLaunch = () -> {
	};

	volatile Runnable onConnect = () -> {
	};

	volatile Runnable onInitialize = () -> {
	};

	volatile Supplier<HealthReport> health = () -> HEALTHY;

	volatile Runnable onDecorate = () -> {
	};

	volatile Runnable onShutdown = () -> {
	};

	volatile Mono<Decision> answer = Mono.just(Decision.Continue.UNCHANGED);

	/** What a new connection answers for all its life; null for {@link #answer}. */
	volatile Supplier<Mono<Decision>> ownAnswer = () -> null;

	/** Null: it does not know such queries. */
	volatile KeyProvider keys;

	final FakeEventClient events = new FakeEventClient();

	private final List<String> instances = new CopyOnWriteArrayList<>();

	private volatile CompletableFuture<String> lost = new CompletableFuture<>();

	private volatile FakeGuard guard;

	private final List<FakeProcess> processes = new CopyOnWriteArrayList<>();

	void add(FakeProcess process) {
		this.processes.add(process);
	}

	List<FakeProcess> processes() {
		return this.processes;
	}

	/** The instance ids that its connections were initialized with. */
	List<String> instances() {
		return this.instances;
	}

	FakeProcess process() {
		return this.processes.get(this.processes.size() - 1);
	}

	long running() {
		return this.processes.stream().filter((process) -> !process.onExit().isDone()).count();
	}

	CompletableFuture<String> connect() {
		this.lost = new CompletableFuture<>();
		return this.lost;
	}

	/** Breaks its newest connection. */
	void lose(String why) {
		this.lost.complete(why);
	}

	void guard(FakeGuard guard) {
		this.guard = guard;
	}

	/** The guards of its newest process. */
	FakeGuard guard() {
		return this.guard;
	}

}
