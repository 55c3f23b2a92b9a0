package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a supervisor's thread does: the moves from state to state. Only the methods of
 * {@link Owner} and those that say so may be called by other threads.
 */
final class PluginLife implements Owner {

	private static final Logger logger = LoggerFactory.getLogger(PluginLife.class);

	/** So that a swap is rolled back before a restart that nobody wants has begun. */
	private static final Duration PROBATION_DELAY = Duration.ofSeconds(1);

	private final PluginSpec spec;

	private final Tools tools;

	private final LifecycleSettings settings;

	private final RestartPolicy policy;

	private final SupervisorLoop loop;

	private final StopRequests stops;

	private final Surroundings surroundings;

	private final StateMachine machine;

	/** One for all connections to a process that outlives them. */
	private final String instanceId = UUID.randomUUID().toString();

	private volatile @Nullable Incarnation incarnation;

	private volatile Ledger ledger = Ledger.EMPTY;

	private volatile boolean probation;

	private RestartPolicy.History history = RestartPolicy.History.NONE;

	private SupervisorLoop.Timer timer = SupervisorLoop.Timer.NONE;

	private Duration readyAt = Duration.ZERO;

	private HealthWatch health = new HealthWatch(1);

	PluginLife(PluginSpec spec, Tools tools, RestartPolicy policy, SupervisorLoop loop, StopRequests stops,
			Surroundings surroundings) {
		this.spec = spec;
		this.tools = tools;
		this.settings = tools.settings().of(spec.source());
		this.policy = spec.source().owned() ? policy : policy.patient();
		this.loop = loop;
		this.stops = stops;
		this.surroundings = surroundings;
		this.machine = new StateMachine(spec.id(), loop::now, surroundings.listeners());
	}

	/** Its state and who may change it. Reading is thread-safe. */
	StateMachine machine() {
		return this.machine;
	}

	/** Its process; null while there is none. Thread-safe. */
	@Nullable Incarnation incarnation() {
		return this.incarnation;
	}

	/** What it remembers. Thread-safe. */
	Ledger ledger() {
		return this.ledger;
	}

	/** See {@link PluginSupervisor#startOnProbation}. Thread-safe. */
	void probation(boolean probation) {
		this.probation = probation;
	}

	private PluginState state() {
		return this.machine.state();
	}

	/** Starts with a clean record. */
	void launchAnew(String reason) {
		this.timer.cancel();
		this.history = RestartPolicy.History.NONE;
		launch(reason);
	}

	/** Fails without a try. */
	void refuse(String reason) {
		this.machine.moveTo(PluginState.STARTING, "its dependencies are checked");
		this.ledger = this.ledger.failed(new PluginStatus.Failure(this.loop.now(), reason));
		this.machine.moveTo(PluginState.FAILED, reason);
	}

	private void launch(String reason) {
		this.machine.moveTo(PluginState.STARTING, reason);
		this.ledger = this.ledger.started(this.surroundings.nextGeneration());
		Duration begin = this.loop.elapsed();
		String instance = this.spec.source().owned() ? UUID.randomUUID().toString() : this.instanceId;
		Incarnation next = new Incarnation(this.spec, this.tools, this.settings, instance, this);
		this.incarnation = next;
		if (this.stops.any()) {
			return;
		}
		try {
			HealthReport first = next.start();
			this.ledger = this.ledger.examined(first);
		}
		catch (RuntimeException | Error ex) {
			if (!this.stops.any()) {
				startFailed(next, ex);
			}
			return;
		}
		// A stop that came meanwhile waits in the queue and goes on from STARTING.
		if (!this.stops.any()) {
			ready(next, this.loop.elapsed().minus(begin));
		}
	}

	/** Told when its process has ended, because how it ended belongs to what is told. */
	private void startFailed(Incarnation failed, Throwable failure) {
		Cause cause = failed.abort(failure, this.settings.terminate());
		this.incarnation = null;
		died(cause, null);
	}

	private void ready(Incarnation current, Duration took) {
		this.readyAt = this.loop.elapsed();
		this.health = new HealthWatch(this.settings.healthMisses());
		OptionalLong pid = current.pid();
		String how = current.owned()
				? "started in " + took.toMillis() + " ms as pid " + (pid.isPresent() ? pid.getAsLong() : "?")
				: "connected in " + took.toMillis() + " ms";
		// First, so that who sees it READY knows that it misses no event.
		current.openEvents();
		this.machine.transition(PluginState.STARTING, PluginState.READY, how + reduced());
		if (!(this.spec.source() instanceof PluginSource.Attached)) {
			this.timer = this.loop.schedule(this.settings.healthInterval(), this::checkHealth);
		}
	}

	private String reduced() {
		if (!this.spec.reduced()) {
			return "";
		}
		Set<Capability> withheld = new TreeSet<>(this.spec.requested());
		withheld.removeAll(this.spec.granted());
		return ", reduced: asked for but not granted: " + withheld;
	}

	@Override
	public Duration elapsed() {
		return this.loop.elapsed();
	}

	@Override
	public void exited(Incarnation ended) {
		this.loop.execute(() -> ended(ended));
	}

	@Override
	public void lost(Incarnation lost) {
		this.loop.execute(() -> {
			if (lost.owned() && !lost.exited()) {
				// The exit, which is the better explanation, usually follows.
				this.loop.schedule(Incarnation.LAST_WORDS, () -> ended(lost));
			}
			else {
				ended(lost);
			}
		});
	}

	@Override
	public void breakerChanged(Incarnation changed, Phase phase, BreakerState from, BreakerState to) {
		// Calls may still end that were made to a process which has been replaced.
		if (this.incarnation == changed) {
			this.surroundings.breakerChanged(phase, from, to);
		}
	}

	private void ended(Incarnation ended) {
		Cause cause = ended.end();
		if (this.incarnation != ended || cause == null) {
			return;
		}
		switch (state()) {
			case READY -> died(cause, this.readyAt);
			case STANDBY -> drain(cause.text());
			case DRAINING -> finish(ended, cause.text());
			// STARTING: launch() has seen it, and the stop that interrupted it is queued.
			case STARTING, STOPPED, BACKOFF, FAILED -> {
			}
		}
	}

	private void checkHealth() {
		this.timer = this.loop.schedule(this.settings.healthInterval(), this::checkHealth);
		Incarnation current = current();
		try {
			HealthReport report = current.checkHealth();
			this.health.answered();
			this.ledger = this.ledger.examined(report);
		}
		catch (RuntimeException ex) {
			// Cut short by a stop or an exit: the task for that is in the queue.
			if (this.stops.any() || current.end() != null) {
				return;
			}
			HealthReport report = this.health.missed(current.cause(ex).what());
			this.ledger = this.ledger.examined(report);
			logger.warn("plugin {}: {}", this.spec.id(), report.message());
			if (this.health.tooMany()) {
				unresponsive(report.message());
			}
		}
	}

	private void unresponsive(String reason) {
		if (state() == PluginState.STANDBY) {
			drain(reason);
		}
		else {
			died(Cause.of(reason), this.readyAt);
		}
	}

	/**
	 * From STARTING or READY, by the process or by our own decision.
	 * @param cause why
	 * @param since when it had become READY, null if it had not
	 */
	private void died(Cause cause, @Nullable Duration since) {
		this.timer.cancel();
		this.ledger = this.ledger.failed(new PluginStatus.Failure(this.loop.now(), cause.text()));
		if (this.probation && since == null) {
			this.machine.moveTo(PluginState.FAILED, cause.text());
			return;
		}
		RestartPolicy.Ruling ruling = this.policy.afterDeath(this.history, this.loop.elapsed(), since);
		this.history = ruling.history();
		Duration delay = ruling.delay();
		if (this.probation && delay.compareTo(PROBATION_DELAY) < 0) {
			delay = PROBATION_DELAY;
		}
		if (ruling.next() == PluginState.BACKOFF) {
			this.machine.moveTo(PluginState.BACKOFF, cause.text("; next start in " + seconds(delay)));
		}
		else {
			if (state() == PluginState.READY) {
				this.machine.moveTo(PluginState.BACKOFF, cause.text());
			}
			this.machine.moveTo(PluginState.FAILED,
					"it died too often, next try in " + seconds(delay) + "; at last: " + cause.text());
		}
		abandon();
		this.timer = this.loop.schedule(delay, this::restart);
	}

	private void abandon() {
		Incarnation left = this.incarnation;
		if (left != null) {
			left.kill();
			this.incarnation = null;
		}
	}

	private void restart() {
		if (!this.stops.any()) {
			this.ledger = this.ledger.restarting();
			launch("restart " + this.ledger.restarts());
		}
	}

	/** Stops; {@link StopRequests#confirmAll} follows. */
	void stop(String reason) {
		switch (state()) {
			case STOPPED -> this.stops.confirmAll();
			case BACKOFF, FAILED -> {
				this.timer.cancel();
				this.machine.moveTo(PluginState.STOPPED, reason);
				this.stops.confirmAll();
			}
			case STARTING, READY, STANDBY -> drain(reason);
			case DRAINING -> {
			}
		}
	}

	private void drain(String reason) {
		this.timer.cancel();
		this.machine.moveTo(PluginState.DRAINING, reason);
		Incarnation current = current();
		Duration limit = this.settings.drain();
		this.timer = this.loop.schedule(limit, () -> {
			logger.warn("plugin {}: {} calls still in flight after {}, they will fail", this.spec.id(),
					current.inFlight(), seconds(limit));
			finish(current, reason);
		});
		current.drain(() -> this.loop.execute(() -> finish(current, reason)));
		if (current.end() != null) {
			finish(current, reason);
		}
	}

	/** Called by whichever comes first: calls finished, limit reached, process exited. */
	private void finish(Incarnation ending, String reason) {
		if (this.incarnation != ending) {
			return;
		}
		this.timer.cancel();
		ending.shutDown(reason);
		this.incarnation = null;
		this.machine.moveTo(PluginState.STOPPED, reason);
		this.stops.confirmAll();
	}

	private Incarnation current() {
		return Objects.requireNonNull(this.incarnation, "expected: a process in state " + state() + ", got: none");
	}

	private static String seconds(Duration duration) {
		return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
	}

}
