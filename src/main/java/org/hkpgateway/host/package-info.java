/**
 * The gRPC service that plugins call back: a server on a socket of its own for each
 * process here, and one on a port, with TLS, for those elsewhere; authentication, grants.
 * Start reading at {@link org.hkpgateway.host.HostServers}; a call goes through
 * {@code TokenCheck} and {@code GrantCheck} to {@code PluginHostService}.
 */
@NullMarked
package org.hkpgateway.host;

import org.jspecify.annotations.NullMarked;
