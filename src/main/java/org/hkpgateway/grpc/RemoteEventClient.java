package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Brings events to, and hears those of, every endpoint of a plugin that runs elsewhere:
 * each may keep for itself what it learns. The slowest one sets the pace. One that is not
 * connected misses what comes meanwhile.
 */
final class RemoteEventClient implements EventClient {

	/** How often to look which there are: as often as their health is checked. */
	private static final Duration LOOK = Duration.ofSeconds(10);

	private final PluginId plugin;

	private final Supplier<List<GrpcEventClient>> endpoints;

	/**
	 * Makes a client.
	 * @param plugin to whom
	 * @param endpoints those that are connected and initialized now
	 */
	RemoteEventClient(PluginId plugin, Supplier<List<GrpcEventClient>> endpoints) {
		this.plugin = plugin;
		this.endpoints = endpoints;
	}

	/** They are the same plugin, so they want the same. */
	@Override
	public Wish wish() {
		return this.endpoints.get().stream().findFirst().map(GrpcEventClient::wish).orElse(GrpcEventClient.USUAL);
	}

	@Override
	public Mono<Receipt> deliver(List<? extends PluginEvent> events, long lost) {
		return Mono.defer(() -> {
			List<GrpcEventClient> connected = this.endpoints.get();
			if (connected.isEmpty()) {
				return Mono.just(Receipt.failed(events.size(), new PluginFailure.Unavailable(this.plugin,
						"events: expected: an endpoint that is connected, got: none")));
			}
			return Flux.fromIterable(connected)
				.flatMap((endpoint) -> endpoint.deliver(events, lost)
					.map(Optional::of)
					.onErrorReturn(NotTaken.class, Optional.empty()))
				.collectList()
				.flatMap(RemoteEventClient::combine);
		});
	}

	/** What all of them emit, whichever these are. */
	@Override
	public Flux<EmittedEvent> emitted() {
		return Flux.interval(Duration.ZERO, LOOK)
			.onBackpressureDrop()
			.map((look) -> this.endpoints.get())
			.distinctUntilChanged()
			.switchMap((connected) -> Flux.fromIterable(connected)
				.flatMap((endpoint) -> endpoint.emitted().onErrorResume(NotTaken.class, (silent) -> Flux.empty()),
						RemoteTarget.MOST_ENDPOINTS, 1));
	}

	/** Lost is what one of them did not take. */
	private static Mono<Receipt> combine(List<Optional<Receipt>> receipts) {
		List<Receipt> given = receipts.stream().flatMap(Optional::stream).toList();
		if (given.isEmpty()) {
			return Mono.error(new NotTaken("no endpoint knows a method for events"));
		}
		Receipt worst = Receipt.TAKEN;
		List<EmittedEvent> emitted = new ArrayList<>();
		for (Receipt receipt : given) {
			worst = (receipt.failed() > worst.failed()) ? receipt : worst;
			emitted.addAll(receipt.emitted());
		}
		return Mono.just(new Receipt(worst.failed(), worst.failure(), emitted));
	}

}
