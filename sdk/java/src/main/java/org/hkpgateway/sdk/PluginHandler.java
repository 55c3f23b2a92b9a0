package org.hkpgateway.sdk;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;

/**
 * What a plugin's author writes.
 *
 * <p>
 * Order of calls: {@link #init} once and before everything else, then {@link #handle} and
 * {@link #health} as often and as concurrently as requests arrive, then {@link #close}
 * once.
 *
 * <p>
 * Threads: {@code handle} runs on {@link PluginOptions#threads()} threads in parallel, so
 * what it shares must be safe for that. It may block for a moment, but the gateway waits
 * only for the plugin's timeout (200 ms unless configured otherwise), and what takes
 * longer counts as a failure. {@code health} runs on the network thread and must not
 * block. What {@code init} wrote is visible to all.
 */
@FunctionalInterface
public interface PluginHandler {

	/**
	 * Prepares for requests: reads the configuration, loads files. May block; the gateway
	 * sends nothing else before it has returned.
	 * @param context who is calling and the configuration
	 * @throws Exception to refuse to run; its message is shown to the operator, so it
	 * should say what was expected, what came and what to do
	 */
	default void init(PluginContext context) throws Exception {
	}

	/**
	 * Decides about one request.
	 * @param request the request, immutable
	 * @return the decision, never null
	 * @throws Exception when there is none: logged, and for the gateway a failure of this
	 * call; the operator's fail policy decides what the client gets, and the plugin lives
	 * on
	 */
	Decision handle(Request request) throws Exception;

	/**
	 * Decides about one request, later perhaps: for a handler that asks others, as
	 * {@link PluginContext#state()}, and waits on no thread. This is what the SDK calls;
	 * unless overridden it calls {@link #handle}.
	 * @param request the request, immutable
	 * @return completes with the decision on any thread, or fails, which is as if
	 * {@code handle} threw; so is one that has not come at {@link Request#deadline()}, or
	 * after a minute if the gateway did not say
	 * @throws Exception as {@code handle}
	 */
	default CompletionStage<Decision> handleAsync(Request request) throws Exception {
		return CompletableFuture.completedFuture(handle(request));
	}

	/**
	 * Looks at the keyserver's answer to a request that this plugin let go on: status and
	 * headers, before the body. Called only with the grant {@code http.response} and
	 * {@link PluginOptions#handlesResponses()}; the same threads as for {@code handle}.
	 * The client waits meanwhile, for 200 ms of all plugins together unless configured
	 * otherwise.
	 * @param response the answer, immutable
	 * @return what to change, never null; nothing unless overridden
	 * @throws Exception when there is no decision: logged, and the answer passes as it is
	 */
	default ResponseDecision onResponse(UpstreamResponse response) throws Exception {
		return ResponseDecision.unchanged();
	}

	/**
	 * Looks at the keyserver's answer and decides later perhaps, as {@link #handleAsync}.
	 * This is what the SDK calls; unless overridden it calls {@link #onResponse}.
	 * @param response the answer, immutable
	 * @return completes with the decision on any thread, or fails, which is as if
	 * {@code onResponse} threw
	 * @throws Exception as {@code onResponse}
	 */
	default CompletionStage<ResponseDecision> onResponseAsync(UpstreamResponse response) throws Exception {
		return CompletableFuture.completedFuture(onResponse(response));
	}

	/**
	 * Takes events: of keys, of the configuration, of other plugins. Called only with the
	 * grant {@code events.subscribe} and {@link PluginOptions#handlesEvents()}, on a
	 * thread of its own, one call after the other. May block for 5 s; the next call waits
	 * meanwhile.
	 * @param batch the events, oldest first
	 * @throws Exception when they could not be taken: logged, and they are lost
	 */
	default void onEvents(EventBatch batch) throws Exception {
	}

	/**
	 * Answers what other plugins ask about keys, in place of the keyserver. Called only
	 * with the grant {@code storage.provide} and {@link PluginOptions#providesKeys()};
	 * the same threads as for {@code handle}. It may ask for keys itself, which goes to
	 * the keyserver.
	 * @param query what is asked; its term is a text, or {@code 0x} and upper-case digits
	 * @return the keys, with {@link KeyInfo#data()} if they are fetched, or nothing to
	 * leave it to the keyserver. Of a page with fewer keys than its total the gateway
	 * asks for the rest by {@link KeyQuery#offset()}
	 * @throws Exception when there is no answer: logged, and the keyserver is asked
	 */
	default Optional<KeyPage> provideKeys(KeyQuery query) throws Exception {
		return Optional.empty();
	}

	/**
	 * Says how the plugin is. Called every few seconds.
	 * @return healthy unless overridden
	 */
	default Health health() {
		return Health.healthy();
	}

	/**
	 * What the gateway and the SDK should know of the plugin. Called once, before
	 * {@link #init}.
	 * @return the defaults unless overridden
	 */
	default PluginOptions options() {
		return PluginOptions.defaults();
	}

	/**
	 * Lets go of files and threads. No request is being handled any more; also called
	 * when {@link #init} failed or never came. Not called when the gateway has died.
	 * @throws Exception logged; the process ends all the same
	 */
	default void close() throws Exception {
	}

}
