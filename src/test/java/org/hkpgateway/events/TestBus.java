package org.hkpgateway.events;

import java.time.Clock;

import reactor.core.scheduler.Schedulers;

/**
 * A bus that hands events over at once, on the thread of whoever publishes or asks.
 */
public final class TestBus {

	public final Counts counts = new Counts();

	public final EventBus bus = new EventBus(Clock.systemUTC(), Schedulers.immediate(), this.counts);

}
