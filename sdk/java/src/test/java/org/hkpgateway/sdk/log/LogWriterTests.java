package org.hkpgateway.sdk.log;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.LogRecord;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogWriter} and what writes to it.
 */
@Timeout(20)
class LogWriterTests {

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();

	@Test
	void linesAreWrittenInOrder() {
		LogWriter writer = new LogWriter(this.out, 100);
		for (int i = 0; i < 50; i++) {
			writer.offer("line " + i);
		}
		assertThat(writer.flush(Duration.ofSeconds(10))).isTrue();
		assertThat(text()).startsWith("line 0\nline 1\n").endsWith("line 49\n");
	}

	@Test
	void aReaderThatNeverReadsBlocksNobodyAndTheLossIsTold() throws Exception {
		CountDownLatch stuck = new CountDownLatch(1);
		CountDownLatch reads = new CountDownLatch(1);
		LogWriter writer = new LogWriter(new OutputStream() {
			@Override
			public void write(int b) {
				LogWriterTests.this.out.write(b);
			}

			@Override
			public void flush() {
				stuck.countDown();
				try {
					reads.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}
		}, 10);
		writer.offer("first");
		stuck.await();
		for (int i = 0; i < 100; i++) {
			writer.offer("line");
		}
		assertThat(writer.flush(Duration.ofMillis(1))).isFalse();
		reads.countDown();
		assertThat(writer.flush(Duration.ofSeconds(10))).isTrue();
		assertThat(text().lines().filter("line"::equals)).hasSize(10);
		assertThat(text()).contains("log lines were dropped", "\"dropped\":90");
	}

	@Test
	void javaLoggingComesOutTheSameWay() {
		LogWriter writer = new LogWriter(this.out, 10);
		JavaLoggingBridge bridge = new JavaLoggingBridge(writer);
		LogRecord entry = new LogRecord(Level.WARNING, "port {0} is taken");
		entry.setParameters(new Object[] { 7 });
		entry.setLoggerName("io.grpc.Test");
		bridge.publish(entry);
		writer.flush(Duration.ofSeconds(10));
		assertThat(text()).contains("\"@level\":\"warn\"", "\"@message\":\"port 7 is taken\"",
				"\"@module\":\"io.grpc.Test\"");
	}

	@Test
	void levelsBelowTheThresholdAreNotWritten() {
		LogWriter writer = new LogWriter(this.out, 10);
		PluginLog log = new PluginLog(writer, "m");
		log.debug("hidden");
		log.info("shown");
		writer.flush(Duration.ofSeconds(10));
		assertThat(text()).contains("shown").doesNotContain("hidden");
	}

	private String text() {
		return this.out.toString(StandardCharsets.UTF_8);
	}

}
