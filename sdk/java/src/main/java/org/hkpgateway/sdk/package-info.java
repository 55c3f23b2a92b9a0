/**
 * Write a plugin for hkp-gateway in Java: one class that implements
 * {@link org.hkpgateway.sdk.PluginHandler}, and a {@code main} of one line,
 * {@code HkpPlugin.serve(new MyHandler());}. Everything else, the launch contract, the
 * handshake, the gRPC server and the end of the process, is done here.
 *
 * <p>
 * Start reading at {@link org.hkpgateway.sdk.PluginHandler}, then
 * {@link org.hkpgateway.sdk.Request} and {@link org.hkpgateway.sdk.Decision}.
 */
@NullMarked
package org.hkpgateway.sdk;

import org.jspecify.annotations.NullMarked;
