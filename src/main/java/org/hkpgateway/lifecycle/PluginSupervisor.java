package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Keeps one plugin of one specification running. Everything that changes its state
 * happens on its loop's thread, one thing after the other; the methods that other threads
 * call leave a task there and return.
 * <p>
 * Two things do not wait for that thread, because it may be blocked in a launch or a
 * health check: an exit withdraws the client at once, and both an exit and a stop cut
 * short the blocked call.
 */
final class PluginSupervisor {

	private final PluginSpec spec;

	private final SupervisorLoop loop;

	private final StopRequests stops = new StopRequests();

	private final PluginLife life;

	PluginSupervisor(PluginSpec spec, Tools tools, RestartPolicy policy, SupervisorLoop loop,
			Surroundings surroundings) {
		this.spec = spec;
		this.loop = loop;
		this.life = new PluginLife(spec, tools, policy, loop, this.stops, surroundings);
	}

	PluginSpec spec() {
		return this.spec;
	}

	/**
	 * The client for requests.
	 * @return null unless it is READY or STANDBY and its process lives
	 */
	@Nullable PluginClient client() {
		Incarnation current = this.life.incarnation();
		return (current != null && serves(state())) ? current.client() : null;
	}

	/**
	 * The client for requests that are not real.
	 * @return null when {@link #client()} is
	 */
	@Nullable PluginClient rehearsal() {
		Incarnation current = this.life.incarnation();
		return (current != null && serves(state())) ? current.rehearsal() : null;
	}

	private static boolean serves(PluginState state) {
		return state == PluginState.READY || state == PluginState.STANDBY;
	}

	PluginState state() {
		return this.life.machine().state();
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
				case STOPPED, BACKOFF, FAILED -> this.life.launchAnew(reason);
				case STARTING, READY, STANDBY, DRAINING -> {
				}
			}
		});
	}

	/**
	 * Starts it on probation: a start that fails is not repeated, and a restart waits at
	 * least a second, which is time enough to stop it instead.
	 * @param reason why
	 */
	void startOnProbation(String reason) {
		this.life.probation(true);
		start(reason);
	}

	/** Ends its probation. */
	void establish() {
		this.life.probation(false);
	}

	/**
	 * Puts a plugin whose start makes no sense into FAILED, without a try later.
	 * @param reason why it cannot
	 */
	void refuse(String reason) {
		this.loop.execute(() -> {
			if (state() == PluginState.STOPPED && !this.stops.any()) {
				this.life.refuse(reason);
			}
		});
	}

	/**
	 * Lets it run without new requests; nothing if it does not run. Its client goes on
	 * working for requests that have it.
	 * @param reason why
	 */
	void standBy(String reason) {
		this.loop.execute(() -> {
			if (state() == PluginState.READY) {
				this.life.machine().moveTo(PluginState.STANDBY, reason);
			}
		});
	}

	/**
	 * Back from STANDBY; nothing if it does not stand by.
	 * @param reason why
	 */
	void resume(String reason) {
		this.loop.execute(() -> {
			if (state() == PluginState.STANDBY) {
				this.life.machine().moveTo(PluginState.READY, reason);
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
		Incarnation current = this.life.incarnation();
		if (current != null) {
			current.cutShort();
		}
		this.loop.execute(() -> {
			this.stops.add(stopped);
			this.life.stop(reason);
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

	/**
	 * How it is at the moment.
	 * @return a snapshot
	 */
	Snapshot snapshot() {
		return new Snapshot(this.spec, this.life.machine().position(), this.life.ledger(), this.life.incarnation());
	}

	/** Why its plugin died last. Thread-safe. */
	Optional<String> lastFailure() {
		List<PluginStatus.Failure> failures = this.life.ledger().failures();
		return failures.isEmpty() ? Optional.empty() : Optional.of(failures.get(failures.size() - 1).reason());
	}

	/**
	 * A supervisor at one moment.
	 *
	 * @param spec its plugin
	 * @param position where it is
	 * @param record what it remembers
	 * @param incarnation its process; null while there is none
	 */
	record Snapshot(PluginSpec spec, StateMachine.Position position, Ledger record, @Nullable Incarnation incarnation) {
	}

}
