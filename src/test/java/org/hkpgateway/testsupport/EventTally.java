package org.hkpgateway.testsupport;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;

/**
 * In the process of a plugin: counts the events that it gets, and tells it in a line.
 * Thread-safe.
 */
public final class EventTally {

	private static final int SHOWN = 20;

	private static final Pattern TOLD = Pattern
		.compile("reading received=(\\d+) dropped=(\\d+) first=(\\d+) last=(\\d+) .*");

	/** The newest number of each source at each replica. */
	private final Map<String, Long> numbers = new HashMap<>();

	/** Of the newest events. */
	private final Deque<String> types = new ArrayDeque<>();

	private long received;

	private long dropped;

	private long first;

	private long last;

	private String end = "reading";

	/** Counts what has come. */
	public synchronized void note(EventBatch batch) {
		this.dropped += batch.getDropped();
		for (Event event : batch.getEventsList()) {
			this.first = (this.received == 0) ? event.getSequence() : this.first;
			this.received++;
			Long before = this.numbers.put(event.getReplica() + "/" + event.getSource(), event.getSequence());
			if (before != null && event.getSequence() <= before) {
				this.end = "out of order: " + event.getSequence() + " after " + before;
			}
			this.last = event.getSequence();
			this.types.addLast(event.getSource() + ":" + event.getType());
			if (this.types.size() > SHOWN) {
				this.types.removeFirst();
			}
		}
	}

	/** Notes that no more will come, and why. */
	public synchronized void end(String how) {
		this.end = how;
	}

	/** Whether it reads on, or why not. */
	public synchronized String end() {
		return this.end;
	}

	/** How many it was told to be lost. */
	public synchronized long dropped() {
		return this.dropped;
	}

	/** Of the newest events, each with its source. */
	public synchronized List<String> types() {
		return List.copyOf(this.types);
	}

	/** What has come, and the newest types. */
	public synchronized String told() {
		return this.end + " received=" + this.received + " dropped=" + this.dropped + " first=" + this.first + " last="
				+ this.last + " " + this.types;
	}

	/**
	 * In the test: reads what was told.
	 * @param line as {@link #told} makes it
	 * @return what it says
	 * @throws AssertionError if it tells of something that went wrong
	 */
	public static Counts read(String line) {
		Matcher matcher = TOLD.matcher(line);
		if (!matcher.matches()) {
			throw new AssertionError("expected: counts of one who reads in order, got: " + line);
		}
		return new Counts(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)),
				Long.parseLong(matcher.group(3)), Long.parseLong(matcher.group(4)));
	}

	/**
	 * What a plugin got, of one source.
	 *
	 * @param received how many events
	 * @param dropped how many it was told to be lost
	 * @param first number of the first one
	 * @param last number of the newest one
	 */
	public record Counts(long received, long dropped, long first, long last) {

		/** Those that there were between the first and the newest one. */
		public long emitted() {
			return this.last - this.first + 1;
		}

	}

}
