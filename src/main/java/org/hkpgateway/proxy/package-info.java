/**
 * The HTTP edge on Reactor Netty: takes requests in, resolves the client, runs the chain,
 * forwards to the keyserver and relays its answer. Start reading at
 * {@link org.hkpgateway.proxy.GatewayHandler}.
 */
@NullMarked
package org.hkpgateway.proxy;

import org.jspecify.annotations.NullMarked;
