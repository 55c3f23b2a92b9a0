package org.hkpgateway.events;

import java.time.Duration;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;

/**
 * Knows by their numbers which events of other replicas have come. A gateway that was
 * started again has another name, so its numbers begin anew. Of a source that has not
 * been heard of for long, or beyond {@link #MOST_SOURCES}, nothing is known: its next
 * event is a first one. For one thread at a time.
 */
final class ClusterOrder {

	/** Of all replicas; about 200 bytes each. */
	static final int MOST_SOURCES = 10_000;

	private static final Duration REMEMBERED = Duration.ofDays(1);

	private final Cache<Source, Long> last;

	ClusterOrder(Ticker ticker) {
		this.last = Caffeine.newBuilder()
			.maximumSize(MOST_SOURCES)
			.expireAfterAccess(REMEMBERED)
			.ticker(ticker)
			// Its upkeep is little, and so happens at once.
			.executor(Runnable::run)
			.build();
	}

	/**
	 * An event has come.
	 * @param event of another replica
	 * @return how many are missing between the one before it and this one, which is none
	 * for the first of its source; -1: it came before, or too late
	 */
	long missedBefore(Event event) {
		Source source = new Source(event.replica(), event.source());
		Long before = this.last.getIfPresent(source);
		if (before != null && event.clusterSequence() <= before) {
			return -1;
		}
		this.last.put(source, event.clusterSequence());
		return (before != null) ? event.clusterSequence() - before - 1 : 0;
	}

	/** How many it knows. */
	long sources() {
		this.last.cleanUp();
		return this.last.estimatedSize();
	}

	private record Source(String replica, String name) {
	}

}
