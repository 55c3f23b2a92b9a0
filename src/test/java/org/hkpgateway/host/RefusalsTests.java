package org.hkpgateway.host;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.hkpgateway.log.SparseLines;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalsTests {

	@Test
	void countsAllAndLogsOneInTenSeconds() {
		AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
		AtomicInteger counted = new AtomicInteger();
		Refusals refusals = new Refusals(new PluginId("alpha"), (plugin, refusal) -> counted.incrementAndGet(),
				now::get);
		ListAppender<ILoggingEvent> log = new ListAppender<>();
		log.start();
		Logger logger = (Logger) LoggerFactory.getLogger(Refusals.class);
		logger.addAppender(log);
		try {
			for (int i = 0; i < 100; i++) {
				refusals.note(HostRefusal.UNAUTHENTICATED, "first");
			}
			now.addAndGet(SparseLines.PAUSE.toNanos());
			refusals.note(HostRefusal.UNAUTHENTICATED, "second");
		}
		finally {
			logger.detachAppender(log);
		}
		assertThat(counted).hasValue(101);
		assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactly("plugin alpha: refused on its host socket: first (0 more since the last such line)",
					"plugin alpha: refused on its host socket: second (99 more since the last such line)");
	}

}
