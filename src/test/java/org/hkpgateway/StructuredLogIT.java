package org.hkpgateway;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The log of a gateway in each of the structured formats: every line is JSON, whatever a
 * plugin prints, and says which request and which plugin it is about.
 */
@Timeout(240)
class StructuredLogIT {

	/** A name with a dot, one that is a part of it, and characters that GELF refuses. */
	private static final String PLUGIN_LINE = "{\"@level\":\"warn\",\"@message\":\"odd\",\"@timestamp\":\"then\","
			+ "\"request_id\":\"r-1\",\"a\":\"1\",\"a.b\":\"2\",\"client ip\":\"3\",\"a_b\":\"4\",\"message\":\"5\"}";

	private static final JsonMapper json = new JsonMapper();

	@TempDir
	private Path plugins;

	@ParameterizedTest
	@CsvSource({ "ecs,/log/logger,/message,/,/", "logstash,/logger_name,/message,.,.",
			"gelf,/_log_logger,/short_message,_,." })
	void everyLineIsARecordThatNamesItsRequest(String format, String logger, String message, String prefix,
			String separator) throws Exception {
		FakePluginProgram.installAs(this.plugins, "odd", "CONTINUES");
		Path run = this.plugins.resolve("odd/run");
		Files.writeString(run, Files.readString(run).replaceFirst("\n", "\necho '" + PLUGIN_LINE + "' >&2\n"));
		try (GatewayProcess gateway = GatewayProcess.launch("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.odd.timeout=15s", "hkp.plugins.chain-budget=20s",
				"logging.structured.format.console=" + format, "hkp.upstream.urls=http://127.0.0.1:" + FreePorts.next(),
				"hkp.plugins.settings.odd.required=true")) {
			gateway.awaitLog("Started HkpGatewayApplication");
			assertThat(RawClient.exchange(gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status())
				.isEqualTo(502);
			assertThat(gateway.change("plugins/odd", "{\"action\":\"restart\"}").status()).isEqualTo(200);
			gateway.awaitLog("hkp.access", "hkp.audit");
			Fields fields = new Fields(gateway.log().lines().map(json::readTree).toList(), logger, prefix, separator);

			JsonNode access = fields.line("hkp.access");
			assertThat(access.at(message).asString()).isEqualTo("GET /pks/lookup?op=stats 502");
			assertThat(fields.of(access, "hkp", "status").asInt()).isEqualTo(502);
			String request = fields.of(access, "hkp", "request").asString("");
			assertThat(request).isNotBlank();

			JsonNode warning = fields.line("org.hkpgateway.proxy.GatewayHandler");
			assertThat(fields.of(warning, "hkp", "request").asString("")).isEqualTo(request);
			assertThat(warning.at(message).asString()).contains("[request " + request);

			JsonNode plugin = fields.line("plugin.odd");
			assertThat(plugin.at(message).asString()).startsWith("odd: ");
			assertThat(fields.of(plugin, "hkp", "request").asString("")).isEqualTo("r-1");
			assertThat(fields.of(plugin, "hkp", "plugin").asString("")).isEqualTo("odd");
			assertThat(fields.of(plugin, "plugin", "a").asString("")).isEqualTo("1");
			assertThat(fields.of(plugin, "plugin", "a_b").asString("")).isEqualTo("2");
			assertThat(fields.of(plugin, "plugin", "client_ip").asString("")).isEqualTo("3");
			assertThat(fields.of(plugin, "plugin", "message").asString("")).isEqualTo("5");

			JsonNode audit = fields.line("hkp.audit");
			assertThat(fields.of(audit, "hkp", "who").asString("")).isEqualTo("token-file");
			assertThat(fields.of(audit, "hkp", "action").asString("")).isEqualTo("restart");
			assertThat(fields.of(audit, "hkp", "plugin").asString("")).isEqualTo("odd");
			assertThat(fields.of(audit, "hkp", "outcome").asString("")).isEqualTo("done");
			assertThat(fields.of(audit, "hkp", "status").asInt()).isEqualTo(200);
			assertThat(gateway.log()).doesNotContain("GELF standard");
		}
	}

	/**
	 * Where a format puts what.
	 *
	 * @param lines all of them
	 * @param logger where the logger is
	 * @param prefix before the name of a member
	 * @param separator within it
	 */
	private record Fields(List<JsonNode> lines, String logger, String prefix, String separator) {

		JsonNode line(String name) {
			List<JsonNode> found = this.lines.stream()
				.filter((line) -> line.at(this.logger).asString("").equals(name))
				.toList();
			assertThat(found).as(name + " in " + this.lines).isNotEmpty();
			return found.get(0);
		}

		JsonNode of(JsonNode line, String outer, String inner) {
			if (this.separator.equals("/")) {
				return line.at("/" + outer + "/" + inner);
			}
			String flat = outer + this.separator + inner;
			return line.path(this.prefix.equals("_") ? "_" + flat : flat);
		}

	}

}
