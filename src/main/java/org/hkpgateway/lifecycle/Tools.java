package org.hkpgateway.lifecycle;

import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.process.PluginLauncher;

/**
 * What every supervisor works with.
 *
 * @param launcher starts processes
 * @param connector connects to them
 * @param decorator guards their clients
 * @param settings how long things may take
 * @param events ties their processes to the event bus
 */
record Tools(PluginLauncher launcher, PluginConnection.Connector connector, PluginClient.Decorator decorator,
		LifecycleSettings settings, EventLinks events) {
}
