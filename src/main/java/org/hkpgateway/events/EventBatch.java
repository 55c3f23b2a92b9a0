package org.hkpgateway.events;

import java.util.List;

/**
 * Events for one subscriber.
 *
 * @param events at least one, oldest first
 * @param lost how many events this subscriber lost since the batch before
 */
public record EventBatch(List<Event> events, long lost) {

	public EventBatch {
		events = List.copyOf(events);
	}

}
