package org.hkpgateway.chain;

import java.time.Duration;

import org.hkpgateway.plugin.PluginId;

/**
 * How long a request was held back for a plugin.
 *
 * @param plugin who asked for the longest delay
 * @param wanted how long it asked for
 * @param held how long it was; 0 if too many were held already
 */
public record Delay(PluginId plugin, Duration wanted, Duration held) {

}
