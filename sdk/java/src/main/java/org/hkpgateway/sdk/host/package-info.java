/**
 * What a plugin may ask of the gateway. Start reading at
 * {@link org.hkpgateway.sdk.host.Host}.
 */
@NullMarked
package org.hkpgateway.sdk.host;

import org.jspecify.annotations.NullMarked;
