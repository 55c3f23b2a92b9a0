/**
 * Keeps plugins running. A {@link org.hkpgateway.lifecycle.PluginHost} has one slot for
 * each plugin, and one control thread that decides about them. A slot holds the
 * supervisor of the generation that decides requests and, during a swap, the other one. A
 * supervisor has one thread and one state machine, and owns one incarnation (process,
 * connection, client) at a time. Start reading at
 * {@link org.hkpgateway.lifecycle.PluginState}, then {@code PluginSupervisor} and
 * {@code PluginLife}, then {@code PluginSlot}.
 */
@NullMarked
package org.hkpgateway.lifecycle;

import org.jspecify.annotations.NullMarked;
