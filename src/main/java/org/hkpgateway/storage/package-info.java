/**
 * Keys for plugins: asks the keyserver as any client would, past the chain, and keeps
 * answers for a short time. Start reading at {@link org.hkpgateway.storage.KeyStorage}.
 */
@NullMarked
package org.hkpgateway.storage;

import org.jspecify.annotations.NullMarked;
