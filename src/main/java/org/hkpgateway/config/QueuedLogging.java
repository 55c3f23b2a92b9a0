package org.hkpgateway.config;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AsyncAppenderBase;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * Puts a {@link LogQueue} before each appender, as soon as Spring Boot has set the log up
 * and whatever it was told about it. Event loops log; one that waits for a terminal whose
 * reader has stopped would serve nobody.
 */
final class QueuedLogging implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

	private static final LongAdder dropped = new LongAdder();

	/**
	 * Lines that were not written since the start of this process.
	 * @return how many
	 */
	static long dropped() {
		return dropped.sum();
	}

	@Override
	public int getOrder() {
		return LoggingApplicationListener.DEFAULT_ORDER + 1;
	}

	@Override
	public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
			context.getLoggerList().forEach(QueuedLogging::queue);
		}
	}

	private static void queue(Logger logger) {
		List<Appender<ILoggingEvent>> direct = new ArrayList<>();
		logger.iteratorForAppenders().forEachRemaining(direct::add);
		for (Appender<ILoggingEvent> appender : direct) {
			if (appender instanceof AsyncAppenderBase) {
				continue;
			}
			LogQueue queue = new LogQueue(dropped);
			queue.setContext(logger.getLoggerContext());
			queue.setName(appender.getName() + " queue");
			queue.addAppender(appender);
			queue.start();
			// First in, then out: no line is lost in between.
			logger.addAppender(queue);
			logger.detachAppender(appender);
		}
	}

}
