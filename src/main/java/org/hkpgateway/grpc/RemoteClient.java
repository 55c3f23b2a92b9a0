package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks the endpoints of one plugin in turn. Another is asked in place of one only if the
 * request cannot have reached the first: a decision may have side effects.
 */
final class RemoteClient implements PluginClient {

	private final PluginId plugin;

	private final AtomicInteger turn = new AtomicInteger();

	private volatile List<EndpointClient> endpoints = List.of();

	/** As the endpoints declared that were known last. */
	private volatile boolean showsResponses;

	private volatile @Nullable Consumer<PluginFailure> guard;

	RemoteClient(PluginId plugin) {
		this.plugin = plugin;
	}

	/**
	 * Sets whom to ask from now on.
	 * @param endpoints connected and initialized
	 */
	void use(List<EndpointClient> endpoints) {
		Consumer<PluginFailure> current = this.guard;
		if (current != null) {
			endpoints.forEach((endpoint) -> endpoint.reportTo(current));
		}
		replace(endpoints);
	}

	private synchronized void replace(List<EndpointClient> endpoints) {
		this.endpoints = List.copyOf(endpoints);
		if (!endpoints.isEmpty()) {
			this.showsResponses = endpoints.stream().anyMatch((endpoint) -> endpoint.responses() != null);
		}
	}

	/**
	 * Stops asking one.
	 * @param endpoint its connection is lost
	 */
	synchronized void avoid(EndpointClient endpoint) {
		this.endpoints = this.endpoints.stream().filter((other) -> other != endpoint).toList();
	}

	/** The guard is one for all endpoints: they stand for one plugin. */
	@Override
	public void reportTo(Consumer<PluginFailure> guard) {
		this.guard = guard;
		this.endpoints.forEach((endpoint) -> endpoint.reportTo(guard));
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return Mono.deferContextual((context) -> {
			List<EndpointClient> candidates = this.endpoints;
			if (candidates.isEmpty()) {
				return Mono.error(new PluginFailure.Unavailable(this.plugin,
						"HandleRequest: expected: an endpoint that is connected, got: none"));
			}
			CallTerms terms = CallTerms.of(budget, context);
			return ask(candidates, (endpoint) -> endpoint.attempt(event, terms));
		});
	}

	@Override
	public @Nullable ResponseClient responses() {
		return this.showsResponses ? this::review : null;
	}

	@Override
	public @Nullable KeyProvider keys() {
		return this.endpoints.stream().anyMatch((endpoint) -> endpoint.keys() != null) ? this::provide : null;
	}

	private Mono<Optional<KeyPage>> provide(KeyProvider.Question question, Duration budget) {
		return Mono.deferContextual((context) -> {
			List<GrpcKeyProvider> candidates = new ArrayList<>();
			for (EndpointClient endpoint : this.endpoints) {
				GrpcKeyProvider keys = endpoint.keys();
				if (keys != null) {
					candidates.add(keys);
				}
			}
			if (candidates.isEmpty()) {
				return Mono.error(new PluginFailure.Unavailable(this.plugin,
						"QueryStorage: expected: an endpoint that is connected, got: none"));
			}
			CallTerms terms = CallTerms.of(budget, context);
			return ask(candidates, (endpoint) -> endpoint.attempt(question, terms));
		});
	}

	/** While an update rolls out, only some endpoints may declare it. */
	@Override
	public boolean declaresDryRun() {
		List<EndpointClient> candidates = this.endpoints;
		return !candidates.isEmpty() && candidates.stream().allMatch(PluginClient::declaresDryRun);
	}

	/** While an update rolls out, not every endpoint may declare the feature. */
	private Mono<ResponseDecision> review(ResponseEvent event, Duration budget) {
		return Mono.deferContextual((context) -> {
			List<GrpcResponseClient> candidates = new ArrayList<>();
			for (EndpointClient endpoint : this.endpoints) {
				GrpcResponseClient responses = endpoint.responses();
				if (responses != null) {
					candidates.add(responses);
				}
			}
			if (candidates.isEmpty()) {
				return Mono.error(new PluginFailure.Unavailable(this.plugin,
						"HandleUpstreamResponse: expected: an endpoint that is connected, got: none"));
			}
			CallTerms terms = CallTerms.of(budget, context);
			return ask(candidates, (endpoint) -> endpoint.attempt(event, terms));
		});
	}

	private <E, D> Mono<D> ask(List<E> candidates, Function<E, Mono<D>> attempt) {
		return ask(candidates, this.turn.getAndIncrement() & Integer.MAX_VALUE, candidates.size(), attempt);
	}

	private static <E, D> Mono<D> ask(List<E> candidates, int turn, int left, Function<E, Mono<D>> attempt) {
		return attempt.apply(candidates.get(turn % candidates.size()))
			.onErrorResume(NotSent.class,
					(notSent) -> (left > 1) ? ask(candidates, (turn + 1) & Integer.MAX_VALUE, left - 1, attempt)
							: Mono.error(notSent.failure()));
	}

}
