package org.hkpgateway.chain;

import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/** A place in the chain that stays as it is. */
record Filled(PluginSpec spec, @Nullable PluginClient client) implements PluginRegistry.Entry {

}
