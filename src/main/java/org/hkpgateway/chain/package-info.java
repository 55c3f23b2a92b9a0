/**
 * The ordered chain: asks plugins one after another and applies what they decide. Start
 * reading at {@link org.hkpgateway.chain.PluginChain}.
 */
@NullMarked
package org.hkpgateway.chain;

import org.jspecify.annotations.NullMarked;
