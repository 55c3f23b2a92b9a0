package org.hkpgateway.config;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.manifest.Discovery;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.SmartLifecycle;

/**
 * Starts the plugins before the public port opens and stops them after it closed.
 */
class PluginHostLifecycle implements SmartLifecycle {

	/** Before Boot's web server starts, after it stopped. */
	static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 4096;

	/** A start takes at most this long: the limits of its steps together. */
	private static final Duration START_LIMIT = Duration.ofSeconds(90);

	private static final Logger logger = LoggerFactory.getLogger(PluginHostLifecycle.class);

	private final PluginHost host;

	private final Discovery discovery;

	private final Duration stopLimit;

	private volatile boolean running;

	PluginHostLifecycle(PluginHost host, Discovery discovery, Duration stopLimit) {
		this.host = host;
		this.discovery = discovery;
		this.stopLimit = stopLimit;
	}

	@Override
	public void start() {
		this.running = true;
		this.host.start(this.discovery.plugins());
		try {
			this.host.settled().get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.error("Required plugins are not READY after {} s; the port opens and their fail policy answers",
					START_LIMIT.toSeconds(), ex);
		}
	}

	@Override
	public void stop() {
		this.host.close(this.stopLimit);
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
