/**
 * The event bus: what has happened in the gateway, for whoever wants to know. Start
 * reading at {@link org.hkpgateway.events.EventBus}.
 */
@NullMarked
package org.hkpgateway.events;

import org.jspecify.annotations.NullMarked;
