package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one plugin running. Everything that changes its state happens on its loop's
 * thread, one thing after the other; the methods that other threads call leave a task
 * there and return.
 * <p>
 * Two things do not wait for that thread, because it may be blocked in a launch or a
 * health check: an exit withdraws the client at once, and both an exit and a stop cut
 * short the blocked call.
 */
final class PluginSupervisor implements PluginRegistry.Entry {

	private static final Logger logger = LoggerFactory.getLogger(PluginSupervisor.class);

	private final PluginSpec spec;

	private final Tools tools;

	private final RestartPolicy policy;

	private final SupervisorLoop loop;

	private final StateMachine machine;

	private final StopRequests stops = new StopRequests();

	private volatile @Nullable Incarnation incarnation;

	private volatile Ledger ledger = Ledger.EMPTY;

	// From here on: only the loop's thread.

	private RestartPolicy.History history = RestartPolicy.History.NONE;

	private SupervisorLoop.Timer timer = SupervisorLoop.Timer.NONE;

	private Duration readyAt = Duration.ZERO;

	private HealthWatch health = new HealthWatch(1);

	PluginSupervisor(PluginSpec spec, Tools tools, RestartPolicy policy, SupervisorLoop loop,
			List<StateListener> listeners) {
		this.spec = spec;
		this.tools = tools;
		this.policy = policy;
		this.loop = loop;
		this.machine = new StateMachine(spec.id(), loop::now, listeners);
	}

	@Override
	public PluginSpec spec() {
		return this.spec;
	}

	@Override
	public @Nullable PluginClient client() {
		Incarnation current = this.incarnation;
		return (current != null && state() == PluginState.READY) ? current.client() : null;
	}

	PluginState state() {
		return this.machine.state();
	}

	/**
	 * Starts it with a clean record: nothing if it runs, is about to run or is being
	 * stopped.
	 * @param reason why
	 */
	void start(String reason) {
		this.loop.execute(() -> {
			if (this.stops.any()) {
				return;
			}
			switch (state()) {
				case STOPPED, BACKOFF, FAILED -> {
					this.timer.cancel();
					this.history = RestartPolicy.History.NONE;
					launch(reason);
				}
				case STARTING, READY, STANDBY, DRAINING -> {
				}
			}
		});
	}

	/**
	 * Puts a plugin whose start makes no sense into FAILED, without a try later.
	 * @param reason why it cannot
	 */
	void refuse(String reason) {
		this.loop.execute(() -> {
			if (state() == PluginState.STOPPED && !this.stops.any()) {
				this.machine.moveTo(PluginState.STARTING, "its dependencies are checked");
				this.ledger = this.ledger.failed(new PluginStatus.Failure(this.loop.now(), reason));
				this.machine.moveTo(PluginState.FAILED, reason);
			}
		});
	}

	/**
	 * Stops it, whatever it is doing. Afterwards it may be started again.
	 * @param reason why, also told to the plugin
	 * @return completes when it is STOPPED and no process is left
	 */
	CompletableFuture<Void> stop(String reason) {
		// In this order: launch() sets the incarnation, then looks for stops.
		CompletableFuture<Void> stopped = this.stops.announce();
		Incarnation current = this.incarnation;
		if (current != null) {
			current.cutShort();
		}
		this.loop.execute(() -> {
			this.stops.add(stopped);
			stopNow(reason);
		});
		return stopped;
	}

	/**
	 * Stops it; it will never start again.
	 * @param reason why, also told to the plugin
	 * @return as for {@link #stop}
	 */
	CompletableFuture<Void> retire(String reason) {
		this.stops.announceForGood();
		return stop(reason);
	}

	/** Ends its thread, interrupting what it does. Does not block. */
	void close() {
		this.loop.close();
	}

	private void launch(String reason) {
		this.machine.moveTo(PluginState.STARTING, reason);
		this.ledger = this.ledger.started();
		Duration begin = this.loop.elapsed();
		Incarnation next = new Incarnation(this.spec, this.tools, this.loop::elapsed, this::exitReported);
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
				died(next.describe(ex), null, this.tools.settings().terminate());
			}
			return;
		}
		// A stop that came meanwhile waits in the queue and goes on from STARTING.
		if (!this.stops.any()) {
			ready(next, this.loop.elapsed().minus(begin));
		}
	}

	private void ready(Incarnation current, Duration took) {
		this.readyAt = this.loop.elapsed();
		this.health = new HealthWatch(this.tools.settings().healthMisses());
		String reduced = "";
		if (this.spec.reduced()) {
			Set<Capability> withheld = new TreeSet<>(this.spec.requested());
			withheld.removeAll(this.spec.granted());
			reduced = ", reduced: asked for but not granted: " + withheld;
		}
		OptionalLong pid = current.pid();
		this.machine.transition(PluginState.STARTING, PluginState.READY,
				"started in " + took.toMillis() + " ms as pid " + (pid.isPresent() ? pid.getAsLong() : "?") + reduced);
		this.timer = this.loop.schedule(this.tools.settings().healthInterval(), this::checkHealth);
	}

	private void exitReported(Incarnation ended) {
		this.loop.execute(() -> processEnded(ended));
	}

	private void processEnded(Incarnation ended) {
		if (this.incarnation != ended) {
			return;
		}
		switch (state()) {
			case READY -> died("process ended: " + ended.exit(), this.readyAt, Duration.ZERO);
			case STANDBY -> drain("process ended: " + ended.exit());
			case DRAINING -> finish(ended, "process ended: " + ended.exit());
			// STARTING: launch() has seen it, and the stop that interrupted it is queued.
			case STARTING, STOPPED, BACKOFF, FAILED -> {
			}
		}
	}

	private void checkHealth() {
		this.timer = this.loop.schedule(this.tools.settings().healthInterval(), this::checkHealth);
		Incarnation current = current();
		try {
			HealthReport report = current.checkHealth();
			this.health.answered();
			this.ledger = this.ledger.examined(report);
		}
		catch (RuntimeException ex) {
			// Cut short by a stop or an exit: the task for that is in the queue.
			if (this.stops.any() || current.exit() != null) {
				return;
			}
			HealthReport report = this.health.missed(current.describe(ex));
			this.ledger = this.ledger.examined(report);
			logger.warn("plugin {}: {}", this.spec.id(), report.message());
			if (this.health.tooMany()) {
				died(report.message(), this.readyAt, Duration.ZERO);
			}
		}
	}

	/**
	 * From STARTING or READY, by the process or by our own decision.
	 * @param reason why
	 * @param since when it had become READY, null if it had not
	 * @param terminate what is left of the process gets SIGTERM and so much time
	 */
	private void died(String reason, @Nullable Duration since, Duration terminate) {
		this.timer.cancel();
		RestartPolicy.Ruling ruling = this.policy.afterDeath(this.history, this.loop.elapsed(), since);
		this.history = ruling.history();
		this.ledger = this.ledger.failed(new PluginStatus.Failure(this.loop.now(), reason));
		if (ruling.next() == PluginState.BACKOFF) {
			this.machine.moveTo(PluginState.BACKOFF, reason + "; next start in " + seconds(ruling.delay()));
		}
		else {
			if (state() == PluginState.READY) {
				this.machine.moveTo(PluginState.BACKOFF, reason);
			}
			this.machine.moveTo(PluginState.FAILED,
					"it died too often, next try in " + seconds(ruling.delay()) + "; at last: " + reason);
		}
		current().end(terminate);
		this.incarnation = null;
		this.timer = this.loop.schedule(ruling.delay(), this::restart);
	}

	private void restart() {
		if (!this.stops.any()) {
			this.ledger = this.ledger.restarting();
			launch("restart " + this.ledger.restarts());
		}
	}

	private void stopNow(String reason) {
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
		Duration limit = this.tools.settings().drain();
		this.timer = this.loop.schedule(limit, () -> {
			logger.warn("plugin {}: {} calls still in flight after {}, they will fail", this.spec.id(),
					current.inFlight(), seconds(limit));
			finish(current, reason);
		});
		current.drain(() -> this.loop.execute(() -> finish(current, reason)));
		if (current.exit() != null) {
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

	/**
	 * How it is at the moment.
	 * @param waitingFor what keeps it from its first start
	 * @return a snapshot
	 */
	PluginStatus status(List<PluginId> waitingFor) {
		StateMachine.Position position = this.machine.position();
		Ledger record = this.ledger;
		Incarnation current = this.incarnation;
		return new PluginStatus(this.spec.id(), this.spec.version(), position.state(), position.since(),
				position.reason(), (current != null) ? current.pid() : OptionalLong.empty(), record.restarts(),
				record.generation(), record.failures(), record.health(), waitingFor, this.spec.order(),
				this.spec.required(), this.spec.fail(), this.spec.requested(), this.spec.granted());
	}

}
