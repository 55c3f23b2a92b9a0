package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.process.ExitStatus;
import org.hkpgateway.process.PluginProcess;

import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * One process of a plugin with its connection and its client, from launch to end. For a
 * plugin that is not the gateway's own, one connection to it: nothing is launched, told
 * to end or killed. Starts, checks and ends on the supervisor thread; the rest is
 * thread-safe.
 */
final class Incarnation {

	/** A connection that breaks is noticed before the exit that breaks it. */
	static final Duration LAST_WORDS = Duration.ofSeconds(1);

	/** What a step gets when the launch used up the time of the start. */
	private static final Duration LEAST = Duration.ofSeconds(1);

	private final PluginSpec spec;

	private final Tools tools;

	private final LifecycleSettings settings;

	private final String instanceId;

	private final Owner owner;

	private final BlockingCalls blockingCalls = new BlockingCalls();

	private final ExitWatch exit = new ExitWatch();

	private final Disposable.Swap events = Disposables.swap();

	private volatile @Nullable PluginProcess process;

	private volatile @Nullable PluginConnection connection;

	private volatile @Nullable PluginIntroduction introduction;

	private volatile PluginClient.@Nullable Guarded guarded;

	private volatile @Nullable CountedClient client;

	private volatile @Nullable String loss;

	/**
	 * Nothing runs yet.
	 * @param spec the plugin
	 * @param tools what to start it with
	 * @param settings how long things may take
	 * @param instanceId names it in Initialize
	 * @param owner is told what happens to it
	 */
	Incarnation(PluginSpec spec, Tools tools, LifecycleSettings settings, String instanceId, Owner owner) {
		this.spec = spec;
		this.tools = tools;
		this.settings = settings;
		this.instanceId = instanceId;
		this.owner = owner;
	}

	/**
	 * Launches, connects, introduces and checks. Blocks; ends early when the process
	 * exits or {@link #cutShort()} is called. After a failure the caller must still end
	 * it, with {@link #abort} or {@link #shutDown}.
	 * @return the first health report
	 * @throws RuntimeException if any step fails
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
		if (!owned()) {
			return;
		}
		try {
			this.blockingCalls.make(() -> this.exit.within(LAST_WORDS));
		}
		catch (CancellationException ex) {
			// It is being stopped, or the exit is known already.
		}
	}

	private HealthReport startUninterrupted() {
		Duration deadline = this.owner.elapsed().plus(this.settings.start());
		PluginConnection.Offer offer = this.tools.connector().offer(this.spec);
		PluginProcess launched = this.tools.launcher().launch(this.spec, offer, this.settings.start());
		this.process = launched;
		if (owned()) {
			this.exit.watch(launched.onExit(), this::onExit);
		}
		PluginConnection connected = offer.connect(launched.endpoint(), launched.certificate(),
				within(this.settings.connect(), deadline));
		this.connection = connected;
		CompletableFuture<Void> unused = connected.onLost().thenAccept(this::onLoss);
		this.introduction = connected.initialize(this.instanceId, within(this.settings.initialize(), deadline));
		HealthReport health = connected.checkHealth(within(this.settings.healthTimeout(), deadline));
		PluginClient.Guarded guards = this.tools.decorator()
			.decorate(this.spec, connected.client(),
					(id, phase, from, to) -> this.owner.breakerChanged(this, phase, from, to));
		if (this.exit.cause() != null || this.loss != null) {
			throw new PluginStartException(this.spec.id(), "ended during its start");
		}
		this.guarded = guards;
		this.client = new CountedClient(this.spec.id(), guards);
		return health;
	}

	private Duration within(Duration limit, Duration deadline) {
		Duration left = deadline.minus(this.owner.elapsed());
		Duration granted = (left.compareTo(LEAST) > 0) ? left : LEAST;
		return (granted.compareTo(limit) < 0) ? granted : limit;
	}

	private void onExit() {
		this.events.dispose();
		this.blockingCalls.cutShort();
		this.owner.exited(this);
	}

	private void onLoss(String why) {
		this.loss = "connection lost: " + why;
		this.events.dispose();
		this.owner.lost(this);
	}

	/** Lets events come to it, until it is drained or ends. Does not block. */
	void openEvents() {
		PluginConnection connected = this.connection;
		if (connected != null) {
			// Nothing if it has ended meanwhile.
			var unused = this.events.update(this.tools.events().open(this.spec, connected.events()));
		}
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
		return this.blockingCalls.make(() -> connected.checkHealth(this.settings.healthTimeout()));
	}

	/** Lets a call that blocks here, or one to come, fail at once. */
	void cutShort() {
		this.blockingCalls.cutShort();
	}

	/**
	 * The client for requests.
	 * @return null before the start has succeeded and from the moment of the exit or of
	 * the loss of the connection
	 */
	@Nullable PluginClient client() {
		return (this.exit.cause() == null && this.loss == null) ? this.client : null;
	}

	/**
	 * The client for requests that are not real.
	 * @return null when {@link #client()} is
	 */
	@Nullable PluginClient rehearsal() {
		PluginClient.Guarded guards = this.guarded;
		CountedClient current = this.client;
		return (client() != null && guards != null && current != null) ? current.counting(guards.unrecorded()) : null;
	}

	PluginClient.@Nullable Guarded guarded() {
		return this.guarded;
	}

	@Nullable PluginIntroduction introduction() {
		return this.introduction;
	}

	@Nullable String security() {
		PluginConnection current = this.connection;
		return (current != null) ? current.security() : null;
	}

	@Nullable IsolationReport isolation() {
		PluginProcess current = this.process;
		return (current != null) ? current.isolation() : null;
	}

	OptionalLong pid() {
		PluginProcess current = this.process;
		return (current != null && this.exit.cause() == null) ? current.pid() : OptionalLong.empty();
	}

	boolean owned() {
		return this.spec.source().owned();
	}

	/**
	 * Why it can be asked nothing any more.
	 * @return null while process and connection stand
	 */
	@Nullable Cause end() {
		Cause exited = this.exit.cause();
		String lost = this.loss;
		return (exited != null || lost == null) ? exited : Cause.of(lost);
	}

	boolean exited() {
		return this.exit.cause() != null;
	}

	/**
	 * Puts a failure into words for the operator.
	 * @param failure what was thrown by a method of this class
	 * @return names the exit of the process, or the loss of the connection, if that
	 * explains it
	 */
	Cause cause(Throwable failure) {
		String message = (failure.getMessage() != null) ? failure.getMessage() : failure.toString();
		// The reader of a transition sees the plugin's name already.
		String prefix = "plugin " + this.spec.id() + ": ";
		String text = message.startsWith(prefix) ? message.substring(prefix.length()) : message;
		Cause end = end();
		return (end != null) ? end.seenAs(text) : Cause.of(text);
	}

	/**
	 * Refuses new calls, and lets no more events come to it.
	 * @param whenIdle runs when the calls in flight have ended, now or on the thread of
	 * the last one; must not block
	 */
	void drain(Runnable whenIdle) {
		this.events.dispose();
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
		boolean polite = this.introduction != null && end() == null;
		ending().shutDown(polite ? reason : null, this.settings);
	}

	/** Kills it without a word. Blocks for a bounded time. */
	void kill() {
		ExitStatus unused = ending().end(Duration.ZERO, Duration.ZERO);
	}

	/**
	 * Ends what a start that failed has left. Blocks for a bounded time.
	 * @param failure what {@link #start()} has thrown
	 * @param terminate time between SIGTERM and SIGKILL
	 * @return as {@link #cause}, and how the process ended
	 */
	Cause abort(Throwable failure, Duration terminate) {
		// In this order: the exit that follows is not why it failed.
		Cause cause = cause(failure);
		ExitStatus status = ending().end(Duration.ZERO, terminate);
		return (status != null) ? cause.endedFor(status) : cause;
	}

	private Ending ending() {
		this.events.dispose();
		return new Ending(this.spec.id(), this.connection, owned() ? this.process : null);
	}

}
