/**
 * What the gateway knows of HKP, the HTTP Keyserver Protocol
 * (draft-gallagher-openpgp-hkp): a request target becomes a typed
 * {@link org.hkpgateway.hkp.HkpRequest}, or is refused because keyserver and plugins
 * could read it differently; and the answer to an upload tells what became of its keys.
 * Start reading at {@link org.hkpgateway.hkp.HkpTarget} and
 * {@link org.hkpgateway.hkp.UploadAnswer}.
 */
@NullMarked
package org.hkpgateway.hkp;

import org.jspecify.annotations.NullMarked;
