/**
 * The only package that sees gRPC and generated types: connections to plugins and
 * conversion between the protocol and the domain. Start reading at
 * {@link org.hkpgateway.grpc.GrpcConnector}; one request goes through
 * {@code GrpcPluginClient}.
 */
@NullMarked
package org.hkpgateway.grpc;

import org.jspecify.annotations.NullMarked;
