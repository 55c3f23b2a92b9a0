package org.hkpgateway.lifecycle;

import java.time.Duration;

import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Phase;

/**
 * Whom an incarnation tells what happens to it. The calls come on any thread and must not
 * block.
 */
interface Owner {

	/**
	 * Monotonic time.
	 * @return time since some fixed point
	 */
	Duration elapsed();

	/**
	 * Its process has exited. Once.
	 * @param incarnation whose
	 */
	void exited(Incarnation incarnation);

	/**
	 * Its connection broke. Once; the exit of its process may follow or precede.
	 * @param incarnation whose
	 */
	void lost(Incarnation incarnation);

	/**
	 * One of its circuit breakers has changed.
	 * @param incarnation whose
	 * @param phase which
	 * @param from the state before
	 * @param to the state now
	 */
	void breakerChanged(Incarnation incarnation, Phase phase, BreakerState from, BreakerState to);

}
