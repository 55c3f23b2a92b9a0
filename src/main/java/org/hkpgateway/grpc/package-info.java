/**
 * The only package that sees gRPC and generated types: connections to plugins and
 * conversion between the protocol and the domain.
 */
@NullMarked
package org.hkpgateway.grpc;

import org.jspecify.annotations.NullMarked;
