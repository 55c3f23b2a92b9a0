/**
 * What the gateway knows of HKP, the HTTP Keyserver Protocol
 * (draft-gallagher-openpgp-hkp): a request target becomes a typed
 * {@link org.hkpgateway.hkp.HkpRequest}, or is refused because keyserver and plugins
 * could read it differently. Start reading at {@link org.hkpgateway.hkp.HkpTarget}.
 */
@NullMarked
package org.hkpgateway.hkp;

import org.jspecify.annotations.NullMarked;
