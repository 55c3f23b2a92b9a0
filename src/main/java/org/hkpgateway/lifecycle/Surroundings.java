package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Phase;

/**
 * Whom a supervisor tells what happens, and where it gets the numbers of its
 * incarnations.
 *
 * @param listeners are told of every move, on the supervisor's thread
 * @param generations counts the incarnations of a plugin, whichever supervisor starts
 * them
 * @param breakers are told when a breaker of the present incarnation changes, on any
 * thread; must not block
 */
record Surroundings(List<StateListener> listeners, LongSupplier generations, BreakerChange breakers) {

	Surroundings {
		listeners = List.copyOf(listeners);
	}

	long nextGeneration() {
		return this.generations.getAsLong();
	}

	void breakerChanged(Phase phase, BreakerState from, BreakerState to) {
		this.breakers.changed(phase, from, to);
	}

	/** Hears of a breaker. */
	@FunctionalInterface
	interface BreakerChange {

		void changed(Phase phase, BreakerState from, BreakerState to);

	}

}
