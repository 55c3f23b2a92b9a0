package org.hkpgateway.chain;

import java.time.Duration;

import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Asks the running process, behind its guards. */
final class LiveAsker implements Asker {

	private static final Logger logger = LoggerFactory.getLogger(LiveAsker.class);

	@Override
	public Mono<Reply> ask(PluginRegistry.Entry entry, RequestEvent shown, Duration left) {
		return ask(entry, entry.client(), shown, left);
	}

	/**
	 * Asks through a client of a plugin.
	 * @param entry the plugin
	 * @param client null if it cannot be asked
	 * @param shown the request
	 * @param left the longest to wait
	 * @return what came of it
	 */
	static Mono<Reply> ask(PluginRegistry.Entry entry, @Nullable PluginClient client, RequestEvent shown,
			Duration left) {
		PluginId id = entry.spec().id();
		if (client == null && entry.current() != entry) {
			return failed(new PluginFailure.Withdrawn(id, "its generation was replaced"));
		}
		if (client == null) {
			return failed(new PluginFailure.Unavailable(id, "expected: READY, got: no running process"));
		}
		try {
			return client.decide(shown, left)
				.<Reply>map(Reply.Decided::new)
				.switchIfEmpty(Mono
					.fromSupplier(() -> new Reply.Failed(new PluginFailure.ProtocolError(id, "gave no decision"))))
				.onErrorResume((error) -> Mono.just(new Reply.Failed(failure(id, error))));
		}
		catch (RuntimeException ex) {
			return failed(failure(id, ex));
		}
	}

	private static Mono<Reply> failed(PluginFailure failure) {
		return Mono.just(new Reply.Failed(failure));
	}

	static PluginFailure failure(PluginId id, Throwable error) {
		if (error instanceof PluginFailure failure) {
			return failure;
		}
		logger.error("Unexpected error while asking plugin {}; it counts as the plugin's failure", id, error);
		return new PluginFailure.ProtocolError(id, "unexpected " + error);
	}

}
