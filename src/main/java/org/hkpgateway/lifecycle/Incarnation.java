package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.process.ExitStatus;
import org.hkpgateway.process.PluginProcess;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process of a plugin with its connection and its client, from launch to end. Starts,
 * checks and ends on the supervisor thread; the rest is thread-safe.
 */
final class Incarnation {

	private static final Logger logger = LoggerFactory.getLogger(Incarnation.class);

	/** What a step gets when the launch used up the time of the start. */
	private static final Duration LEAST = Duration.ofSeconds(1);

	/** A connection that breaks is noticed before the exit that breaks it. */
	private static final Duration LAST_WORDS = Duration.ofSeconds(1);

	private final PluginSpec spec;

	private final Tools tools;

	private final Supplier<Duration> elapsed;

	private final Consumer<Incarnation> exitListener;

	private final BlockingCalls blockingCalls = new BlockingCalls();

	private volatile @Nullable PluginProcess process;

	private volatile @Nullable CountedClient client;

	/** Set before anyone learns of the exit, and never cleared. */
	private volatile @Nullable String exit;

	/** Completes after {@link #exit} was set. */
	private CompletableFuture<ExitStatus> exited = new CompletableFuture<>();

	private @Nullable PluginConnection connection;

	private boolean initialized;

	/**
	 * Nothing runs yet.
	 * @param spec the plugin
	 * @param tools what to start it with
	 * @param elapsed monotonic time
	 * @param exitListener called once when the process has exited, on any thread; must
	 * not block
	 */
	Incarnation(PluginSpec spec, Tools tools, Supplier<Duration> elapsed, Consumer<Incarnation> exitListener) {
		this.spec = spec;
		this.tools = tools;
		this.elapsed = elapsed;
		this.exitListener = exitListener;
	}

	/**
	 * Launches, connects, introduces and checks. Blocks; ends early when the process
	 * exits or {@link #cutShort()} is called. After a failure the caller must still end
	 * it.
	 * @return the first health report
	 * @throws RuntimeException if any step fails; {@link #describe} puts it into words
	 */
	HealthReport start() {
		try {
			return this.blockingCalls.make(this::startUninterrupted);
		}
		catch (RuntimeException ex) {
			if (ex instanceof PluginFailure.Unavailable || ex.getCause() instanceof PluginFailure.Unavailable) {
				awaitExit();
			}
			throw ex;
		}
	}

	/** The exit explains more than the broken connection does. */
	private void awaitExit() {
		try {
			this.blockingCalls.make(() -> exitsWithin(LAST_WORDS));
		}
		catch (CancellationException ex) {
			// It is being stopped, or the exit is known already.
		}
	}

	private boolean exitsWithin(Duration wait) {
		try {
			this.exited.get(wait.toNanos(), TimeUnit.NANOSECONDS);
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		catch (ExecutionException | TimeoutException ex) {
			return false;
		}
	}

	private HealthReport startUninterrupted() {
		LifecycleSettings settings = this.tools.settings();
		Duration deadline = this.elapsed.get().plus(settings.start());
		PluginConnection.Offer offer = this.tools.connector().offer(this.spec);
		PluginProcess launched = this.tools.launcher().launch(this.spec, offer, settings.start());
		this.process = launched;
		this.exited = launched.onExit().whenComplete(this::exited);
		PluginConnection connected = offer.connect(launched.endpoint(), launched.certificate(),
				within(settings.connect(), deadline));
		this.connection = connected;
		connected.initialize(UUID.randomUUID().toString(), within(settings.initialize(), deadline));
		this.initialized = true;
		HealthReport health = connected.checkHealth(within(settings.healthTimeout(), deadline));
		PluginClient guarded = this.tools.decorator().decorate(this.spec, connected.client());
		if (this.exit != null) {
			throw new PluginStartException(this.spec.id(), "ended during its start");
		}
		this.client = new CountedClient(this.spec.id(), guarded);
		return health;
	}

	private Duration within(Duration limit, Duration deadline) {
		Duration left = deadline.minus(this.elapsed.get());
		Duration granted = (left.compareTo(LEAST) > 0) ? left : LEAST;
		return (granted.compareTo(limit) < 0) ? granted : limit;
	}

	private void exited(@Nullable ExitStatus status, @Nullable Throwable error) {
		this.exit = (status != null) ? words(status) : "its end could not be observed: " + error;
		this.blockingCalls.cutShort();
		this.exitListener.accept(this);
	}

	private static String words(ExitStatus status) {
		List<String> lines = status.lastErrorLines();
		return lines.isEmpty() ? status.describe()
				: status.describe() + "; last line of stderr: " + lines.get(lines.size() - 1);
	}

	/**
	 * Asks how it is. Blocks.
	 * @return its answer
	 * @throws RuntimeException if it does not answer
	 */
	HealthReport checkHealth() {
		PluginConnection connected = this.connection;
		if (connected == null) {
			throw new IllegalStateException("plugin " + this.spec.id() + ": expected: a connection, got: none");
		}
		return this.blockingCalls.make(() -> connected.checkHealth(this.tools.settings().healthTimeout()));
	}

	/** Lets a call that blocks here, or one to come, fail at once. */
	void cutShort() {
		this.blockingCalls.cutShort();
	}

	/**
	 * The client for requests.
	 * @return null before the start has succeeded and from the moment of the exit
	 */
	@Nullable PluginClient client() {
		return (this.exit == null) ? this.client : null;
	}

	OptionalLong pid() {
		PluginProcess current = this.process;
		return (current != null && this.exit == null) ? current.pid() : OptionalLong.empty();
	}

	/**
	 * How the process exited.
	 * @return null while it runs
	 */
	@Nullable String exit() {
		return this.exit;
	}

	/**
	 * Puts a failure into words for the operator.
	 * @param failure what was thrown by a method of this class
	 * @return one line; names the exit of the process if that explains it
	 */
	String describe(Throwable failure) {
		String message = (failure.getMessage() != null) ? failure.getMessage() : failure.toString();
		// The reader of a transition sees the plugin's name already.
		String prefix = "plugin " + this.spec.id() + ": ";
		String text = message.startsWith(prefix) ? message.substring(prefix.length()) : message;
		return (this.exit != null) ? "process ended: " + this.exit + " (" + text + ")" : text;
	}

	/**
	 * Refuses new calls.
	 * @param whenIdle runs when the calls in flight have ended, now or on the thread of
	 * the last one; must not block
	 */
	void drain(Runnable whenIdle) {
		CountedClient current = this.client;
		if (current != null) {
			CompletableFuture<Void> unused = current.drain().thenRun(whenIdle);
		}
		else {
			whenIdle.run();
		}
	}

	int inFlight() {
		CountedClient current = this.client;
		return (current != null) ? current.inFlight() : 0;
	}

	/**
	 * Ends it politely: Shutdown, then time to exit, then SIGTERM, then SIGKILL. Blocks
	 * for a bounded time.
	 * @param reason for the plugin's log
	 */
	void shutDown(String reason) {
		LifecycleSettings settings = this.tools.settings();
		Duration voluntary = Duration.ZERO;
		PluginConnection connected = this.connection;
		if (connected != null && this.initialized && this.exit == null) {
			try {
				connected.shutdown(reason, settings.shutdown());
				voluntary = settings.exit();
			}
			catch (RuntimeException ex) {
				logger.warn("plugin {}: no answer to Shutdown, so it is ended by signal: {}", this.spec.id(),
						ex.getMessage());
			}
		}
		end(voluntary, settings.terminate());
	}

	/**
	 * Ends it without a word. Blocks for a bounded time.
	 * @param terminate time between SIGTERM and SIGKILL; zero to kill at once
	 */
	void end(Duration terminate) {
		end(Duration.ZERO, terminate);
	}

	private void end(Duration voluntary, Duration terminate) {
		if (this.connection != null) {
			attempt(this.connection::close);
		}
		PluginProcess current = this.process;
		if (current != null) {
			attempt(() -> current.end(voluntary, terminate));
		}
	}

	/** One failing step must not keep the others, and the restart, from happening. */
	private void attempt(Runnable step) {
		try {
			step.run();
		}
		catch (RuntimeException ex) {
			logger.error("plugin {}: cannot clean up after it", this.spec.id(), ex);
		}
	}

}
