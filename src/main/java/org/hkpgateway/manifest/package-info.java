/**
 * Discovery: plugin directories and their {@code plugin.toml} become
 * {@link org.hkpgateway.plugin.PluginSpec}s, or findings that name file and line. Start
 * reading at {@link org.hkpgateway.manifest.PluginDiscovery}.
 */
@NullMarked
package org.hkpgateway.manifest;

import org.jspecify.annotations.NullMarked;
