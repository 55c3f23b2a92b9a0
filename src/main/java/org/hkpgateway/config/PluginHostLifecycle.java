package org.hkpgateway.config;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.plugin.PluginSpec;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.SmartLifecycle;

/**
 * Starts the plugins before the public port opens and stops them after it closed. A stop
 * during the start does not wait for plugins that may never be READY: Boot's own shutdown
 * hook would, because it waits for the start to end.
 */
class PluginHostLifecycle implements SmartLifecycle {

	/** Before Boot's web server starts, after it stopped. */
	static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 4096;

	/**
	 * Never reached: five starts that fail as slowly as they may end in FAILED within
	 * about five minutes. But every wait has a limit.
	 */
	private static final Duration START_LIMIT = Duration.ofMinutes(6);

	private static final Logger logger = LoggerFactory.getLogger(PluginHostLifecycle.class);

	private final PluginHost host;

	private final Supplier<List<PluginSpec>> plugins;

	private volatile boolean running;

	PluginHostLifecycle(PluginHost host, Supplier<List<PluginSpec>> plugins) {
		this.host = host;
		this.plugins = plugins;
	}

	@Override
	public void start() {
		this.running = true;
		this.host.start(this.plugins.get());
		CompletableFuture<Void> stopping = new CompletableFuture<>();
		Thread hook = new Thread(() -> stopping.complete(null), "hkp-stop-during-start");
		try {
			Runtime.getRuntime().addShutdownHook(hook);
			CompletableFuture.anyOf(this.host.settled(), stopping).get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
			Runtime.getRuntime().removeShutdownHook(hook);
		}
		catch (IllegalStateException ex) {
			logger.info("Stopping before the plugins have started");
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
		this.host.close();
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
