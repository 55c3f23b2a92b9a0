/**
 * The ordered chain: asks plugins in order, neighbours together where they allow it, and
 * applies what they decide. Start reading at {@link org.hkpgateway.chain.PluginChain}.
 */
@NullMarked
package org.hkpgateway.chain;

import org.jspecify.annotations.NullMarked;
