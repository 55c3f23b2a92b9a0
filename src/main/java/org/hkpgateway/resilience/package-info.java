/**
 * What guards every call to a plugin, in this order: bulkhead, circuit breaker, deadline,
 * grants. {@link org.hkpgateway.resilience.GuardedPlugins} is the one place that orders
 * them; start reading there.
 */
@NullMarked
package org.hkpgateway.resilience;

import org.jspecify.annotations.NullMarked;
