package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.function.Consumer;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks a generation that is on trial. When it breaks with calls in flight, these go to
 * the generation that stands by, which has not seen them: what the broken process made of
 * them died with it.
 *
 * @param client the new generation's
 * @param broken is told why, before the caller learns to ask again
 */
record TrialClient(PluginClient client, Consumer<PluginFailure> broken) implements PluginClient {

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
	public boolean declaresDryRun() {
		return this.client.declaresDryRun();
	}

	private PluginFailure withdrawn(PluginFailure failure) {
		this.broken.accept(failure);
		return new PluginFailure.Withdrawn(failure.plugin(),
				"broke on trial, the former generation is asked: " + failure.getMessage());
	}

}
