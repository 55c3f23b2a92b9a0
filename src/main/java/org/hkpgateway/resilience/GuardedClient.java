package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.Optional;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A client with its guards around it, one {@link Guard} for each phase.
 */
final class GuardedClient implements PluginClient.Guarded {

	private final PluginClient client;

	private final Guard<RequestEvent, Decision> requests;

	/** Null without the grant. */
	private final @Nullable GuardedResponses responses;

	/** Null without the grant. */
	private final @Nullable Guard<KeyProvider.Question, Optional<KeyPage>> keys;

	/**
	 * Makes a guarded client.
	 * @param client the bare client
	 * @param requests guards of the request phase
	 * @param responses guards of the response phase; null without the grant
	 * @param keys guards of queries for keys; null without the grant
	 */
	GuardedClient(PluginClient client, Guard<RequestEvent, Decision> requests,
			@Nullable Guard<ResponseEvent, ResponseDecision> responses,
			@Nullable Guard<KeyProvider.Question, Optional<KeyPage>> keys) {
		this.client = client;
		this.requests = requests;
		this.responses = (responses != null) ? new GuardedResponses(responses) : null;
		this.keys = keys;
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return this.requests.call(event, budget);
	}

	@Override
	public ResponseClient.@Nullable Guarded responses() {
		// A remote plugin may declare the feature later, when it was updated.
		return (this.responses != null && this.client.responses() != null) ? this.responses : null;
	}

	@Override
	public @Nullable KeyProvider keys() {
		// That it does not know such queries shows with the first.
		return (this.keys != null && this.client.keys() != null) ? this.keys::call : null;
	}

	@Override
	public boolean declaresDryRun() {
		return this.client.declaresDryRun();
	}

	@Override
	public PluginClient unrecorded() {
		return new Unrecorded(this.client, this.requests);
	}

	@Override
	public GuardStatus status() {
		return this.requests.status();
	}

	private record Unrecorded(PluginClient client, Guard<RequestEvent, Decision> requests) implements PluginClient {

		@Override
		public Mono<Decision> decide(RequestEvent event, Duration budget) {
			return this.requests.callUnrecorded(event, budget);
		}

		@Override
		public boolean declaresDryRun() {
			return this.client.declaresDryRun();
		}

	}

	private record GuardedResponses(Guard<ResponseEvent, ResponseDecision> guard) implements ResponseClient.Guarded {

		@Override
		public Mono<ResponseDecision> review(ResponseEvent event, Duration budget) {
			return this.guard.call(event, budget);
		}

		@Override
		public GuardStatus status() {
			return this.guard.status();
		}

	}

}
