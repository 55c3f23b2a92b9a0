package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Events between a gateway and the processes of its plugins.
 */
@Timeout(180)
class PluginEventsIT {

	private static final String EVENTS = ",events.publish,events.subscribe";

	/** What each does with the events that it is brought, and what it is granted. */
	private static final Map<String, List<String>> PLUGINS = Map.of(//
			"writer", List.of("OFF", EVENTS), //
			"reader", List.of("OFF", EVENTS), //
			"denied", List.of("OFF", ""), //
			"hearer", List.of("BATCHES", ",events.subscribe"), //
			"all-ears", List.of("EVERYTHING", ",events.subscribe"), //
			"one-by-one", List.of("SINGLES", ",events.subscribe"), //
			"deaf", List.of("BATCHES", ""), //
			"silent", List.of("NEVER_ANSWERS", ",events.subscribe"), //
			"speaker", List.of("EMITS_AND_ENDS", ",events.publish"), //
			"dumb", List.of("EMITS_AND_ENDS", ",events.subscribe"));

	/** Of the operator, beside the properties that the gateway is started with. */
	private static Path configuration;

	private static GatewayProcess gateway;

	@BeforeAll
	static void start(@TempDir Path plugins, @TempDir Path configured) throws IOException {
		configuration = configured.resolve("application.yml");
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + plugins,
				"spring.config.additional-location=file:" + configured + "/"));
		for (Map.Entry<String, List<String>> plugin : PLUGINS.entrySet()) {
			String name = plugin.getKey();
			FakePluginProgram.installHearing(plugins, name, plugin.getValue().get(0),
					"capabilities = [\"http.request\", \"http.respond\", \"events.publish\", \"events.subscribe\"]");
			String settings = "hkp.plugins.settings." + name;
			properties.add(settings + ".required=true");
			properties.add(settings + ".timeout=15s");
			properties.add(settings + ".match.paths=/" + name + "/**");
			properties.add(settings + ".grants=http.request,http.respond" + plugin.getValue().get(1));
		}
		properties.add("hkp.plugins.chain-budget=15s");
		gateway = GatewayProcess.start(properties.toArray(String[]::new));
	}

	@AfterAll
	static void stop() throws IOException {
		if (gateway != null) {
			gateway.close();
		}
	}

	private static String ask(String plugin, String query) {
		return body("/" + plugin + "/asks-host?" + query);
	}

	private static String brought(String plugin) {
		return body("/" + plugin + "/tells-events");
	}

	private static String body(String target) {
		try {
			return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\nHost: k\r\n\r\n").body();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static double count(String meter, String tag) {
		return value(meter + "?tag=" + tag);
	}

	private static double value(String metric) {
		return gateway.actuator("metrics/" + metric).path("measurements").path(0).path("value").asDouble(0);
	}

	@ParameterizedTest
	@CsvSource({ "publish,events.publish", "stream,events.publish", "read,events.subscribe" })
	void withoutTheGrantTheAnswerNamesIt(String call, String grant) {
		String refused = ask("denied", "call=" + call + "&type=plugin.denied.x&count=1");
		if (call.equals("read")) {
			gateway.await("a refusal", () -> ask("denied", "call=told").startsWith("PERMISSION"));
			refused = ask("denied", "call=told");
		}
		assertThat(refused)
			.startsWith("PERMISSION_DENIED: expected: the grant " + grant + ", got: a plugin without it; "
					+ "the manifest requests it; the operator grants it in hkp.plugins.settings.denied.grants");
	}

	@Test
	void whatOnePluginEmitsAnotherReads() {
		assertThat(ask("reader", "call=read&type=plugin.writer.*")).isEqualTo("reading");
		gateway.await("the first event", () -> {
			assertThat(ask("writer", "call=publish&type=plugin.writer.begin&count=1")).isEqualTo("published");
			return ask("reader", "call=told").contains("plugin.writer.begin");
		});
		assertThat(ask("writer", "call=stream&type=plugin.writer.many&count=500")).isEqualTo("answered");
		assertThat(ask("writer", "call=publish&type=plugin.writer.end&count=3")).isEqualTo("published");
		gateway.await("the last event", () -> ask("reader", "call=told").endsWith("writer:plugin.writer.many, "
				+ "writer:plugin.writer.end, writer:plugin.writer.end, writer:plugin.writer.end]"));
		assertThat(ask("reader", "call=told")).matches("reading received=5\\d\\d dropped=0 .*");
		gateway.await("the counts", () -> count("hkp.events.published", "type:plugin.%3Cname%3E") >= 504);
		assertThat(count("hkp.plugin.events.delivered", "plugin:reader")).isGreaterThanOrEqualTo(504);
	}

	@Test
	void whatAPluginEmitsOnItsOwnStreamIsHeard() {
		gateway.await("events of speaker", () -> brought("all-ears").contains("batch speaker plugin.speaker.turn-"));
		gateway.await("a stream that is opened again", () -> !brought("speaker").equals("listened 1"));
		assertThat(brought("dumb")).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "publish,key.changed", "stream,key.changed", "publish,plugin.reader.x" })
	void whatIsNotThePluginsIsRefused(String call, String type) {
		double before = count("hkp.plugin.events.refused", "plugin:writer");
		assertThat(ask("writer", "call=" + call + "&type=" + type + "&count=1")).startsWith("INVALID_ARGUMENT: ")
			.contains("type: expected: plugin.writer.<words>", "got: '" + type + "'");
		gateway.await("the count", () -> count("hkp.plugin.events.refused", "plugin:writer") > before);
	}

	@Test
	void eventsAreBroughtToWhoDeclaresTheFeatureAndIsGrantedThem() {
		gateway.change("plugins/denied", "{\"action\":\"restart\"}");
		for (Map.Entry<String, String> how : Map.of("hearer", "batch", "all-ears", "batch", "one-by-one", "single")
			.entrySet()) {
			gateway.await("events of " + how.getKey(), () -> moves(how.getKey()).size() >= 4);
			assertThat(moves(how.getKey()).subList(0, 4)).allMatch((line) -> line.startsWith(how.getValue()))
				.satisfiesExactly((line) -> assertThat(line).contains("\"from\":\"READY\",\"to\":\"DRAINING\""),
						(line) -> assertThat(line).contains("\"from\":\"DRAINING\",\"to\":\"STOPPED\""),
						(line) -> assertThat(line).contains("\"from\":\"STOPPED\",\"to\":\"STARTING\""),
						(line) -> assertThat(line).contains("\"from\":\"STARTING\",\"to\":\"READY\""));
		}
		gateway.await("events of requests", () -> brought("all-ears").contains("batch gateway request.completed "));
		assertThat(brought("hearer")).doesNotContain("request.");
		assertThat(brought("deaf")).isEmpty();
		gateway.await("the count", () -> count("hkp.plugin.events.delivered", "plugin:hearer") >= 4);
	}

	/** Of denied, which is restarted once, from the end of its first process. */
	private static List<String> moves(String plugin) {
		return brought(plugin).lines()
			.filter((line) -> line.contains("plugin.state") && line.contains("\"plugin\":\"denied\""))
			.dropWhile((line) -> !line.contains("\"to\":\"DRAINING\""))
			.toList();
	}

	@Test
	void whoSubscribesHearsThatAnotherPluginHasDeniedARequest() throws IOException {
		assertThat(RawClient.exchange(gateway.port(), "GET /denied/denies?search=alice HTTP/1.0\r\nHost: k\r\n\r\n")
			.status()).isEqualTo(403);
		gateway.await("the event", () -> !denials().isEmpty());
		assertThat(denials()).singleElement()
			.asString()
			.startsWith("batch gateway request.blocked {\"request\":")
			.contains("\"plugin\":\"denied\",\"status\":403", "{\"plugin\":\"denied\",\"phase\":\"request\",")
			.doesNotContain("alice");
	}

	private static List<String> denials() {
		return brought("all-ears").lines()
			.filter((line) -> line.contains(" request.blocked ") && line.contains("\"status\":403"))
			.toList();
	}

	@Test
	void whoSubscribesHearsThatASettingHasChanged() throws IOException {
		double before = value("hkp.events.subscribers");
		assertThat(ask("hearer", "call=read&type=config.*")).isEqualTo("reading");
		gateway.await("the subscription", () -> value("hkp.events.subscribers") > before);
		Files.writeString(configuration, "hkp.plugins.settings.deaf.order: 7\n");
		assertThat(gateway.change("plugins", "{\"action\":\"rescan\"}").status()).isEqualTo(200);
		for (Map.Entry<String, String> how : Map.of("hearer", "batch", "all-ears", "batch", "one-by-one", "single")
			.entrySet()) {
			gateway.await("the event for " + how.getKey(), () -> !configChanges(how.getKey()).isEmpty());
			assertThat(configChanges(how.getKey())).containsExactly(how.getValue() + " gateway config.changed "
					+ "{\"plugins\":[{\"plugin\":\"deaf\",\"change\":\"changed\",\"outcome\":\"done\"}]}");
		}
		gateway.await("the event by the plugin's own call",
				() -> ask("hearer", "call=told").endsWith("[gateway:config.changed]"));
		assertThat(ask("hearer", "call=told")).startsWith("reading received=1 dropped=0 ");
		assertThat(count("hkp.events.published", "type:config.changed")).isEqualTo(1);
	}

	private static List<String> configChanges(String plugin) {
		return brought(plugin).lines().filter((line) -> line.contains(" config.changed ")).toList();
	}

	@Test
	void whoDoesNotAnswerIsToldWhatItLost() {
		gateway.await("an event lost", () -> {
			gateway.change("plugins/deaf", "{\"action\":\"restart\"}");
			return brought("silent").contains("dropped ");
		});
		assertThat(count("hkp.plugin.events.lost", "plugin:silent")).isPositive();
		gateway.awaitLog("plugin silent: PublishEvents: expected: an answer in time, got: none");
	}

}
