package org.hkpgateway.actuate;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import org.hkpgateway.state.StateStore;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginsEndpoint}.
 */
class PluginsEndpointTests {

	/** The store in memory sorts up to 100,000 keys. What else there is is not asked. */
	@Test
	@SuppressWarnings("NullAway")
	void stateIsLookedAtOnNoThreadOnWhichRequestsWait() {
		AtomicReference<String> thread = new AtomicReference<>("");
		StateStore store = (StateStore) Proxy.newProxyInstance(StateStore.class.getClassLoader(),
				new Class<?>[] { StateStore.class }, (proxy, method, arguments) -> Mono.fromSupplier(() -> {
					thread.set(Thread.currentThread().getName());
					return new StateStore.Overview(0, 0, List.of());
				}));
		PluginsEndpoint endpoint = new PluginsEndpoint(null, null, null, List::of, store, null);
		WebEndpointResponse<?> answer = endpoint.state("a", "state").block(Duration.ofSeconds(20));
		assertThat(answer.getStatus()).isEqualTo(200);
		assertThat(thread.get()).startsWith("boundedElastic-");
	}

}
