package org.hkpgateway.process;

import java.util.LinkedHashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;

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

}
