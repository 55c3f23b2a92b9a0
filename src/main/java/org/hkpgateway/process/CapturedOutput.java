package org.hkpgateway.process;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * One pipe of a plugin, read to its end as it comes, so that the plugin never blocks on
 * it. The first 4 MiB are kept as they are. Thread-safe.
 */
public final class CapturedOutput {

	static final int MOST_BYTES = 4 * 1024 * 1024;

	private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

	private long total;

	private boolean ended;

	private boolean lineEnded;

	CapturedOutput(InputStream pipe, String name) {
		Thread reader = new Thread(() -> read(pipe), name);
		// A grandchild that holds the pipe may keep it for good.
		reader.setDaemon(true);
		reader.start();
	}

	/**
	 * What was kept so far.
	 * @return as UTF-8, malformed parts replaced
	 */
	public synchronized String text() {
		return this.kept.toString(StandardCharsets.UTF_8);
	}

	/**
	 * What was kept so far.
	 * @return a copy
	 */
	public synchronized byte[] bytes() {
		return this.kept.toByteArray();
	}

	/**
	 * How much came so far.
	 * @return bytes, those that were not kept included
	 */
	public synchronized long total() {
		return this.total;
	}

	/** Waits until a line that is not blank has ended, or the pipe has; false if not. */
	synchronized boolean awaitLine(Duration timeout) throws InterruptedException {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (!this.lineEnded && !this.ended) {
			long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
			if (left <= 0) {
				return false;
			}
			wait(left);
		}
		return this.lineEnded;
	}

	/** Waits for the end of the pipe, after which nothing more comes. */
	synchronized void awaitEnd(Duration timeout) throws InterruptedException {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (!this.ended) {
			long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
			if (left <= 0) {
				return;
			}
			wait(left);
		}
	}

	private void read(InputStream pipe) {
		byte[] buffer = new byte[16 * 1024];
		try {
			for (int count = pipe.read(buffer); count >= 0; count = pipe.read(buffer)) {
				accept(buffer, count);
			}
		}
		catch (IOException ex) {
			// Closed at the end of the plugin.
		}
		synchronized (this) {
			this.ended = true;
			notifyAll();
		}
	}

	private synchronized void accept(byte[] bytes, int count) {
		this.kept.write(bytes, 0, Math.min(count, MOST_BYTES - this.kept.size()));
		this.total += count;
		if (!this.lineEnded) {
			String text = text();
			this.lineEnded = text.substring(0, text.lastIndexOf('\n') + 1).lines().anyMatch((line) -> !line.isBlank());
		}
		notifyAll();
	}

}
