package org.hkpgateway.process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import org.hkpgateway.plugin.PluginId;
import org.slf4j.event.Level;

/**
 * Remembers what plugins print, and waits for it.
 */
final class RecordedOutput implements PluginOutput {

	private final List<OutputRecord> records = new ArrayList<>();

	@Override
	public synchronized void accept(PluginId plugin, Level level, String message, Map<String, String> fields) {
		this.records.add(new OutputRecord(level, message, fields));
		notifyAll();
	}

	synchronized List<OutputRecord> records() {
		return List.copyOf(this.records);
	}

	/** Level and message of each record. */
	List<String> lines() {
		return records().stream().map((line) -> line.level() + " " + line.message()).toList();
	}

	/** Waits for a message and returns it. */
	synchronized String await(Predicate<String> wanted, Duration timeout) throws InterruptedException {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (true) {
			for (OutputRecord line : this.records) {
				if (wanted.test(line.message())) {
					return line.message();
				}
			}
			long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
			if (left <= 0) {
				throw new AssertionError("not printed within " + timeout + ", but: " + this.records);
			}
			wait(left);
		}
	}

}
