/**
 * A small in-memory HKP keyserver, used when no upstream is configured: a way to try the
 * gateway out, not a product.
 */
@NullMarked
package org.hkpgateway.keyserver;

import org.jspecify.annotations.NullMarked;
