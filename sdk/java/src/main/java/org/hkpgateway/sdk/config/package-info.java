/**
 * Typed access to a plugin's configuration, with errors that an operator can act on.
 * Start reading at {@link org.hkpgateway.sdk.config.PluginConfig}.
 */
@NullMarked
package org.hkpgateway.sdk.config;

import org.jspecify.annotations.NullMarked;
