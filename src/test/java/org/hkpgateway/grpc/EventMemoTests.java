package org.hkpgateway.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import com.google.protobuf.ByteString;
import org.hkpgateway.plugin.RequestEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventMemo}.
 */
class EventMemoTests {

	private final EventMemo memo = new EventMemo();

	private final AtomicInteger conversions = new AtomicInteger();

	@ParameterizedTest
	@ValueSource(ints = { 10, 4096, 4097, 1024 * 1024 })
	void anEventIsConvertedOnceHoweverLarge(int size) {
		RequestEvent event = TestEvents.lookup();
		ByteString bytes = get(event, size);
		assertThat(get(event, size)).isSameAs(bytes);
		assertThat(this.conversions).hasValue(1);
	}

	@Test
	void anEqualEventIsAnother() {
		RequestEvent event = TestEvents.lookup();
		get(event, 10);
		get(event.withBody(event.body()), 10);
		assertThat(this.conversions).hasValue(2);
	}

	/** As plugins are asked: each about all requests before the next one. */
	@Test
	void mostOfAHundredRequestsAtATimeAreRemembered() {
		List<RequestEvent> events = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			events.add(TestEvents.lookup());
		}
		events.forEach((event) -> get(event, 10));
		events.forEach((event) -> get(event, 10));
		// About 5 of 100 meet in 1024 slots; in 64 it would be 60.
		assertThat(this.conversions.get()).isBetween(100, 130);
	}

	private ByteString get(RequestEvent event, int size) {
		return this.memo.get(event, (converted) -> {
			this.conversions.incrementAndGet();
			return ByteString.copyFrom(new byte[size]);
		});
	}

}
