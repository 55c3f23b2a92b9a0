package org.hkpgateway.state;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link LocalStateStore}.
 */
class LocalStateStoreTests extends StateStoreContract {

	private final AtomicLong nanos = new AtomicLong();

	private final LocalStateStore store = store(Instant.EPOCH.plusSeconds(1));

	private LocalStateStore store(Instant now) {
		return new LocalStateStore(QUOTA, this.nanos::get, Clock.fixed(now, ZoneOffset.UTC));
	}

	@Override
	StateStore store() {
		return this.store;
	}

	@Override
	void pass(Duration time) {
		this.nanos.addAndGet(time.toNanos());
	}

	@Override
	Duration moment() {
		// What has expired is counted out a second later at the latest.
		return Duration.ofSeconds(2);
	}

	@Test
	void versionsOfALaterGatewayAreGreater() {
		long version = get(this.store.put(key("a"), bytes("1"), Duration.ZERO)).version();
		StateStore later = store(Instant.EPOCH.plusSeconds(2));
		assertThat(get(later.put(key("a"), bytes("1"), Duration.ZERO)).version()).isGreaterThan(version + 1_000_000);
	}

}
