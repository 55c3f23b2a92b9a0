package org.hkpgateway.config;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;

/**
 * Stands before an appender, so that whoever logs never waits for a disk or for a reader
 * of standard output. Holds at most {@value #LINES} lines, beside as many that the
 * appender is busy with. What is too much is dropped and counted, the last eighth of the
 * queue being kept for warnings and errors. When there is room again, a warning says how
 * many lines are missing.
 */
final class LogQueue extends AsyncAppender {

	static final int LINES = 8192;

	/** More than there are threads that log at the same moment. */
	private static final int HEADROOM = 256;

	private final LongAdder dropped;

	private final AtomicLong untold = new AtomicLong();

	/**
	 * Makes a queue.
	 * @param dropped counts dropped lines
	 */
	LogQueue(LongAdder dropped) {
		this.dropped = dropped;
		setQueueSize(LINES);
		setDiscardingThreshold(LINES / 8);
		// The discarding threshold is what keeps the queue from being full; should it be
		// full nevertheless, nobody waits.
		setNeverBlock(true);
	}

	@Override
	protected void append(ILoggingEvent event) {
		if (this.untold.get() > 0 && getRemainingCapacity() > LINES / 2) {
			long lines = this.untold.getAndSet(0);
			if (lines > 0) {
				super.append(missing(lines));
			}
		}
		super.append(event);
	}

	/** Asked only when less than an eighth of the queue is free. */
	@Override
	protected boolean isDiscardable(ILoggingEvent event) {
		boolean discarded = !event.getLevel().isGreaterOrEqual(Level.WARN) || getRemainingCapacity() < HEADROOM;
		if (discarded) {
			this.dropped.increment();
			this.untold.incrementAndGet();
		}
		return discarded;
	}

	private ILoggingEvent missing(long lines) {
		Logger logger = ((LoggerContext) getContext()).getLogger(LogQueue.class);
		return new LoggingEvent(LogQueue.class.getName(), logger, Level.WARN,
				"{} log lines are missing before this one: the log was not read or written fast enough", null,
				new Object[] { lines });
	}

}
