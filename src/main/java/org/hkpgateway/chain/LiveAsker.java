package org.hkpgateway.chain;

import java.time.Duration;
import java.util.function.Function;

import org.hkpgateway.log.LogFields;
import org.hkpgateway.plugin.CallEnd;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;

/** Asks the running process, behind its guards. */
final class LiveAsker implements Asker {

	private static final Logger logger = LoggerFactory.getLogger(LiveAsker.class);

	@Override
	public Mono<Reply<Decision>> ask(PluginRegistry.Entry entry, RequestEvent shown, Duration left) {
		return ask(shown.id(), entry, entry.client(), (client) -> client.decide(shown, left));
	}

	/**
	 * Asks through a client of a plugin, in whichever phase.
	 * @param <C> the client
	 * @param <D> what it decides
	 * @param request its id
	 * @param entry the plugin
	 * @param client null if it cannot be asked
	 * @param call makes the call; may throw
	 * @return what came of it; neither empty nor an error
	 */
	static <C, D> Mono<Reply<D>> ask(String request, PluginRegistry.Entry entry, @Nullable C client,
			Function<C, Mono<D>> call) {
		PluginId id = entry.spec().id();
		if (client == null) {
			return Mono.just(new Reply.Failed<>(
					(entry.current() != entry) ? new PluginFailure.Withdrawn(id, "its generation was replaced")
							: new PluginFailure.Unavailable(id, "expected: READY, got: no running process")));
		}
		try {
			return CallEnd.of(call.apply(client)).map((signal) -> reply(request, id, signal));
		}
		catch (RuntimeException ex) {
			return Mono.just(new Reply.Failed<>(failure(request, id, ex)));
		}
	}

	private static <D> Reply<D> reply(String request, PluginId id, Signal<D> signal) {
		D decision = signal.get();
		if (decision != null) {
			return new Reply.Decided<>(decision);
		}
		Throwable error = signal.getThrowable();
		return new Reply.Failed<>((error != null) ? failure(request, id, error)
				: new PluginFailure.ProtocolError(id, "gave no decision"));
	}

	/** For a plugin whose turn comes too late. */
	static <D> Reply<D> noTime(PluginId id) {
		return new Reply.Failed<>(new PluginFailure.Timeout(id, "not asked, for no time is left"));
	}

	private static PluginFailure failure(String request, PluginId id, Throwable error) {
		if (error instanceof PluginFailure failure) {
			return failure;
		}
		logger.atError()
			.addKeyValue(LogFields.REQUEST, request)
			.addKeyValue(LogFields.PLUGIN, id.name())
			.setCause(error)
			.log("Unexpected error while asking plugin {}; it counts as the plugin's failure [request {}]", id,
					request);
		return new PluginFailure.ProtocolError(id, "unexpected " + error);
	}

}
