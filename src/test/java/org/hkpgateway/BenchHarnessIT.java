package org.hkpgateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The benchmark's own tests, and that its command measures what it says. Figures are not
 * looked at; but it loads the machine until nothing is left, and what else does so at the
 * time would make its requests fail.
 */
@Tag("alone")
@Timeout(300)
class BenchHarnessIT {

	private static final Path HERE = Path.of(System.getProperty("java.io.tmpdir"));

	private static final Path BENCH = Path.of(System.getProperty("hkp.root"), "bench");

	@Test
	void itsOwnTestsPass() {
		Command.Result result = python("-m", "unittest", "discover", "-s", BENCH.resolve("tests").toString(), "-t",
				BENCH.toString());
		assertThat(result.exitCode()).as(result.errors()).isZero();
		assertThat(result.errors()).containsPattern("Ran [1-9]\\d* tests").endsWith("OK\n");
	}

	@ParameterizedTest
	@ValueSource(strings = { "measure", "caller", "asker", "decision" })
	void theTestsOfItsProgramsPass(String program) {
		Command
			.run(BENCH.resolve(program), Duration.ofSeconds(240), new byte[0],
					List.of(Requirements.program("go").toString(), "test", "-count=1", "./..."))
			.orFail();
	}

	@Test
	void theCommandListsTheContenders() {
		assertThat(python(BENCH.resolve("run").toString(), "--list").orFail().text()).contains("nginx-auth",
				"haproxy-spoe", "forwarder", "scg-3", "gateway-0", "gateway-5-stream-mtls");
	}

	/** Of each kind of contender that needs no other build than this one. */
	@Test
	void aMeasurementHasFiguresWithoutErrors(@TempDir Path results) throws Exception {
		List.of("nginx", "haproxy", "wrk").forEach(Requirements::program);
		build("decision");
		List<String> contenders = List.of("direct", "nginx", "nginx-auth", "haproxy", "haproxy-spoe", "gateway-0",
				"gateway-1-unary-plain", "gateway-1-stream-mtls");
		Command.Result run = python(BENCH.resolve("run").toString(), "--no-build", "--rounds", "1", "--seconds", "1",
				"--warmup", "1", "--connections", "96", "--contenders", String.join(",", contenders), "--out",
				results.toString());
		assertThat(run.exitCode()).as(run.errors()).isZero();
		JsonNode measurements = new ObjectMapper().readTree(results.resolve("results.json").toFile())
			.path("measurements");
		assertThat(measurements.valueStream().map((one) -> one.path("contender").asString()))
			.hasSameElementsAs(contenders);
		assertThat(measurements.valueStream()).allSatisfy((one) -> {
			assertThat(one.path("errors").asInt(-1)).as(one.toString()).isZero();
			assertThat(one.path("throughput").asDouble()).isPositive();
		});
	}

	@Test
	void theFiguresOfWhatPluginsAskAreAllThereWithoutErrors(@TempDir Path results) throws Exception {
		List.of("nginx", "wrk", "redis-server").forEach(Requirements::program);
		build("caller");
		Command.Result run = python(BENCH.resolve("figures").toString(), "--no-build", "--rounds", "1", "--seconds",
				"1", "--flood-seconds", "2", "--warmup", "1", "--callers", "4", "--out", results.toString());
		assertThat(run.exitCode()).as(run.errors()).isZero();
		JsonNode readings = new ObjectMapper().readTree(results.resolve("figures.json").toFile()).path("readings");
		assertThat(readings.valueStream().map((one) -> one.path("name").asString())).containsExactlyInAnyOrder(
				"host-info-4", "lookup-cached-4", "lookup-uncached-4", "http-4", "tokens-local-4", "tokens-redis-4",
				"redis-4", "1-writer", "2-writers", "quiet", "unheard", "healthy", "stopped", "both");
		assertThat(readings.valueStream()).allSatisfy((one) -> {
			assertThat(one.path("values").path("errors").asInt(0)).as(one.toString()).isZero();
			assertThat(one.path("values").path("rate").asDouble(1)).as(one.toString()).isPositive();
		});
		assertThat(readings.valueStream()
			.filter((one) -> one.path("name").asString().equals("stopped"))
			.map((one) -> one.path("values").path("stopped lost").asLong())).singleElement()
			.satisfies((lost) -> assertThat(lost).isPositive());
	}

	/**
	 * A project that is made for it, a plugin that is given to it, and both that the SDKs
	 * are compared with.
	 */
	@Test
	void whatAnSdkCostsHasFiguresWithoutErrors(@TempDir Path results) throws Exception {
		build("asker");
		build("decision");
		Command.Result run = python(BENCH.resolve("sdks").toString(), "--no-build", "--contenders",
				"go,antiabuse,go-plugin,bare", "--plugin", "antiabuse=" + GatewayProcess.ANTIABUSE, "--rounds", "1",
				"--launches", "1", "--seconds", "1", "--warmup", "1", "--at-once", "1,4", "--out", results.toString());
		assertThat(run.exitCode()).as(run.errors()).isZero();
		JsonNode readings = new ObjectMapper().readTree(results.resolve("sdks.json").toFile()).path("readings");
		List<String> names = List.of("go", "antiabuse", "go-plugin", "bare");
		assertThat(
				readings.valueStream().map((one) -> one.path("table").asString() + " " + one.path("name").asString()))
			.containsExactlyInAnyOrderElementsOf(names.stream()
				.flatMap((name) -> Stream.of("start " + name, "memory " + name, "calls " + name + "-unary-1",
						"calls " + name + "-unary-4", "calls " + name + "-stream-1", "calls " + name + "-stream-4"))
				.toList());
		assertThat(readings.valueStream()).allSatisfy((one) -> {
			JsonNode values = one.path("values");
			assertThat(values.path("errors").asInt(0)).as(one.toString()).isZero();
			for (String value : List.of("ready", "resident", "loaded", "rate", "p99")) {
				assertThat(values.path(value).asDouble(1)).as(one.toString()).isPositive();
			}
		});
	}

	/** A program of the benchmark. */
	private static void build(String program) {
		Command.run(BENCH.resolve(program), Duration.ofSeconds(120), new byte[0],
				List.of(Requirements.program("go").toString(), "build", "-o",
						BENCH.resolveSibling("target/bench/" + program).toString(), "."))
			.orFail();
	}

	private static Command.Result python(String... arguments) {
		String[] command = new String[arguments.length + 2];
		command[0] = Requirements.program("python3").toString();
		// Leaves no compiled files in the sources.
		command[1] = "-B";
		System.arraycopy(arguments, 0, command, 2, arguments.length);
		return Command.run(HERE, Duration.ofSeconds(240), new byte[0], List.of(command));
	}

}
