/**
 * Counting what clients do: in this process and with the gateway, and none of it knows of
 * requests or blocks. Start reading at {@link org.hkpgateway.antiabuse.count.OwnCounter}.
 */
@NullMarked
package org.hkpgateway.antiabuse.count;

import org.jspecify.annotations.NullMarked;
