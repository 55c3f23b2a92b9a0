package org.hkpgateway;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GatewayProcess.Changed;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an operator can do through the management port of a gateway that runs, and what
 * nobody can do without the token.
 */
@Timeout(240)
class ManagementActionsIT {

	private static final HttpClient http = HttpClient.newHttpClient();

	@TempDir
	private Path temp;

	private Path plugins;

	private Path configuration;

	@BeforeEach
	void setUp() throws IOException {
		this.plugins = Files.createDirectory(this.temp.resolve("plugins"));
		this.configuration = Files.createDirectory(this.temp.resolve("config"));
	}

	@Test
	void onePluginIsRestartedReloadedDisabledAndEnabled() throws Exception {
		install("a");
		install("b", "dependencies = [\"a\"]");
		try (GatewayProcess gateway = start()) {
			long first = gateway.pluginPid("a");
			long dependent = gateway.pluginPid("b");
			assertDone(gateway.change("plugins/a", action("restart")));
			long second = gateway.pluginPid("a");
			assertThat(second).isNotEqualTo(first);
			assertDone(gateway.change("plugins/a", action("reload")));
			assertThat(gateway.pluginPid("a")).isNotEqualTo(second);
			assertThat(gateway.pluginPid("b")).as("not touched").isEqualTo(dependent);

			assertRefused(gateway.change("plugins/a", action("disable")), 409, "got: b; disable these first");
			assertThat(state(gateway, "a")).isEqualTo("READY");
			assertDone(gateway.change("plugins/b", action("disable")));
			assertThat(ProcessHandle.of(dependent)).isEmpty();
			assertThat(plugin(gateway, "b").path("enabled").asBoolean()).isFalse();
			assertThat(gateway.actuator("health/plugins/b").path("status").asString("")).isEqualTo("UP");
			assertRefused(gateway.change("plugins/b", action("reload")), 409, "got: a disabled one; enable it");
			assertThat(gateway.change("plugins/b", action("disable")).body().path("outcome").asString(""))
				.isEqualTo("UNCHANGED");
			assertDone(gateway.change("plugins/b", action("enable")));
			assertThat(state(gateway, "b")).isEqualTo("READY");
		}
	}

	@Test
	void inShadowModeWhatAPluginDecidesIsNotDone() throws Exception {
		FakePluginProgram.installAs(this.plugins, "a", "DENIES");
		try (GatewayProcess gateway = start("hkp.plugins.settings.a.required=true",
				"hkp.plugins.settings.a.timeout=10s", "hkp.plugins.chain-budget=20s")) {
			long first = gateway.pluginPid("a");
			assertThat(answer(gateway)).isEqualTo(403);
			assertDone(gateway.change("plugins/a", action("shadow")));
			assertThat(plugin(gateway, "a").path("mode").asString("")).isEqualTo("shadow");
			assertThat(gateway.pluginPid("a")).as("a swap, so that no request is lost").isNotEqualTo(first);
			assertThat(answer(gateway)).isEqualTo(200);

			assertDone(gateway.change("plugins/a", action("enforce")));
			assertThat(plugin(gateway, "a").path("mode").asString("")).isEqualTo("enforce");
			assertThat(answer(gateway)).isEqualTo(403);
			assertThat(gateway.change("plugins/a", action("enforce")).body().path("outcome").asString(""))
				.isEqualTo("UNCHANGED");
		}
	}

	@Test
	void nothingIsChangedByMistakesOrWithoutTheToken() throws Exception {
		install("a");
		try (GatewayProcess gateway = start()) {
			mistakesAreExplained(gateway);
			nothingIsChangedWithoutTheToken(gateway);
		}
	}

	private static void mistakesAreExplained(GatewayProcess gateway) {
		long pid = gateway.pluginPid("a");
		assertRefused(gateway.change("plugins/nobody", action("restart")), 404, "got: nobody");
		assertRefused(gateway.change("plugins/a", action("explode")), 400,
				"expected: action restart, reload, enable, disable, shadow or enforce, got: explode");
		assertRefused(gateway.change("plugins", action("restart")), 400, "expected: action rescan, got: restart");
		assertThat(gateway.change("plugins/a", "{}").status()).isEqualTo(400);
		assertThat(gateway.change("plugins/a", "nonsense").status()).isEqualTo(400);
		assertThat(gateway.pluginPid("a")).isEqualTo(pid);
	}

	private static void nothingIsChangedWithoutTheToken(GatewayProcess gateway) throws Exception {
		long pid = gateway.pluginPid("a");
		URI management = management(gateway);
		for (String token : new String[] { null, "", "wrong" }) {
			assertThat(gateway.change("plugins/a", action("restart"), token).status()).isEqualTo(401);
			assertThat(gateway.change("plugins", action("rescan"), token).status()).isEqualTo(401);
			assertThat(gateway.change("nothing-here", "{}", token).status()).isEqualTo(401);
		}
		for (String method : List.of("POST", "PUT", "PATCH", "DELETE", "OPTIONS")) {
			HttpResponse<String> refused = send(management.resolve("/anything"), method, null);
			assertThat(refused.statusCode()).as(method).isEqualTo(401);
			assertThat(refused.headers().firstValue("WWW-Authenticate")).hasValue("Bearer realm=\"hkp-gateway\"");
			assertThat(refused.body()).isEmpty();
		}
		assertThat(gateway.pluginPid("a")).isEqualTo(pid);
		for (String path : List.of("/actuator/health", "/actuator/health/readiness", "/actuator/plugins")) {
			assertThat(send(management.resolve(path), "GET", null).statusCode()).as(path).isEqualTo(200);
			assertThat(send(management.resolve(path), "GET", "wrong").statusCode()).as(path).isEqualTo(200);
		}
		assertThat(gateway.runtime().resolve("management-token")).satisfies(
				(file) -> assertThat(Files.getPosixFilePermissions(file)).asString().doesNotContain("GROUP", "OTHER"));
		HttpResponse<String> published = send(gateway.uri().resolve("/pks/stats"), "POST", "wrong");
		assertThat(published.statusCode()).as("the public port asks nobody").isNotEqualTo(401);
		assertThat(published.headers().map()).doesNotContainKeys("x-frame-options", "x-xss-protection");
	}

	@Test
	void rescanAppliesTheDifferenceAndADryRunOnlyShowsIt() throws Exception {
		install("same");
		install("changed");
		install("gone");
		try (GatewayProcess gateway = start()) {
			long same = gateway.pluginPid("same");
			long changed = gateway.pluginPid("changed");
			long gone = gateway.pluginPid("gone");
			Files.move(this.plugins.resolve("gone"), this.temp.resolve("gone"));
			install("added");
			Files.createDirectory(this.plugins.resolve("faulty"));
			Files.writeString(this.plugins.resolve("faulty/plugin.toml"), "nonsense");
			configure("hkp.plugins.settings.changed.order: 7\nhkp.plugins.chain-budget: 3s\n");

			JsonNode dry = rescan(gateway, true);
			assertDifference(dry);
			assertThat(dry.path("results").isEmpty()).isTrue();
			assertThat(dry.path("findings").toString()).as("what a rescan would find").contains("not valid TOML");
			assertThat(gateway.actuator("plugins").path("findings").isEmpty()).isTrue();
			assertThat(gateway.actuator("plugins").path("plugins").size()).isEqualTo(3);
			assertThat(gateway.pluginPid("changed")).isEqualTo(changed);

			JsonNode report = rescan(gateway, false);
			assertDifference(report);
			assertThat(report.path("results").path("added").path("outcome").asString("")).isEqualTo("DONE");
			assertThat(report.path("findings").toString()).contains("not valid TOML");
			assertThat(gateway.pluginPid("added")).isPositive();
			assertThat(gateway.pluginPid("same")).isEqualTo(same);
			assertThat(gateway.pluginPid("changed")).isNotEqualTo(changed);
			assertThat(plugin(gateway, "changed").path("order").asInt()).isEqualTo(7);
			assertThat(ProcessHandle.of(gone)).isEmpty();
			assertThat(gateway.actuator("plugins").path("plugins").toString()).doesNotContain("\"gone\"");
			assertThat(rescan(gateway, false).path("unchanged").size()).isEqualTo(3);
		}
	}

	@Test
	void whatIsFaultyDoesNotReplaceWhatRuns() throws Exception {
		install("a");
		try (GatewayProcess gateway = start("hkp.plugins.settings.a.required=true")) {
			long pid = gateway.pluginPid("a");
			Path manifest = this.plugins.resolve("a/plugin.toml");
			String valid = Files.readString(manifest);
			for (String faulty : List.of("nonsense", valid.replace("\"run\"", "\"../run\""))) {
				Files.writeString(manifest, faulty);
				JsonNode report = rescan(gateway, false);
				assertThat(report.path("keptOut").toString()).isEqualTo("[\"a\"]");
				assertThat(report.path("removed").isEmpty()).isTrue();
				assertThat(gateway.pluginPid("a")).isEqualTo(pid);
				assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("UP");
			}
			Files.writeString(manifest, valid);
			assertThat(rescan(gateway, false).path("findings").isEmpty()).isTrue();

			configure("hkp.plugins.settings.a.timeout: 0s\n");
			assertRefused(gateway.change("plugins", action("rescan")), 400,
					"hkp.plugins.settings.a.timeout: expected: a duration above 0");
			configure("hkp.plugins.wacth: true\n");
			assertRefused(gateway.change("plugins", action("rescan")), 400, "hkp.plugins.wacth");
			assertThat(gateway.pluginPid("a")).isEqualTo(pid);
		}
	}

	@Test
	void aRequiredPluginThatIsMissingHoldsItsPlaceUntilItComes() throws Exception {
		configure("hkp.plugins.settings.late.required: true\n");
		try (GatewayProcess gateway = start("hkp.plugins.chain-budget=20s")) {
			assertThat(ready(gateway)).isEqualTo("OUT_OF_SERVICE");
			assertThat(gateway.actuator("health/liveness").path("status").asString("")).isEqualTo("UP");
			assertThat(state(gateway, "late")).isEqualTo("FAILED");
			assertThat(plugin(gateway, "late").path("reason").asString("")).contains("hkp.plugins.settings.late",
					"expected: a plugin of this name in", "got: none");
			assertThat(answer(gateway)).as("its fail policy").isEqualTo(500);
			assertRefused(gateway.change("plugins/late", action("restart")), 409, "got: none");

			configure("hkp.plugins.settings.late: {required: true, fail: open}\n");
			rescan(gateway, false);
			assertThat(answer(gateway)).as("its fail policy").isEqualTo(200);
			gateway.awaitLog("late:");

			install("late");
			assertThat(rescan(gateway, false).path("results").path("late").path("outcome").asString(""))
				.isEqualTo("DONE");
			assertThat(gateway.pluginPid("late")).isPositive();
			assertThat(ready(gateway)).isEqualTo("UP");
			assertThat(answer(gateway)).isEqualTo(200);

			Files.move(this.plugins.resolve("late"), this.temp.resolve("late"));
			JsonNode report = rescan(gateway, false);
			assertThat(report.path("keptOut").toString()).isEqualTo("[\"late\"]");
			assertThat(report.path("findings").toString()).contains("got: none; install it");
			assertThat(state(gateway, "late")).isEqualTo("READY");
			configure("hkp.plugins.settings: {late: {required: true}, absent: {required: true}}\n");
			rescan(gateway, false);
			assertThat(answer(gateway)).as("the fail policy of one that a rescan adds").isEqualTo(500);
			assertThat(gateway.actuator("health/plugins/absent").path("status").asString("")).isEqualTo("DEGRADED");
			assertThat(ready(gateway)).as("it was about the start").isEqualTo("UP");
			configure("hkp.plugins.settings.late: {required: true, timeout: 15s}\n");
			rescan(gateway, false);
			assertThat(answer(gateway)).isEqualTo(200);
			configure("{}");
			assertThat(rescan(gateway, false).path("removed").toString()).contains("late");
		}
	}

	/**
	 * The second swap would be from the new version to itself: nothing to roll back to.
	 */
	@Test
	void aRescanAndTheWatchSwapAChangeOnce() throws Exception {
		install("a");
		install("b");
		try (GatewayProcess gateway = start("hkp.plugins.watch=true")) {
			gateway.pluginPid("a");
			gateway.pluginPid("b");
			version("a", "10.0");
			assertThat(rescan(gateway, false).path("changed").toString()).contains("version 9.9 -> 10.0");
			version("b", "10.0");
			gateway.await("the watch", () -> plugin(gateway, "b").path("version").asString("").equals("10.0"));
			assertThat(plugin(gateway, "a").path("generation").asInt()).isEqualTo(2);
		}
	}

	@Test
	void theWatchSeesARepairAndFilesThatWereGone() throws Exception {
		install("a");
		install("b", "order = \"many\"");
		try (GatewayProcess gateway = start("hkp.plugins.watch=true", "hkp.plugins.settings.a.required=true",
				"hkp.plugins.settings.b.required=true")) {
			assertThat(state(gateway, "b")).isEqualTo("FAILED");
			Path faulty = this.plugins.resolve("b/plugin.toml");
			Files.writeString(faulty, Files.readString(faulty).replace("\"many\"", "7"));
			gateway.await("the repair of b", () -> state(gateway, "b").equals("READY"));
			assertThat(plugin(gateway, "b").path("order").asInt()).isEqualTo(7);

			long pid = gateway.pluginPid("a");
			Path manifest = this.plugins.resolve("a/plugin.toml");
			String valid = Files.readString(manifest);
			Files.writeString(manifest, "nonsense");
			gateway.await("a finding", () -> findings(gateway).contains("not valid TOML"));
			assertThat(gateway.pluginPid("a")).isEqualTo(pid);
			Files.writeString(manifest, valid.replace("9.9", "10.0"));
			gateway.await("the repair", () -> plugin(gateway, "a").path("version").asString("").equals("10.0"));

			long second = gateway.pluginPid("a");
			Files.move(this.plugins.resolve("a"), this.temp.resolve("a"));
			gateway.await("a finding", () -> findings(gateway).contains("got: none; install it"));
			assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("UP");
			Files.writeString(this.temp.resolve("a/plugin.toml"), valid.replace("9.9", "11.0"));
			Files.move(this.temp.resolve("a"), this.plugins.resolve("a"));
			gateway.await("the return", () -> plugin(gateway, "a").path("version").asString("").equals("11.0"));
			assertThat(gateway.pluginPid("a")).isNotEqualTo(second);
		}
	}

	private static String ready(GatewayProcess gateway) {
		return gateway.actuator("health/readiness").path("status").asString("");
	}

	private static int answer(GatewayProcess gateway) throws Exception {
		return http
			.send(HttpRequest.newBuilder(gateway.uri().resolve("/pks/health")).timeout(Duration.ofSeconds(30)).build(),
					HttpResponse.BodyHandlers.discarding())
			.statusCode();
	}

	private static void assertDifference(JsonNode report) {
		assertThat(report.path("added").toString()).isEqualTo("[\"added\"]");
		assertThat(report.path("removed").toString()).isEqualTo("[\"gone\"]");
		assertThat(report.path("changed").toString()).isEqualTo("{\"changed\":[\"order 100 -> 7\"]}");
		assertThat(report.path("unchanged").toString()).isEqualTo("[\"same\"]");
		assertThat(report.path("needRestart").toString()).isEqualTo("[\"hkp.plugins.chain-budget\"]");
	}

	private static void assertDone(Changed change) {
		assertThat(change.status()).as(String.valueOf(change.body())).isEqualTo(200);
		assertThat(change.body().path("outcome").asString("")).isEqualTo("DONE");
	}

	private static void assertRefused(Changed change, int status, String words) {
		assertThat(change.status()).as(String.valueOf(change.body())).isEqualTo(status);
		assertThat(String.valueOf(change.body())).contains(words);
	}

	private static JsonNode rescan(GatewayProcess gateway, boolean dryRun) {
		Changed change = gateway.change("plugins", "{\"action\":\"rescan\",\"dryRun\":" + dryRun + "}");
		assertThat(change.status()).as(String.valueOf(change.body())).isEqualTo(200);
		return change.body();
	}

	private static String action(String action) {
		return "{\"action\":\"" + action + "\"}";
	}

	private static JsonNode plugin(GatewayProcess gateway, String name) {
		return gateway.actuator("plugins/" + name);
	}

	private static String state(GatewayProcess gateway, String name) {
		return plugin(gateway, name).path("state").asString("");
	}

	private static String findings(GatewayProcess gateway) {
		return gateway.actuator("plugins").path("findings").toString();
	}

	private static HttpResponse<String> send(URI uri, String method, String token) throws Exception {
		HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody());
		if (token != null) {
			request.header("Authorization", "Bearer " + token);
		}
		return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	private static URI management(GatewayProcess gateway) {
		String port = gateway.log().replaceFirst("(?s).*Netty started on port (\\d+) \\(http\\).*", "$1");
		return URI.create("http://127.0.0.1:" + port);
	}

	private void install(String name, String... manifest) throws IOException {
		FakePluginProgram.installAs(this.plugins, name, "CONTINUES");
		Path file = this.plugins.resolve(name).resolve("plugin.toml");
		Files.writeString(file, Files.readString(file) + String.join("\n", manifest) + "\n");
	}

	private void version(String name, String version) throws IOException {
		Path manifest = this.plugins.resolve(name).resolve("plugin.toml");
		Files.writeString(manifest, Files.readString(manifest).replace("9.9", version));
	}

	private void configure(String yaml) throws IOException {
		Files.writeString(this.configuration.resolve("application.yml"), yaml);
	}

	private GatewayProcess start(String... properties) {
		List<String> all = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				"spring.config.additional-location=file:" + this.configuration + "/"));
		all.addAll(List.of(properties));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

}
