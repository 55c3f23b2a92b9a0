/**
 * The event bus: what has happened in the gateway, for whoever wants to know. Start
 * reading at {@link org.hkpgateway.events.EventBus}; what plugins see of it is
 * {@link org.hkpgateway.events.PluginEvents}, and what replicas tell each other
 * {@link org.hkpgateway.events.ClusterEvents}.
 */
@NullMarked
package org.hkpgateway.events;

import org.jspecify.annotations.NullMarked;
