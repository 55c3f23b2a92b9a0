package org.hkpgateway.chain;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ResponseDecision;

import reactor.core.publisher.Mono;

/**
 * Gets to see each call of a plugin that is made for one request, so that there can be a
 * span of it. What is done and when is the same. Used by several threads at once:
 * neighbours are asked together, and shadows beside the request and beyond its end.
 */
public interface CallSpans {

	/** Of a request that is not traced. */
	CallSpans NONE = new CallSpans() {

		@Override
		public Mono<Reply<Decision>> asking(PluginSpec plugin, Mono<Reply<Decision>> call) {
			return call;
		}

		@Override
		public Mono<ResponseDecision> showing(PluginSpec plugin, Mono<ResponseDecision> call) {
			return call;
		}

	};

	/**
	 * A plugin is about to be asked about the request.
	 * @param plugin which; its mode says whether anything will come of it
	 * @param call the call, begun by subscribing
	 * @return the same call
	 */
	Mono<Reply<Decision>> asking(PluginSpec plugin, Mono<Reply<Decision>> call);

	/**
	 * A plugin is about to be shown the keyserver's answer.
	 * @param plugin which
	 * @param call the call, begun by subscribing
	 * @return the same call
	 */
	Mono<ResponseDecision> showing(PluginSpec plugin, Mono<ResponseDecision> call);

}
