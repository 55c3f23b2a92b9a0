package org.hkpgateway.grpc;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks one endpoint of a plugin, on behalf of somebody who may know others.
 */
interface EndpointClient extends PluginClient {

	/**
	 * Asks as {@link #decide} does, for a caller who could ask somebody else.
	 * @param event the request
	 * @param terms deadline and trace of the call
	 * @return the decision, a {@link PluginFailure}, or {@link NotSent} if the plugin has
	 * certainly not seen the request
	 */
	Mono<Decision> attempt(RequestEvent event, CallTerms terms);

	@Override
	@Nullable GrpcResponseClient responses();

	@Override
	@Nullable GrpcKeyProvider keys();

}
