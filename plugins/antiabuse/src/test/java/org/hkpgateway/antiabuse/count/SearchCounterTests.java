package org.hkpgateway.antiabuse.count;

import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.antiabuse.FakeState;
import org.hkpgateway.sdk.host.SharedState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SearchCounter}, {@link SharedSearchCounter} and {@link Searches}: what
 * the table of cases cannot show.
 */
class SearchCounterTests {

	private static final Limit DIFFERENT = new Limit(3, Duration.ofMinutes(10), Limit.What.SEARCH);

	private static final Limit BROAD = new Limit(2, Duration.ofMinutes(10), Limit.What.BROAD_SEARCH);

	private final AtomicLong time = new AtomicLong(1);

	@Test
	void memoryIsBoundedUnderAFloodOfClients() {
		SearchCounter counter = new SearchCounter(DIFFERENT, BROAD, 100_000, this.time::get);
		for (int client = 0; client < 20_000; client++) {
			for (int term = 0; term < 3; term++) {
				assertThat(counter.count(client(client), 2 * (term + 1), false)).as("a new client starts at zero")
					.isNull();
			}
		}
		counter.cleanUp();
		assertThat(counter.clients()).isLessThan(1000);
	}

	@Test
	void aDryRunStoresNothing() {
		SearchCounter counter = new SearchCounter(DIFFERENT, BROAD, 100_000, this.time::get);
		for (int term = 0; term < 20; term++) {
			assertThat(counter.count(client(1), 2 * term, true)).isNull();
		}
		assertThat(counter.clients()).isZero();
	}

	/** Each time another search of the same client comes in between. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 4, 100 })
	void aSearchIsCountedHoweverOftenOthersAreFirst(int interruptions) {
		FakeState state = new FakeState(this.time);
		AtomicInteger left = new AtomicInteger(interruptions);
		SharedState contended = (SharedState) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { SharedState.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("compareAndSet") && left.getAndDecrement() > 0) {
						var unused = state.put((String) arguments[0], Searches.NONE.with(left.get() * 2L).toBytes(),
								Duration.ofMinutes(1));
					}
					return method.invoke(state, arguments);
				});
		Limit many = new Limit(1000, Duration.ofMinutes(10), Limit.What.SEARCH);
		SharedSearchCounter counter = new SharedSearchCounter(contended, "harvest:", many, BROAD);
		assertThat(counter.count("c", 4711 * 2, false).toCompletableFuture().join()).isNull();
		Searches stored = Searches.of(state.text("harvest:c").orElseThrow().getBytes(StandardCharsets.US_ASCII));
		assertThat(stored.contains(4711 * 2)).isTrue();
		assertThat(stored.size()).isGreaterThan(1);
		assertThat(interruptions - left.get()).as("attempts").isLessThanOrEqualTo(10);
	}

	@Test
	void whatIsStoredCanBeRead() {
		Searches searches = Searches.NONE.with(2).with(5).with(Long.MIN_VALUE);
		Searches read = Searches.of(searches.toBytes());
		assertThat(read.size()).isEqualTo(3);
		assertThat(read.contains(2)).isTrue();
		assertThat(read.contains(5)).isTrue();
		assertThat(read.contains(Long.MIN_VALUE)).isTrue();
		assertThat(Searches.of("anything else".getBytes(StandardCharsets.US_ASCII)).size()).isZero();
		assertThat(read.excess(DIFFERENT, BROAD)).isNull();
	}

	private static ClientKey client(int number) {
		return new ClientKey(((long) number) << 32, true);
	}

}
