package org.hkpgateway.sdk.test;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock that stands still until a test moves it. Thread-safe.
 */
public final class VirtualClock extends Clock {

	private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

	private final AtomicLong nanos = new AtomicLong();

	/**
	 * Moves it.
	 * @param time how far
	 */
	public void advance(Duration time) {
		this.nanos.addAndGet(time.toNanos());
	}

	/**
	 * In place of {@link System#nanoTime()}.
	 * @return nanoseconds since the clock was made
	 */
	public long nanoTime() {
		return this.nanos.get();
	}

	@Override
	public Instant instant() {
		return START.plusNanos(this.nanos.get());
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		throw new UnsupportedOperationException("expected: a clock in UTC, got: " + zone);
	}

}
