package org.hkpgateway.process;

import java.util.LinkedHashMap;
import java.util.Map;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import static org.assertj.core.api.Assertions.assertThat;

class LoggedOutputTests {

	@Test
	void aMessageWithoutFieldsStaysAsItIs() {
		assertThat(LoggedOutput.line("ready {}", Map.of())).isEqualTo("ready {}");
		assertThat(LoggedOutput.line("ready", Map.of("@timestamp", "2026-01-02T03:04:05Z"))).isEqualTo("ready");
	}

	@Test
	void fieldsStandBehindTheMessage() {
		Map<String, String> fields = new LinkedHashMap<>();
		fields.put("@module", "antiabuse");
		fields.put("client", "192.0.2.7");
		fields.put("limit", "5 requests in 10 s");
		fields.put("empty", "");
		fields.put("quote", "say=\"x\"");
		assertThat(LoggedOutput.line("client blocked", fields)).isEqualTo(
				"client blocked: client=192.0.2.7 limit=\"5 requests in 10 s\" empty=\"\" quote=\"say=\\\"x\\\"\"");
	}

	@Test
	void membersOfARecordCannotClash() {
		Map<String, String> fields = new LinkedHashMap<>();
		fields.put("request_id", "r-1");
		fields.put("a", "1");
		fields.put("a.b", "2");
		fields.put("a b", "3");
		fields.put("@module", "4");
		Logger logger = (Logger) LoggerFactory.getLogger("plugin.logged-output");
		ListAppender<ILoggingEvent> written = new ListAppender<>();
		written.start();
		logger.addAppender(written);
		new LoggedOutput().accept(new PluginId("logged-output"), Level.WARN, "odd", fields);
		logger.detachAppender(written);
		assertThat(written.list).singleElement()
			.satisfies((event) -> assertThat(event.getKeyValuePairs()).extracting((pair) -> pair.key + "=" + pair.value)
				.containsExactly("hkp.plugin=logged-output", "hkp.request=r-1", "plugin.request_id=r-1", "plugin.a=1",
						"plugin.a_b=2", "plugin._module=4"));
	}

}
