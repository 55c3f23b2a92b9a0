/**
 * The ordered chain: asks plugins one after another and applies what they decide.
 */
@NullMarked
package org.hkpgateway.chain;

import org.jspecify.annotations.NullMarked;
