package org.hkpgateway.sdk.log;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * Writes lines on a thread of its own, so that a host that reads slowly or not at all
 * never holds up a request: the queue is bounded, and what does not fit is dropped and
 * counted. Safe for any number of threads.
 */
final class LogWriter {

	private final BlockingQueue<Entry> queue;

	private final AtomicLong dropped = new AtomicLong();

	private final OutputStream out;

	LogWriter(OutputStream out, int capacity) {
		this.out = new BufferedOutputStream(out, 16 * 1024);
		this.queue = new ArrayBlockingQueue<>(capacity);
		Thread thread = new Thread(this::run, "plugin-log");
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Takes a line over for writing. Never blocks.
	 * @param line without line end
	 */
	void offer(String line) {
		if (!this.queue.offer(new Entry(line, null))) {
			this.dropped.incrementAndGet();
		}
	}

	/**
	 * Waits until what was offered before has been written.
	 * @param limit how long at most
	 * @return false if the time was not enough
	 */
	boolean flush(Duration limit) {
		long deadline = System.nanoTime() + limit.toNanos();
		CountDownLatch written = new CountDownLatch(1);
		try {
			return this.queue.offer(new Entry("", written), limit.toNanos(), TimeUnit.NANOSECONDS)
					&& written.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	private void run() {
		try {
			while (true) {
				Entry entry = this.queue.take();
				write(entry);
				if (this.queue.isEmpty()) {
					flushQuietly();
				}
			}
		}
		catch (InterruptedException ex) {
			flushQuietly();
		}
	}

	private void write(Entry entry) {
		CountDownLatch written = entry.written();
		if (written != null) {
			flushQuietly();
			written.countDown();
			return;
		}
		writeQuietly(entry.line());
		long lost = this.dropped.getAndSet(0);
		if (lost > 0) {
			writeQuietly(LogLine.format(Instant.now(), LogLevel.WARN, "log",
					"log lines were dropped because nobody read them in time", null, "dropped", lost));
		}
	}

	private void writeQuietly(String line) {
		try {
			this.out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			// Standard error is closed: there is nowhere left to say so.
		}
	}

	private void flushQuietly() {
		try {
			this.out.flush();
		}
		catch (IOException ex) {
			// As above.
		}
	}

	private record Entry(String line, @Nullable CountDownLatch written) {
	}

}
