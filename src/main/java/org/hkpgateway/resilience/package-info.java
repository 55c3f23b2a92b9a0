/**
 * What guards every call to a plugin, in this order: bulkhead, circuit breaker, deadline,
 * grants.
 */
@NullMarked
package org.hkpgateway.resilience;

import org.jspecify.annotations.NullMarked;
