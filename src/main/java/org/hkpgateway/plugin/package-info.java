/**
 * The domain: what a plugin is, what it may do, what it decides and how it fails. Knows
 * neither Spring nor gRPC. Start reading at {@link org.hkpgateway.plugin.PluginClient}.
 */
@NullMarked
package org.hkpgateway.plugin;

import org.jspecify.annotations.NullMarked;
