package com.example;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.PluginLog;

public class SharedLimit implements PluginHandler {

	private static final PluginLog log = PluginLog.get("shared-limit");

	private static final SharedState.Bucket LIMIT = new SharedState.Bucket(100, 100, Duration.ofSeconds(10));

	private SharedState state;

	@Override
	public PluginOptions options() {
		return PluginOptions.defaults().capabilities("http.request", "http.respond", "state").threads(0);
	}

	@Override
	public void init(PluginContext context) {
		this.state = context.host().state();
	}

	@Override
	public Decision handle(Request request) throws Exception {
		return handleAsync(request).toCompletableFuture().get();
	}

	@Override
	public CompletionStage<Decision> handleAsync(Request request) {
		return this.state.acquire(request.clientAddress().getHostAddress(), 1, LIMIT)
			.thenApply((tokens) -> tokens.acquired() ? Decision.allow()
					: Decision.deny(429).retryAfter(tokens.retryAfter()))
			.exceptionally(this::withoutState);
	}

	private Decision withoutState(Throwable failure) {
		Throwable cause = (failure instanceof CompletionException) ? failure.getCause() : failure;
		if (cause instanceof HostException host && host.reason() == HostException.Reason.UNAVAILABLE) {
			return Decision.allow().annotate("limit", "unknown");
		}
		log.warn("no limit", "error", cause);
		return Decision.allow();
	}

}
