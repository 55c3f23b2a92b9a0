package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Counts calls in flight, those of all phases, so that a plugin is shut down only when
 * they have finished.
 */
final class CountedClient implements PluginClient {

	/** Added once when the client closes: the sign says closed, the rest still counts. */
	private static final int CLOSED = Integer.MIN_VALUE;

	private final PluginId plugin;

	private final PluginClient client;

	private final AtomicInteger calls = new AtomicInteger();

	private final CompletableFuture<Void> idle = new CompletableFuture<>();

	CountedClient(PluginId plugin, PluginClient client) {
		this.plugin = plugin;
		this.client = client;
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return Mono.using(this::enter, (entered) -> this.client.decide(event, budget), (entered) -> leave());
	}

	@Override
	public @Nullable ResponseClient responses() {
		ResponseClient responses = this.client.responses();
		return (responses != null) ? (event, budget) -> Mono.using(this::enter,
				(entered) -> responses.review(event, budget), (entered) -> leave()) : null;
	}

	@Override
	public @Nullable KeyProvider keys() {
		KeyProvider keys = this.client.keys();
		return (keys != null) ? (question, budget) -> Mono.using(this::enter,
				(entered) -> keys.provide(question, budget), (entered) -> leave()) : null;
	}

	@Override
	public boolean declaresDryRun() {
		return this.client.declaresDryRun();
	}

	/**
	 * Another way to ask the same process, whose calls are counted with these.
	 * @param other asks it
	 * @return the same, counted; of the request phase only
	 */
	PluginClient counting(PluginClient other) {
		return new PluginClient() {

			@Override
			public Mono<Decision> decide(RequestEvent event, Duration budget) {
				return Mono.using(CountedClient.this::enter, (entered) -> other.decide(event, budget),
						(entered) -> leave());
			}

			@Override
			public boolean declaresDryRun() {
				return other.declaresDryRun();
			}

		};
	}

	/**
	 * Refuses calls from now on; those in flight go on.
	 * @return completes when none is left, at once if there is none
	 */
	CompletableFuture<Void> drain() {
		int before = this.calls.getAndUpdate((count) -> (count < 0) ? count : count + CLOSED);
		if (before == 0) {
			this.idle.complete(null);
		}
		return this.idle;
	}

	/**
	 * The calls that have begun and not ended.
	 * @return 0 or more
	 */
	int inFlight() {
		return this.calls.get() & Integer.MAX_VALUE;
	}

	private Boolean enter() {
		int before = this.calls.getAndUpdate((count) -> (count < 0) ? count : count + 1);
		if (before < 0) {
			throw new PluginFailure.Withdrawn(this.plugin, "it is being stopped");
		}
		return Boolean.TRUE;
	}

	private void leave() {
		if (this.calls.decrementAndGet() == CLOSED) {
			this.idle.complete(null);
		}
	}

}
