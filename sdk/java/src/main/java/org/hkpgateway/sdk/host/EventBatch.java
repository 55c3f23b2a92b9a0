package org.hkpgateway.sdk.host;

import java.util.List;

/**
 * Events that come together, oldest first.
 *
 * @param events at least none
 * @param dropped how many were lost before the first of these because the reader was
 * slow, or did not take them
 */
public record EventBatch(List<Event> events, long dropped) {

	public EventBatch {
		events = List.copyOf(events);
	}

}
