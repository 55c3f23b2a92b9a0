/**
 * Keeps plugins running. A {@link org.hkpgateway.lifecycle.PluginHost} has one supervisor
 * with one thread and one state machine for each plugin; a supervisor owns one
 * incarnation (process, connection, client) at a time. Start reading at
 * {@link org.hkpgateway.lifecycle.PluginState}, then {@code PluginSupervisor}.
 */
@NullMarked
package org.hkpgateway.lifecycle;

import org.jspecify.annotations.NullMarked;
