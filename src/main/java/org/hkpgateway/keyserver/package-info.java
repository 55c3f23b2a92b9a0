/**
 * A small in-memory HKP keyserver, used when no upstream is configured: a way to try the
 * gateway out, not a product. It believes what it is given, as SKS does: signatures are
 * for clients to verify. Start reading at
 * {@link org.hkpgateway.keyserver.EmbeddedKeyserver}.
 */
@NullMarked
package org.hkpgateway.keyserver;

import org.jspecify.annotations.NullMarked;
