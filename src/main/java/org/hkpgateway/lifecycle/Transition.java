package org.hkpgateway.lifecycle;

import java.time.Instant;

import org.hkpgateway.plugin.PluginId;

/**
 * A move that has happened.
 *
 * @param plugin which plugin
 * @param from its state before
 * @param to its state since
 * @param reason why, in one line for the operator
 * @param at when
 */
public record Transition(PluginId plugin, PluginState from, PluginState to, String reason, Instant at) {
}
