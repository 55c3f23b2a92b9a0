package org.hkpgateway;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.PrometheusServer;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.RedisServer;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real Prometheus scrapes two gateways that are in all the trouble that there are
 * alerts for: one with its plugins and Redis, one with its clients, its keyservers and
 * its log. Each alert fires, and each expression of the dashboard has data.
 */
@Timeout(600)
class PrometheusIT {

	/** Some scrapes, unless the machine is busy with others. */
	private static final Duration LIMIT = Duration.ofMinutes(3);

	/** What fires only when something has gone that the others need. */
	private static final Set<String> LAST = Set.of("HkpGatewayAbsent", "HkpRedisAway");

	/** Where gateways tell each other of events: of database 0. */
	private static final String CHANNEL = "hkp:events:0";

	/** More lines than a gateway keeps for a reader of its log that stands still. */
	private static final int FLOOD_OF_LINES = 20_000;

	private static final Path CONFIG = GatewayProcess.root().resolve("config");

	private static final Pattern NAME = Pattern.compile("- alert: (\\w+)");

	private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.+), \\w+\\)");

	private static final Pattern METER = Pattern.compile("(?m)^\\| `hkp[a-z.]+` \\| `(hkp[a-z_]+)` \\| (\\w+) ");

	@TempDir
	private Path plugins;

	private final List<AutoCloseable> open = new ArrayList<>();

	private final List<Thread> background = new ArrayList<>();

	private volatile boolean over;

	private RedisServer redis;

	/** In trouble with its plugins. */
	private GatewayProcess filtering;

	/** In trouble with all others. */
	private GatewayProcess besieged;

	private PrometheusServer prometheus;

	@BeforeEach
	void start() throws Exception {
		Requirements.program("prometheus");
		this.redis = opened(RedisServer.start());
		URI keyserver = opened(new RawUpstream(PrometheusIT::answer)).uri();
		install();
		this.besieged = opened(besieged(keyserver));
		this.filtering = opened(filtering(keyserver));
		this.filtering.await("the other gateway", LIMIT, () -> answers(this.besieged));
		this.prometheus = opened(PrometheusServer.start(impatient(Files.readString(rules())),
				this.filtering.managementPort(), this.besieged.managementPort()));
		// What increases does so from something.
		await("a scrape of each", "count(hkp_build_info) == 2");
	}

	/** Or does not, if it is asked for that. */
	private static void answer(Socket socket, RawUpstream.Received request) throws IOException {
		if (request.requestLine().contains("/waits")) {
			return;
		}
		if (!request.requestLine().contains("/closes")) {
			socket.getOutputStream()
				.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
					.getBytes(StandardCharsets.US_ASCII));
		}
		socket.close();
	}

	/** Nobody reads its log. */
	private static GatewayProcess besieged(URI keyserver) {
		return GatewayProcess.launchPiped("hkp.upstream.urls=" + keyserver + ",http://127.0.0.1:" + FreePorts.next(),
				"hkp.upstream.health.interval=1s", "hkp.upstream.max-connections=2", "hkp.upstream.connect-timeout=60s",
				"hkp.client-address.proxy-protocol=optional", "hkp.client-address.trusted-proxies=192.0.2.1",
				"hkp.edge.max-body=1MB", "hkp.edge.max-buffered-bytes=2MB", "hkp.edge.min-body-rate=0B",
				"hkp.edge.idle-timeout=10m");
	}

	private static boolean answers(GatewayProcess gateway) {
		try {
			return RawClient.exchange(gateway.port(), "OPTIONS / HTTP/1.0\r\n\r\n").status() == 204;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private GatewayProcess filtering(URI keyserver) {
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.chain-budget=5s", "hkp.health.proof-of-call=2s",
				"hkp.plugins.default-grants=http.request,http.respond,events.publish,events.subscribe,storage.query,state",
				"hkp.state.max-keys=1",
				// As many failures as these can have in 10 s open no circuit breaker.
				"hkp.plugins.settings.busy.timeout=5s", "hkp.plugins.settings.busy.max-concurrent=5",
				"hkp.plugins.settings.busy.required=true", "hkp.plugins.settings.slow.timeout=100ms",
				"hkp.plugins.settings.slow.required=true", "hkp.plugins.settings.sleeps.fail=open",
				"hkp.plugins.settings.crashes.enabled=false", "hkp.plugins.settings.shadow.mode=shadow",
				"hkp.cluster.redis.url=" + this.redis.url(), "hkp.upstream.urls=" + keyserver));
		for (String name : List.of("busy", "slow", "sleeps", "crashes", "shadow")) {
			properties.add("hkp.plugins.settings." + name + ".match.paths=/" + name + "/**");
		}
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private void install() throws IOException {
		script("crashes", "exit 3");
		script("sleeps", "exec sleep 600");
		script("shadow", "exec sleep 600");
		Files.writeString(Files.createDirectory(this.plugins.resolve("faulty")).resolve("plugin.toml"),
				"[plugin]\nname = \"faulty\"\n");
		FakePluginProgram.installAs(this.plugins, "slow", "NEVER_ANSWERS", "UNHEALTHY");
		FakePluginProgram.installSpeaking(this.plugins, "keeps", "TAKES_TOKENS", false,
				"capabilities = [\"http.request\", \"http.respond\", \"state\"]");
		FakePluginProgram.installHearing(this.plugins, "busy", "FAILS_EVERY_OTHER",
				"capabilities = [\"http.request\", \"http.respond\", \"events.publish\", \"events.subscribe\", "
						+ "\"storage.query\"]");
	}

	private void script(String name, String line) throws IOException {
		Path directory = Files.createDirectory(this.plugins.resolve(name));
		Files.writeString(directory.resolve("plugin.toml"), """
				[plugin]
				name = "%s"
				version = "1"
				executable = "run"
				protocol_version = "1.0"
				""".formatted(name));
		Path run = Files.writeString(directory.resolve("run"), "#!/bin/sh\n" + line + "\n");
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
	}

	@AfterEach
	void stop() throws Exception {
		this.over = true;
		for (int i = this.open.size(); i > 0; i--) {
			this.open.get(i - 1).close();
		}
		for (Thread thread : this.background) {
			thread.join(10_000);
		}
	}

	@Test
	void eachAlertFiresAndEachExpressionHasData() throws Exception {
		Set<String> quiet = NAME.matcher(Files.readString(rules()))
			.results()
			.map((alert) -> alert.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(quiet).hasSizeGreaterThan(20).containsAll(LAST);
		Set<String> empty = new TreeSet<>(dashboard());
		assertThat(empty).hasSizeGreaterThan(50);
		troublePlugins();
		loseEvents();
		troubleEdge();
		quiet.removeAll(LAST);
		await(quiet, empty);
		everythingScrapedIsDocumented();

		this.redis.kill();
		this.besieged.process().destroyForcibly();
		await(new TreeSet<>(LAST), new TreeSet<>());
	}

	/** Waits until all of the alerts have fired and all expressions have had data. */
	private void await(Set<String> quiet, Set<String> empty) throws Exception {
		long end = System.nanoTime() + LIMIT.toNanos();
		while (true) {
			quiet.removeAll(this.prometheus.firing());
			empty.removeIf(this.prometheus::hasData);
			if (quiet.isEmpty() && empty.isEmpty()) {
				return;
			}
			if (System.nanoTime() > end) {
				throw new AssertionError("expected: that all alerts fire and all expressions have data within " + LIMIT
						+ ", got: alerts that did not fire: " + quiet + ", expressions without data: " + empty);
			}
			TimeUnit.MILLISECONDS.sleep(200);
		}
	}

	private void await(String what, String expression) {
		this.filtering.await(what, LIMIT, () -> this.prometheus.hasData(expression));
	}

	private void troublePlugins() {
		assertThat(this.filtering.change("plugins/crashes", "{\"action\":\"enable\"}").status()).isIn(200, 202, 409);
		// All of its places but one are taken; each of these calls takes all of the
		// budget, and that is one request in a hundred only if the others are few.
		for (int i = 0; i < 4; i++) {
			client(this.filtering, "GET /busy/never-answers HTTP/1.0\r\n\r\n", 1);
		}
		for (String path : List.of("/busy/asks-host?call=publish&type=plugin.busy.x&count=1",
				"/busy/asks-storage?type=LOOKUP&query=" + "A".repeat(40))) {
			client(this.filtering, "GET " + path + " HTTP/1.0\r\n\r\n", 1000);
		}
		// Soon its breaker opens.
		for (int i = 0; i < 2; i++) {
			client(this.filtering, "GET /slow/x HTTP/1.0\r\n\r\n", 100);
		}
		for (String path : List.of("/crashes/x", "/sleeps/x", "/shadow/x", "/keeps/x", "/closes")) {
			client(this.filtering, "GET " + path + " HTTP/1.0\r\n\r\n", 300);
		}
	}

	/**
	 * What a gateway of another replica has said, but for three events, and then again
	 * and again.
	 */
	private void loseEvents() {
		await("Redis", "hkp_cluster_events_joined == 1");
		String replica = UUID.randomUUID().toString();
		RedisClient client = RedisClient.create(this.redis.url());
		client.setOptions(ClientOptions.builder().autoReconnect(false).build());
		opened(() -> client.shutdown(0, 1, TimeUnit.SECONDS));
		var connection = client.connect();
		connection.sync().publish(CHANNEL, event(replica, 1));
		again(500, () -> connection.sync().publish(CHANNEL, event(replica, 5)));
	}

	private static String event(String replica, int number) {
		return """
				{"v":1,"replica":"%s","source":"gateway","number":%d,"sequence":%d,"type":"key.changed","at":1,"metadata":{}}
				{}"""
			.formatted(replica, number, number);
	}

	private void troubleEdge() throws IOException {
		for (int i = 0; i < 2; i++) {
			client(this.besieged, "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\nGET / HTTP/1.0\r\n\r\n", 50);
			client(this.besieged, "GET / HTTP/1.0\r\nX: " + "x".repeat(20_000) + "\r\n\r\n", 200);
			upload();
		}
		// There are two connections to the keyserver.
		for (int i = 0; i < 4; i++) {
			client(this.besieged, "GET /waits HTTP/1.0\r\n\r\n", 100);
		}
		AtomicInteger lines = new AtomicInteger();
		again(20, () -> flood(lines));
	}

	/** Many requests at a time, each of which the gateway answers itself and logs. */
	private void flood(AtomicInteger lines) throws IOException {
		if (lines.get() >= FLOOD_OF_LINES) {
			return;
		}
		try (RawClient client = new RawClient(this.besieged.port())) {
			client.send("OPTIONS / HTTP/1.1\r\nHost: k\r\n\r\n".repeat(100));
			for (int i = 0; i < 100; i++) {
				client.readHead();
				lines.incrementAndGet();
			}
		}
	}

	/** Of unknown length, so it is held until its end, which does not come. */
	private void upload() throws IOException {
		String bytes = "x".repeat(900 * 1024);
		opened(new RawClient(this.besieged.port()))
			.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n"
					+ Integer.toHexString(bytes.length()) + "\r\n" + bytes + "\r\n");
	}

	private void client(GatewayProcess gateway, String request, int pauseMillis) {
		again(pauseMillis, () -> RawClient.exchange(gateway.port(), request));
	}

	/** Until the end, whatever comes of it: what a test looks for shows elsewhere. */
	private void again(int pauseMillis, Attempt attempt) {
		Thread thread = new Thread(() -> {
			while (!this.over) {
				try {
					attempt.make();
				}
				catch (IOException | RuntimeException ex) {
					// Refused, or gone.
				}
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMillis));
			}
		}, "trouble");
		thread.setDaemon(true);
		thread.start();
		this.background.add(thread);
	}

	private static Path rules() {
		return CONFIG.resolve("prometheus/hkp-gateway.rules.yml");
	}

	/** Fires at once, and knows the rates of the last seconds only. */
	private static String impatient(String rules) {
		return rules.replaceAll("(?m)^ +for: \\w+$", "").replaceAll("(rate\\([^\\[]+)\\[\\d+m\\]", "$1[30s]");
	}

	private static List<String> dashboard() throws IOException {
		JsonNode dashboard = new JsonMapper().readTree(Files.readString(CONFIG.resolve("grafana/hkp-gateway.json")));
		List<String> expressions = new ArrayList<>();
		for (JsonNode panel : dashboard.path("panels")) {
			for (JsonNode target : panel.path("targets")) {
				expressions.add(target.path("expr")
					.asString("")
					.replace("$__rate_interval", "30s")
					// Else there would be data in any case.
					.replace(" or vector(0)", "")
					.replace("$instance", ".*")
					.replace("$plugin", ".*"));
			}
		}
		// What fills the menus, without the function of Grafana around it.
		for (JsonNode variable : dashboard.path("templating").path("list")) {
			Matcher query = LABEL_VALUES.matcher(variable.path("query").path("query").asString(""));
			if (query.matches()) {
				expressions.add(query.group(1).replace("$instance", ".*"));
			}
		}
		assertThat(expressions).noneMatch((expression) -> expression.contains("$"))
			.anyMatch((expression) -> expression.startsWith("up{"));
		return expressions;
	}

	/** And is no more than {@code docs/metrics.md} says. */
	private void everythingScrapedIsDocumented() throws Exception {
		Set<String> documented = METER.matcher(Files.readString(GatewayProcess.root().resolve("docs/metrics.md")))
			.results()
			.map((meter) -> meter.group(1) + " " + meter.group(2))
			.collect(Collectors.toSet());
		for (GatewayProcess gateway : List.of(this.filtering, this.besieged)) {
			List<String> scrape = scrape(gateway);
			assertThat(scrape.stream()
				.filter((line) -> line.matches("# TYPE hkp_.*") && !line.matches(".*_(seconds|ratio)_max gauge"))
				.map((line) -> line.substring("# TYPE ".length()))).hasSizeGreaterThan(20).isSubsetOf(documented);
			List<String> series = scrape.stream().filter((line) -> line.startsWith("hkp_")).toList();
			assertThat(series.stream().filter((line) -> !line.contains("plugin=\"")).count()).isLessThan(650);
			for (String plugin : List.of("slow", "busy", "shadow")) {
				assertThat(series.stream().filter((line) -> line.contains("plugin=\"" + plugin + "\"")).count())
					.isLessThan(250);
			}
		}
	}

	private static List<String> scrape(GatewayProcess gateway) throws Exception {
		URI uri = URI.create("http://127.0.0.1:" + gateway.managementPort() + "/actuator/prometheus");
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), HttpResponse.BodyHandlers.ofString())
			.body()
			.lines()
			.toList();
	}

	private <T extends AutoCloseable> T opened(T resource) {
		this.open.add(resource);
		return resource;
	}

	/** Something that a gateway in trouble may refuse. */
	@FunctionalInterface
	private interface Attempt {

		void make() throws IOException;

	}

}
