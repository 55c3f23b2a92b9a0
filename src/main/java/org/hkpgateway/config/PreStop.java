package org.hkpgateway.config;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * The first thing that stops: says "not ready" and keeps serving for a while, so that
 * load balancers look elsewhere before the port closes.
 */
class PreStop implements SmartLifecycle {

	private static final Logger logger = LoggerFactory.getLogger(PreStop.class);

	private final ApplicationContext context;

	private final Duration wait;

	private volatile boolean running;

	PreStop(ApplicationContext context, Duration wait) {
		this.context = context;
		this.wait = wait;
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop(Runnable callback) {
		AvailabilityChangeEvent.publish(this.context, ReadinessState.REFUSING_TRAFFIC);
		if (!this.wait.isZero()) {
			logger.info("Stopping: not ready any more, serving for another {} ms", this.wait.toMillis());
		}
		CompletableFuture.delayedExecutor(this.wait.toMillis(), TimeUnit.MILLISECONDS).execute(() -> {
			this.running = false;
			callback.run();
		});
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return SmartLifecycle.DEFAULT_PHASE;
	}

}
