package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.HealthReport;
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

	/** Breaks the connection of its newest process. */
	volatile CompletableFuture<String> lost = new CompletableFuture<>();

	private final List<FakeProcess> processes = new CopyOnWriteArrayList<>();

	void add(FakeProcess process) {
		this.processes.add(process);
	}

	List<FakeProcess> processes() {
		return this.processes;
	}

	FakeProcess process() {
		return this.processes.get(this.processes.size() - 1);
	}

	long running() {
		return this.processes.stream().filter((process) -> !process.onExit().isDone()).count();
	}

}
