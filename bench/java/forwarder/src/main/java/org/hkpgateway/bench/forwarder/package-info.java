/**
 * A forwarder of one class, {@link org.hkpgateway.bench.forwarder.Forwarder}: what
 * Reactor Netty can do at best.
 */
@NullMarked
package org.hkpgateway.bench.forwarder;

import org.jspecify.annotations.NullMarked;
