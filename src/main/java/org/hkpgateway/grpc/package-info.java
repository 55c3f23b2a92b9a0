/**
 * The only package that sees gRPC and generated types: connections to plugins and
 * conversion between the protocol and the domain. Start reading at
 * {@link org.hkpgateway.grpc.GrpcConnector}; one request goes through
 * {@code GrpcPluginClient}. How both sides know each other is {@code ChannelSecurity};
 * plugins that run elsewhere are {@code RemoteConnection}.
 */
@NullMarked
package org.hkpgateway.grpc;

import org.jspecify.annotations.NullMarked;
