/**
 * HTTP message heads as the rest of the gateway sees them, and the address ranges that
 * their senders are looked up in: immutable, free of any server or client library. Start
 * reading at {@link org.hkpgateway.http.Headers}.
 */
@NullMarked
package org.hkpgateway.http;

import org.jspecify.annotations.NullMarked;
