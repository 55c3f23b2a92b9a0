/**
 * Log lines as a plugin host reads them: one JSON object per line on standard error.
 * Start reading at {@link org.hkpgateway.sdk.log.PluginLog}.
 */
@NullMarked
package org.hkpgateway.sdk.log;

import org.jspecify.annotations.NullMarked;
