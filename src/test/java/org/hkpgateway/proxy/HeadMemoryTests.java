package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HeadMemory}.
 */
class HeadMemoryTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE);

	private final HeadMemory memory = new HeadMemory(this.now::get);

	@Test
	void atFirstHeadIsTried() {
		assertThat(this.memory.isWorthTrying("/pks/lookup?op=stats")).isTrue();
		assertThat(this.memory.isWorthTrying("/x")).isTrue();
	}

	@Test
	void lookupsAndAllElseAreToldApart() {
		this.memory.notServed("/pks/lookup?op=stats");
		assertThat(this.memory.isWorthTrying("/pks/lookup?op=get&search=a")).isFalse();
		assertThat(this.memory.isWorthTrying("/pks/stats")).isTrue();
		this.memory.notServed("/pks/stats");
		assertThat(this.memory.isWorthTrying("/index.html")).isFalse();
	}

	@Test
	void itIsTriedAgainAfterFiveMinutes() {
		this.memory.notServed("/x");
		this.now.addAndGet(Duration.ofMinutes(5).toNanos());
		assertThat(this.memory.isWorthTrying("/x")).isFalse();
		this.now.incrementAndGet();
		assertThat(this.memory.isWorthTrying("/x")).isTrue();
	}

}
