package org.hkpgateway.lifecycle;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import org.hkpgateway.plugin.PluginId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of one plugin. Only moves of {@link PluginState} are possible. Listeners hear
 * of a move after it has won, from the thread that made it.
 */
final class StateMachine {

	private static final Logger logger = LoggerFactory.getLogger(StateMachine.class);

	private final PluginId plugin;

	private final Supplier<Instant> clock;

	private final List<StateListener> listeners;

	private final AtomicReference<Position> position;

	StateMachine(PluginId plugin, Supplier<Instant> clock, List<StateListener> listeners) {
		this.plugin = plugin;
		this.clock = clock;
		this.listeners = List.copyOf(listeners);
		this.position = new AtomicReference<>(new Position(PluginState.STOPPED, clock.get(), "not started yet"));
	}

	Position position() {
		return Objects.requireNonNull(this.position.get());
	}

	PluginState state() {
		return position().state();
	}

	/**
	 * Moves on from whatever the state is.
	 * @param to the next state
	 * @param reason why
	 * @throws IllegalStateException if there is no such move
	 */
	void moveTo(PluginState to, String reason) {
		move(position(), to, reason);
	}

	/**
	 * Moves on from an expected state.
	 * @param from what the state must be
	 * @param to the next state
	 * @param reason why
	 * @throws IllegalStateException if the state is another, or there is no such move
	 */
	void transition(PluginState from, PluginState to, String reason) {
		Position before = position();
		if (before.state() != from) {
			throw new IllegalStateException("plugin " + this.plugin + ": cannot move to " + to + ": expected: " + from
					+ ", got: " + before.state());
		}
		move(before, to, reason);
	}

	private void move(Position before, PluginState to, String reason) {
		PluginState from = before.state();
		if (!from.mayBecome(to)) {
			throw new IllegalStateException("plugin " + this.plugin + ": no such move: expected: " + from + " -> "
					+ new TreeSet<>(from.successors()) + ", got: " + to);
		}
		Position after = new Position(to, this.clock.get(), reason);
		if (!this.position.compareAndSet(before, after)) {
			throw new IllegalStateException("plugin " + this.plugin + ": cannot move to " + to + ": expected: " + from
					+ ", got: " + state() + ", set by another thread meanwhile");
		}
		notifyListeners(new Transition(this.plugin, from, to, reason, after.since()));
	}

	private void notifyListeners(Transition transition) {
		for (StateListener listener : this.listeners) {
			try {
				listener.onTransition(transition);
			}
			catch (RuntimeException ex) {
				logger.error("plugin {}: a listener failed on {}", this.plugin, transition, ex);
			}
		}
	}

	/**
	 * Where the plugin is.
	 *
	 * @param state its state
	 * @param since when it got there
	 * @param reason why
	 */
	record Position(PluginState state, Instant since, String reason) {
	}

}
