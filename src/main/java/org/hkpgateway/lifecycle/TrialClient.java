package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.function.Predicate;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks a generation that is on trial. When it breaks with calls in flight, these go to
 * the generation that stands by, even if they were sent: so a swap to a version that
 * crashes loses no request. The other process has not seen them, and what the broken one
 * kept of them in memory ends with it; what it did outside stays done. The one that
 * stands by is asked without this: no request is asked a third time.
 *
 * @param client the new generation's; a process of its own
 * @param handedOver is told why, before the caller learns to ask again; false if nobody
 * else is there to be asked: then the failure stands
 */
record TrialClient(PluginClient client, Predicate<PluginFailure> handedOver) implements PluginClient {

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return this.client.decide(event, budget).onErrorMap(PluginFailure.Unavailable.class, this::withdrawn);
	}

	@Override
	public @Nullable ResponseClient responses() {
		ResponseClient responses = this.client.responses();
		return (responses != null) ? (event, budget) -> responses.review(event, budget)
			.onErrorMap(PluginFailure.Unavailable.class, this::withdrawn) : null;
	}

	@Override
	public @Nullable KeyProvider keys() {
		KeyProvider keys = this.client.keys();
		return (keys != null) ? (question, budget) -> keys.provide(question, budget)
			.onErrorMap(PluginFailure.Unavailable.class, this::withdrawn) : null;
	}

	@Override
	public boolean declaresDryRun() {
		return this.client.declaresDryRun();
	}

	private PluginFailure withdrawn(PluginFailure failure) {
		if (!this.handedOver.test(failure)) {
			return failure;
		}
		return new PluginFailure.Withdrawn(failure.plugin(),
				"broke on trial, the former generation is asked: " + failure.getMessage());
	}

}
