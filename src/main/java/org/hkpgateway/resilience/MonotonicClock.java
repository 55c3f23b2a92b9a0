package org.hkpgateway.resilience;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A clock for measuring, not for dates: it follows a nanosecond counter, so that setting
 * the machine's time neither holds a breaker open nor empties its window.
 */
final class MonotonicClock extends Clock {

	private final LongSupplier nanos;

	private final long origin;

	MonotonicClock(LongSupplier nanos) {
		this.nanos = nanos;
		this.origin = nanos.getAsLong();
	}

	@Override
	public Instant instant() {
		return Instant.EPOCH.plusNanos(this.nanos.getAsLong() - this.origin);
	}

	@Override
	public long millis() {
		return TimeUnit.NANOSECONDS.toMillis(this.nanos.getAsLong() - this.origin);
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		return this;
	}

}
