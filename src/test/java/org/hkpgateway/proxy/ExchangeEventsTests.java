package org.hkpgateway.proxy;

import java.lang.management.ManagementFactory;

import com.sun.management.ThreadMXBean;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

/**
 * Tests for {@link ExchangeEvents}: what it costs. What it says is tested with real
 * requests.
 */
class ExchangeEventsTests {

	private final EventBus bus = new EventBus();

	private final ExchangeEvents events = new ExchangeEvents(this.bus, ClientAddressSettings.Log.FULL);

	@Test
	void whenNobodyListensTheExchangeIsNotLookedAtAndNothingIsAllocated() {
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		publish(1000);
		long before = threads.getCurrentThreadAllocatedBytes();
		publish(100_000);
		// Not 0: the counter itself allocates a little.
		assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
	}

	@Test
	void whenSomebodyListensItIs() {
		Disposable subscriber = this.bus.events(EventFilter.ofTypes("request.*"), 1).subscribe();
		assertThatNullPointerException().isThrownBy(() -> publish(1));
		subscriber.dispose();
		publish(1);
	}

	/** There is no exchange: whoever looks at it fails. */
	private void publish(int times) {
		for (int i = 0; i < times; i++) {
			this.events.publish(null);
		}
	}

}
