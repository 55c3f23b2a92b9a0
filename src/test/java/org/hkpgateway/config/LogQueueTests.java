package org.hkpgateway.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link LogQueue}.
 */
@Timeout(30)
class LogQueueTests {

	private final LongAdder dropped = new LongAdder();

	private final LoggerContext context = new LoggerContext();

	private final Logger logger = this.context.getLogger("test");

	private final Held held = new Held();

	@BeforeEach
	void start() {
		this.context.setMDCAdapter(new LogbackMDCAdapter());
		this.held.setContext(this.context);
		this.held.start();
		LogQueue queue = new LogQueue(this.dropped);
		queue.setContext(this.context);
		queue.addAppender(this.held);
		queue.start();
		this.logger.addAppender(queue);
	}

	@AfterEach
	void stop() {
		this.held.go.countDown();
		this.context.stop();
	}

	@Test
	void whoeverLogsDoesNotWaitAndWhatIsTooMuchIsCounted() {
		for (int i = 0; i < 3 * LogQueue.LINES; i++) {
			this.logger.info("line {}", i);
		}
		long lost = this.dropped.sum();
		assertThat(lost).isGreaterThanOrEqualTo(LogQueue.LINES);
		this.held.go.countDown();
		await().atMost(Duration.ofSeconds(20)).until(() -> this.held.lines.size() == 3 * LogQueue.LINES - lost);
		this.logger.info("later");
		await().atMost(Duration.ofSeconds(20)).until(() -> this.held.lines.contains("later"));
		assertThat(this.held.lines).element(this.held.lines.size() - 2)
			.isEqualTo(lost + " log lines are missing before this one: the log was not read or written fast enough");
		assertThat(this.dropped.sum()).isEqualTo(lost);
	}

	@Test
	void warningsStillFitWhenLinesDoNot() {
		for (int i = 0; this.dropped.sum() == 0; i++) {
			assertThat(i).isLessThan(3 * LogQueue.LINES);
			this.logger.info("line");
		}
		this.logger.warn("warning");
		this.logger.error("error");
		this.logger.info("line");
		assertThat(this.dropped.sum()).isEqualTo(2);
		this.held.go.countDown();
		await().atMost(Duration.ofSeconds(20))
			.untilAsserted(() -> assertThat(this.held.lines).contains("warning", "error"));
	}

	@Test
	void noFloodOfWarningsMakesAnybodyWait() {
		for (int i = 0; i < 3 * LogQueue.LINES; i++) {
			this.logger.warn("warning");
		}
		assertThat(this.dropped.sum()).isBetween((long) LogQueue.LINES, 3L * LogQueue.LINES);
	}

	@Test
	void theEndOfTheLogIsWritten() {
		this.held.go.countDown();
		for (int i = 0; i < 100; i++) {
			this.logger.info("line {}", i);
		}
		this.context.stop();
		assertThat(this.held.lines).hasSize(100);
	}

	/** A reader that has stopped, until told to go on. */
	private static final class Held extends AppenderBase<ILoggingEvent> {

		private final CountDownLatch go = new CountDownLatch(1);

		private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

		@Override
		protected void append(ILoggingEvent event) {
			try {
				if (this.go.getCount() > 0) {
					this.go.await();
				}
			}
			catch (InterruptedException ex) {
				return;
			}
			this.lines.add(event.getFormattedMessage());
		}

	}

}
