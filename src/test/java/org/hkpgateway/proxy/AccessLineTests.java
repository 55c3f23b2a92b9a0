package org.hkpgateway.proxy;

import java.util.List;
import java.util.Map;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.KeyValuePair;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AccessLine} and {@link AccessRecord}.
 */
class AccessLineTests {

	@Test
	void aLineHasEveryFieldInOrder() {
		AccessLine line = new AccessLine();
		fill(line);
		assertThat(line).hasToString(
				"method=GET plugin=- target=\"/a\\x22 b\\x0d\\x0a\\x5c\\xe9\\u20ac\" plugins=a:continue,b:respond "
						+ "none=- status=200 in=- ms=1.3 plugins_ms=- upstream_ms=0.0");
	}

	@Test
	void aRecordHasWhatIsThereInItsType() {
		LoggerContext context = new LoggerContext();
		context.setMDCAdapter(new LogbackMDCAdapter());
		Logger logger = context.getLogger("test");
		ListAppender<ILoggingEvent> list = new ListAppender<>();
		list.start();
		logger.addAppender(list);
		for (AccessLine line : new AccessLine[] { null, new AccessLine() }) {
			AccessRecord made = new AccessRecord(logger.atInfo());
			fill(made);
			if (line != null) {
				line.word("a", "b");
			}
			made.log(line);
		}
		assertThat(list.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactly("GET /a\" b\r\n\\\u00e9\u20ac 200", "a=b");
		for (ILoggingEvent event : list.list) {
			Map<String, Object> members = event.getKeyValuePairs()
				.stream()
				.collect(toMap((KeyValuePair pair) -> pair.key, (pair) -> pair.value));
			assertThat(members)
				.isEqualTo(Map.of("hkp.method", "GET", "hkp.target", "/a\" b\r\n\\\u00e9\u20ac", "hkp.plugins",
						List.of("a:continue", "b:respond"), "hkp.status", 200L, "hkp.ms", 1.3, "hkp.upstream_ms", 0.0));
		}
	}

	@ParameterizedTest
	@CsvSource({ "0,0.0", "49999,0.0", "50000,0.1", "999999,1.0", "1250000,1.3", "60000000000,60000.0" })
	void timesAreMillisecondsWithOneDecimal(long nanos, String shown) {
		StringBuilder to = new StringBuilder();
		Millis.append(to, nanos);
		assertThat(to).hasToString(shown);
	}

	private static void fill(AccessFields fields) {
		fields.word("method", "GET");
		fields.word("plugin", "");
		fields.quoted("target", "/a\" b\r\n\\\u00e9\u20ac");
		fields.words("plugins", List.of("a:continue", "b:respond"));
		fields.words("none", List.of());
		fields.number("status", 200);
		fields.number("in", -1);
		fields.millis("ms", 1_250_000);
		fields.millis("plugins_ms", -1);
		fields.millis("upstream_ms", 0);
	}

}
