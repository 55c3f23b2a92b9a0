package org.hkpgateway.sdk.log;

import java.time.Instant;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Turns records of {@code java.util.logging}, which gRPC and Netty write to, into our
 * lines.
 */
final class JavaLoggingBridge extends Handler {

	private final SimpleFormatter formatter = new SimpleFormatter();

	private final LogWriter writer;

	JavaLoggingBridge(LogWriter writer) {
		this.writer = writer;
	}

	/**
	 * Makes this the only handler of the process.
	 * @param threshold what is less is not logged
	 */
	void install(LogLevel threshold) {
		LogManager.getLogManager().reset();
		Logger root = Logger.getLogger("");
		root.setLevel(threshold.toJavaLevel());
		root.addHandler(this);
	}

	@Override
	public void publish(LogRecord entry) {
		if (!isLoggable(entry)) {
			return;
		}
		String module = (entry.getLoggerName() != null) ? entry.getLoggerName() : "java";
		Instant time = entry.getInstant();
		this.writer.offer(LogLine.format(time, LogLevel.of(entry.getLevel()), module,
				this.formatter.formatMessage(entry), entry.getThrown()));
	}

	@Override
	public void flush() {
		// The writer flushes whenever it has nothing more to write.
	}

	@Override
	public void close() {
		// The writer lives as long as the process.
	}

}
