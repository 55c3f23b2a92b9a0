package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real Prometheus on a port of loopback, which looks at its targets every five seconds
 * and at its rules each second.
 */
public final class PrometheusServer implements AutoCloseable {

	private static final Duration DEADLINE = Duration.ofSeconds(60);

	private static final JsonMapper json = new JsonMapper();

	private final HttpClient http = HttpClient.newHttpClient();

	private final Path directory = TemporaryDirectory.create("pm");

	private final int port = FreePorts.next();

	private final Process process;

	private PrometheusServer(String rules, int... managementPorts) {
		StringBuilder targets = new StringBuilder();
		for (int target : managementPorts) {
			targets.append("\"127.0.0.1:").append(target).append("\", ");
		}
		try {
			Files.writeString(this.directory.resolve("rules.yml"), rules);
			Files.writeString(this.directory.resolve("prometheus.yml"), """
					global: {scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 1s}
					scrape_configs:
					  - job_name: hkp-gateway
					    metrics_path: /actuator/prometheus
					    static_configs: [{targets: [%s]}]
					rule_files: [rules.yml]
					""".formatted(targets));
			this.process = new ProcessBuilder(Requirements.program("prometheus").toString(),
					"--config.file=" + this.directory.resolve("prometheus.yml"),
					"--storage.tsdb.path=" + this.directory.resolve("data"),
					"--web.listen-address=127.0.0.1:" + this.port)
				.directory(this.directory.toFile())
				.redirectErrorStream(true)
				.redirectOutput(log().toFile())
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Starts one and waits until it answers. Skips the test if Prometheus is not
	 * installed.
	 * @param rules a file of rules
	 * @param managementPorts of gateways
	 */
	public static PrometheusServer start(String rules, int... managementPorts) {
		Requirements.program("prometheus");
		PrometheusServer server = new PrometheusServer(rules, managementPorts);
		try {
			Awaitility.await()
				.atMost(DEADLINE)
				.pollInterval(Duration.ofMillis(50))
				.until(() -> server.written().contains("Server is ready") || !server.process.isAlive());
			if (!server.process.isAlive()) {
				throw new AssertionError("expected: a running prometheus, got: its end; it wrote " + server.written());
			}
			return server;
		}
		catch (IOException ex) {
			server.close();
			throw new UncheckedIOException(ex);
		}
		catch (RuntimeException | AssertionError ex) {
			server.close();
			throw ex;
		}
	}

	private Path log() {
		return this.directory.resolve("prometheus.log");
	}

	private String written() throws IOException {
		return Files.readString(log(), StandardCharsets.ISO_8859_1);
	}

	/**
	 * Whether an expression has a value now. NaN is none.
	 * @param expression in PromQL
	 */
	public boolean hasData(String expression) {
		JsonNode answer = get("query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
		if (!answer.path("status").asString("").equals("success")) {
			throw new AssertionError("expected: an expression that Prometheus understands, got: " + answer);
		}
		for (JsonNode sample : answer.path("data").path("result")) {
			if (!sample.path("value").path(1).asString("NaN").equals("NaN")) {
				return true;
			}
		}
		return false;
	}

	/** The names of the alerts that fire now. */
	public Set<String> firing() {
		Set<String> names = new TreeSet<>();
		for (JsonNode alert : get("alerts").path("data").path("alerts")) {
			if (alert.path("state").asString("").equals("firing")) {
				names.add(alert.path("labels").path("alertname").asString(""));
			}
		}
		return names;
	}

	private JsonNode get(String path) {
		try {
			return json.readTree(
					this.http
						.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.port + "/api/v1/" + path))
							.timeout(DEADLINE)
							.build(), HttpResponse.BodyHandlers.ofString())
						.body());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/** Ends it and deletes its directory. */
	@Override
	public void close() {
		try {
			this.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		TemporaryDirectory.delete(this.directory);
	}

}
