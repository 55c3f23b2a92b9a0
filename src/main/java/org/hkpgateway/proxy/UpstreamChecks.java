package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;

import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Asks each keyserver from time to time whether it is there: one check at a time for
 * each, the next a pause after the last has ended. Nothing waits for it. An only
 * keyserver is asked, too: requests go to it whatever comes of it, but operators learn
 * that it hangs.
 */
final class UpstreamChecks implements Disposable {

	/** Pauses differ by this share, so that many gateways do not ask in step. */
	private static final double JITTER = 0.2;

	private final UpstreamSettings.Health settings;

	private final BiFunction<UpstreamServer, Duration, Mono<Void>> probe;

	private final Scheduler scheduler;

	private final Disposable.Composite running = Disposables.composite();

	/**
	 * Starts checking, after a first pause.
	 * @param servers the keyservers
	 * @param settings how often
	 * @param probe asks one, with the longest to wait for each of two answers
	 * @param scheduler where pauses are timed; not disposed here
	 */
	UpstreamChecks(List<UpstreamServer> servers, UpstreamSettings.Health settings,
			BiFunction<UpstreamServer, Duration, Mono<Void>> probe, Scheduler scheduler) {
		this.settings = settings;
		this.probe = probe;
		this.scheduler = scheduler;
		for (UpstreamServer server : servers) {
			this.running.add(Mono.defer(() -> Mono.delay(pause(), scheduler))
				.flatMap((tick) -> check(server))
				.repeat()
				.subscribe());
		}
	}

	private Duration pause() {
		double factor = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
		return Duration.ofNanos((long) (this.settings.interval().toNanos() * factor));
	}

	private Mono<Void> check(UpstreamServer server) {
		return this.probe.apply(server, this.settings.timeout())
			.timeout(this.settings.timeout().multipliedBy(2), this.scheduler)
			.doOnSuccess((nothing) -> server.state().passed())
			.onErrorResume((error) -> {
				server.state().unreachable(error);
				return Mono.empty();
			});
	}

	@Override
	public void dispose() {
		this.running.dispose();
	}

	@Override
	public boolean isDisposed() {
		return this.running.isDisposed();
	}

}
