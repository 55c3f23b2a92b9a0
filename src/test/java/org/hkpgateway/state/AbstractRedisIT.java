package org.hkpgateway.state;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.slf4j.LoggerFactory;

/**
 * Base of tests with a real Redis: closes what they open, and keeps what one class logs.
 */
abstract class AbstractRedisIT {

	static final Duration LONG = Duration.ofSeconds(60);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	private final List<AutoCloseable> open = new ArrayList<>();

	private final Logger logger;

	AbstractRedisIT(Class<?> logging) {
		this.logger = (Logger) LoggerFactory.getLogger(logging);
	}

	@BeforeEach
	void listen() {
		this.log.start();
		this.logger.addAppender(this.log);
	}

	@AfterEach
	void close() throws Exception {
		for (int i = this.open.size() - 1; i >= 0; i--) {
			this.open.get(i).close();
		}
		this.logger.detachAppender(this.log);
	}

	<T extends AutoCloseable> T opened(T one) {
		this.open.add(one);
		return one;
	}

	static void await(String what, Callable<Boolean> condition) {
		Awaitility.await(what).atMost(LONG).pollInterval(Duration.ofMillis(20)).until(condition);
	}

	/** Level and text of each line. */
	List<String> logged() {
		synchronized (this.log) {
			return this.log.list.stream().map((event) -> event.getLevel() + " " + event.getFormattedMessage()).toList();
		}
	}

}
