package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.grpc.Deadline;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestEvent;
import reactor.core.publisher.Mono;

/**
 * Asks the endpoints of one plugin in turn. Another is asked in place of one only if the
 * request cannot have reached the first: a decision may have side effects.
 */
final class RemoteClient implements PluginClient {

	private final PluginId plugin;

	private final AtomicInteger turn = new AtomicInteger();

	private volatile List<EndpointClient> endpoints = List.of();

	RemoteClient(PluginId plugin) {
		this.plugin = plugin;
	}

	/**
	 * Sets whom to ask from now on.
	 * @param endpoints connected and initialized
	 */
	synchronized void use(List<EndpointClient> endpoints) {
		this.endpoints = List.copyOf(endpoints);
	}

	/**
	 * Stops asking one.
	 * @param endpoint its connection is lost
	 */
	synchronized void avoid(EndpointClient endpoint) {
		this.endpoints = this.endpoints.stream().filter((other) -> other != endpoint).toList();
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return Mono.defer(() -> {
			List<EndpointClient> candidates = this.endpoints;
			if (candidates.isEmpty()) {
				return Mono.error(new PluginFailure.Unavailable(this.plugin,
						"HandleRequest: expected: an endpoint that is connected, got: none"));
			}
			Deadline deadline = Deadline.after(budget.toNanos(), TimeUnit.NANOSECONDS);
			return ask(candidates, this.turn.getAndIncrement() & Integer.MAX_VALUE, candidates.size(), event, deadline);
		});
	}

	private Mono<Decision> ask(List<EndpointClient> candidates, int turn, int left, RequestEvent event,
			Deadline deadline) {
		return candidates.get(turn % candidates.size())
			.attempt(event, deadline)
			.onErrorResume(GrpcPluginClient.NotSent.class,
					(notSent) -> (left > 1) ? ask(candidates, (turn + 1) & Integer.MAX_VALUE, left - 1, event, deadline)
							: Mono.error(notSent.failure()));
	}

}
