/**
 * Plugin processes: launch, handshake, output, ending.
 */
@NullMarked
package org.hkpgateway.process;

import org.jspecify.annotations.NullMarked;
