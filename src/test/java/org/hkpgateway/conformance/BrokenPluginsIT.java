package org.hkpgateway.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.grpc.FakePluginProgram;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugins that are wrong in one way each, and what the kit finds of it: that, and nothing
 * else of what is checked beside it.
 */
@Timeout(300)
class BrokenPluginsIT {

	private static final String ALL_CAPABILITIES = """
			capabilities = ["http.request", "http.respond", "http.response", "events.subscribe", "events.publish"]
			""";

	private static final String FEW_CAPABILITIES = """
			capabilities = ["http.request", "http.respond"]
			""";

	private static final String CONFIG = """
			[plugin.config]
			number = 1
			text = "a"
			list = ["a"]
			[plugin.config.table]
			key = "value"
			""";

	private static final String REQUESTS = "decisions,health.check";

	private static final String STREAM = "stream";

	private static final String LEAKS = "leaks.descriptors,leaks.threads,leaks.memory";

	/** Lines of the manifest, and what finds them. */
	private static final Map<String, String> MANIFESTS = Map.of("body = \"some\"\n", "manifest.valid",
			"colour = \"red\"\n", "manifest.clean");

	/** They use up the time for the handshake. */
	private static final Set<String> SILENT = Set.of("NEVER_PRINTS", "NO_NEWLINE");

	/** Half of the time a plugin is waited for in vain. */
	private static final int AT_A_TIME = 3;

	private static final ExecutorService threads = Executors.newFixedThreadPool(AT_A_TIME);

	private static final Map<Case, Future<Report>> reports = new HashMap<>();

	private Path plugins;

	/** Begins with all of them: each test below waits for its own. */
	@BeforeAll
	static void verifyAll(@TempDir Path root) {
		cases().forEach((each) -> reports.put(each, threads.submit(() -> verify(each, root))));
	}

	@AfterAll
	static void endAll() throws InterruptedException {
		threads.shutdownNow();
		// Their processes are in a directory that is about to be deleted.
		assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
	}

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = directory(root);
	}

	private static Path directory(Path root) throws IOException {
		return Files.setPosixFilePermissions(Files.createTempDirectory(root.toRealPath(), "plugins"),
				PosixFilePermissions.fromString("rwxr-xr-x"));
	}

	/** Otherwise no failure below would mean anything. */
	@Test
	void onePluginThatIsRightInEveryWay() throws Exception {
		Path plugin = install(new Case("", "CONTINUES", "HEALTHY", "BEHAVES", "TELLS", "BATCHES", "CONFORMS", "", ""),
				ALL_CAPABILITIES);
		// That one is a question to the machine, too: see LoadChecksTests.
		Set<Check> checks = EnumSet.complementOf(EnumSet.of(Check.DEADLINE_KEPT));
		Report report = verify(plugin, checks);
		assertThat(report.results()).hasSize(checks.size())
			.allSatisfy(
					(result) -> assertThat(result.outcome()).describedAs(result.toString()).isEqualTo(Outcome.PASS));
	}

	@Test
	void oneThatUsesNoneOfTheOptionalParts() throws Exception {
		Path plugin = install(new Case("", "CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS", "", ""),
				FEW_CAPABILITIES);
		Report report = verify(plugin, checks("stream,response,events,health"));
		assertThat(report.of(Outcome.FAIL)).isEmpty();
		assertThat(report.of(Outcome.WARN)).isEmpty();
		assertThat(report.of(Outcome.SKIPPED).stream().map((result) -> result.check().group())).containsOnly("stream",
				"response", "events");
	}

	/** The check that has failed is not one of those that are asked for. */
	@Test
	void whatIsNotReachedIsNoPass() throws Exception {
		Path plugin = install(conduct("EXITS_AT_ONCE", "", ""), FEW_CAPABILITIES);
		Report report = verify(plugin, checks("decisions,stream"));
		assertThat(report.of(Outcome.MISSED)).hasSize(checks("decisions,stream").size())
			.allSatisfy((result) -> assertThat(result.got()).contains("handshake.time failed"));
		assertThat(report.failed()).isTrue();
	}

	/** A plugin that breaks off has not printed all that it would. */
	@Test
	void outputOfHalfARunIsNoPass() throws Exception {
		Path plugin = install(new Case("HALTS", "HALTS", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS", "", ""),
				FEW_CAPABILITIES);
		Report report = verify(plugin, checks("output"));
		assertThat(report.of(Outcome.MISSED)).hasSize(checks("output").size());
		assertThat(report.failed()).isTrue();
	}

	@Test
	void findsFaultsOfManifests() throws Exception {
		for (Map.Entry<String, String> each : MANIFESTS.entrySet()) {
			Path parent = Files.createDirectory(this.plugins.resolve(each.getValue()));
			Path plugin = FakePluginProgram.installConforming(parent, each.getKey() + FEW_CAPABILITIES,
					List.of("CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS"));
			assertThat(wrong(verify(plugin, checks("manifest")))).isEqualTo(ids(each.getValue()));
		}
	}

	/** A check that no plugin fails may as well not be there. */
	@Test
	void eachCheckFindsSomething() {
		Set<String> finding = new TreeSet<>(MANIFESTS.values());
		cases().forEach((each) -> finding.addAll(ids(each.wrong())));
		assertThat(finding).containsExactlyInAnyOrderElementsOf(Arrays.stream(Check.values()).map(Check::id).toList());
	}

	static Stream<Case> cases() {
		return Stream.of(
				// The launch.
				conduct("IGNORES_COOKIE", "cookie", "cookie.exit,cookie.message,cookie.silence"),
				conduct("EXITS_0_WITHOUT_COOKIE", "cookie", "cookie.exit"),
				conduct("SAYS_NOTHING_WITHOUT_COOKIE", "cookie", "cookie.message"),
				conduct("IGNORES_BAD_CREDENTIALS", "credentials", "credentials.malformed"),
				conduct("CLAIMS_ANY_VERSION", "version", "version.none"),
				conduct("CHOOSES_LAST_VERSION", "version", "version.chosen"),
				conduct("HANGS_WITHOUT_COMMON_VERSION", "version", "version.none"),
				conduct("EXITS_AT_ONCE", "handshake", "handshake.time"),
				conduct("NEVER_PRINTS", "handshake", "handshake.time"),
				conduct("NO_NEWLINE", "handshake", "handshake.first-line"),
				conduct("PRINTS_GARBAGE", "handshake", "handshake.first-line"),
				conduct("PRINTS_BEFORE_HANDSHAKE", "handshake", "handshake.first-line"),
				conduct("BLANK_FIRST_LINE", "handshake,connection", "handshake.first-line"),
				conduct("WRONG_CORE", "handshake", "handshake.version"),
				conduct("WRONG_APP", "handshake", "handshake.version"),
				conduct("SAYS_TCP", "handshake", "handshake.address"),
				conduct("LISTENS_ELSEWHERE", "handshake,connection", "handshake.address"),
				conduct("NO_CERTIFICATE", "handshake", "handshake.certificate"),
				new Case("CERTIFICATE_UNASKED", "CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", "CERTIFICATE_UNASKED",
						"plaintext.start,tcp.start", "plaintext.start,tcp.start"),
				manners("BINDS_SLOWLY", "handshake,connection", "handshake.listening"),
				manners("SHOWS_ANOTHER_CERTIFICATE", "handshake,connection", "connection.opens"),
				conduct("LETS_ANYBODY_IN", "handshake,mtls", "mtls.no-certificate,mtls.foreign-certificate"),
				conduct("LETS_ANY_CERTIFICATE_IN", "handshake,mtls", "mtls.foreign-certificate"),
				conduct("SPEAKS_PLAINTEXT_TOO", "handshake,mtls", "mtls.plaintext"),
				conduct("KNOWS_NO_SECRET", "secret.start", "secret.start"),
				conduct("GUARDS_UNARY_ONLY", "secret", "secret.no-token,secret.wrong-token"),
				conduct("CHECKS_NO_TOKEN", "secret", "secret.no-token,secret.wrong-token"),
				conduct("WANTS_ANY_TOKEN", "secret", "secret.wrong-token"),
				manners("WRONG_PROOF", "secret", "secret.proof"), manners("NO_PROOF", "secret", "secret.proof"),
				conduct("LOCKS_DATA_DIRECTORY", "reload,plaintext,tcp", "reload.side-by-side"),
				manners("NEEDS_NEWER_GATEWAY", "initialize.accepts,gateway", "gateway.start"),
				// Getting to know each other.
				manners("REFUSES", "initialize.accepts,info", "initialize.accepts"),
				manners("SILENT", "initialize.accepts,info", "initialize.accepts"),
				manners("NOT_A_PLUGIN", "initialize.accepts,info", "initialize.accepts"),
				manners("GO_PLUGIN_NOT_SERVING", "health.standard,initialize.accepts", "health.standard"),
				conduct("REFUSES_AGAIN", "initialize.accepts,initialize.again", "initialize.again"),
				conduct("ACCEPTS_BAD_JSON", "initialize", "initialize.bad-json"),
				conduct("ACCEPTS_WRONG_TYPES", "initialize", "initialize.wrong-types"),
				conduct("REFUSES_WITHOUT_NAMING", "initialize", "initialize.wrong-types"),
				conduct("CRASHES_WITHOUT_CONFIGURATION", "initialize", "initialize.nothing"),
				manners("OTHER_NAME", "info", "info.name"), conduct("OTHER_VERSION", "info", "info.version"),
				conduct("WANTS_MORE", "info", "info.capabilities"),
				// Requests.
				behaviour("ALL_DEFAULT_MESSAGE", "decisions.valid"), behaviour("STATUS_99", "decisions.valid"),
				behaviour("STATUS_100", "decisions.valid"), behaviour("STATUS_999", "decisions.valid"),
				behaviour("CRLF_IN_HEADER", "decisions.valid"),
				behaviour("COMPLETES_WITHOUT_ANSWER", "decisions.valid"), behaviour("ANSWERS_TWICE", "decisions.valid"),
				behaviour("ANSWERS_5_MB", "decisions.valid"), behaviour("FAILS_UNKNOWN", "decisions.valid"),
				behaviour("KNOWS_NO_REQUESTS", "decisions.valid"), behaviour("NEVER_ANSWERS", "decisions.valid"),
				new Case("HALTS", "HALTS", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS", "decisions", "decisions.valid"),
				conduct("DIES_AFTER_CORPUS", "decisions", "decisions.valid"),
				behaviour("STATUS_502", "decisions.status"),
				behaviour("STATUS_204_WITH_BODY", "decisions.status,decisions.uploads"),
				behaviour("ANSWERS_WITH_HOP_BY_HOP", "decisions.headers"),
				behaviour("SETS_HOST", "decisions.headers,decisions.granted"), behaviour("MARKS", "decisions.granted"),
				behaviour("WANTS_EXACT", "decisions.granted,decisions.valid"),
				behaviour("REWRITES_BADLY", "decisions.granted,decisions.valid"),
				new Case("TAKES_UPLOADS", "CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", "TAKES_UPLOADS", REQUESTS,
						"decisions.uploads"),
				new Case("TAKES_300_MS", "TAKES_300_MS", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS",
						"deadline.kept,health.check", "deadline.kept"),
				conduct("DIES_OF_CANCELLED_CALLS", "cancel", "cancel.unary"),
				conduct("DIES_OF_SHORT_DEADLINES", "deadline.passed", "deadline.passed"),
				conduct("TAKES_FEW_AT_A_TIME", "concurrency", "concurrency.unary"),
				conduct("FAILS_HEALTH", "health", "health.check,health.under-load"),
				conduct("FAILS_HEALTH_UNDER_LOAD", "health", "health.under-load"),
				// The stream.
				stream("UNIMPLEMENTED", "stream.works"), stream("BREAKS_AT_ONCE", "stream.works"),
				stream("NEVER_ANSWERS", "stream.works"), stream("COMPLETES", "stream.works"),
				stream("UNKNOWN_IDS", "stream.ids,stream.cancel"), stream("ANSWERS_TWICE", "stream.ids,stream.cancel"),
				stream("NEVER_ENDS", "stream.half-close"),
				new Case("DECIDES_OTHERWISE_ON_STREAM", "CONTINUES", "HEALTHY", "BEHAVES", "OFF", "OFF",
						"DECIDES_OTHERWISE_ON_STREAM", STREAM, "stream.equals-unary"),
				new Case("DROPS_UPLOADS_OF_STREAM", "CONTINUES", "HEALTHY", "BEHAVES", "OFF", "OFF",
						"DROPS_UPLOADS_OF_STREAM", "stream.works,stream.equals-unary", "stream.works"),
				// What nobody can compare is no fault of the stream.
				new Case("DECIDES_BY_CHANCE", "CONTINUES", "HEALTHY", "BEHAVES", "OFF", "OFF", "DECIDES_BY_CHANCE",
						STREAM, ""),
				// The rest of the conversation.
				response("UNIMPLEMENTED"), response("FAILS_UNKNOWN"), response("CRLF_IN_HEADER"),
				response("SETS_CONTENT_LENGTH"), response("SETS_COOKIE"), response("TOO_MANY_CHANGES"),
				events("UNKNOWN", "events.delivery"), events("NEVER_ANSWERS", "events.delivery"),
				events("EMITS", "events.emission"),
				manners("HANGS_IN_SHUTDOWN", "shutdown", "shutdown.answer,shutdown.exit"),
				conduct("NEVER_EXITS", "shutdown", "shutdown.exit"), conduct("EXITS_3", "shutdown", "shutdown.exit"),
				conduct("IGNORES_SIGTERM", "shutdown", "shutdown.sigterm,shutdown.stdin"),
				conduct("IGNORES_STDIN", "shutdown", "shutdown.stdin"),
				conduct("LEAVES_CHILD", "leaks.processes,leaks.socket,shutdown.exit", "leaks.processes"),
				conduct("LEAVES_SOCKET", "leaks.processes,leaks.socket,shutdown.exit", "leaks.socket"),
				// What it prints and uses.
				conduct("PRINTS_SECRETS", "output,secret.start", "output.secrets"),
				conduct("PRINTS_COOKIE", "output", "output.secrets"),
				conduct("PRINTS_BYTES", "output", "output.stdout"),
				conduct("PRINTS_BAD_JSON", "output", "output.stderr"),
				new Case("PRINTS_LONG_LINES", "PRINTS_LONG_LINES", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS", "output",
						"output.stdout,output.stderr,output.volume"),
				new Case("FLOODS", "FLOODS", "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS", "output", "output.volume"),
				conduct("LEAKS_DESCRIPTORS", LEAKS, "leaks.descriptors"),
				conduct("LEAKS_PER_CONNECTION", LEAKS, "leaks.descriptors"),
				conduct("LEAKS_THREADS", LEAKS, "leaks.threads"), conduct("LEAKS_MEMORY", LEAKS, "leaks.memory"),
				conduct("DIES_AFTER_2000", LEAKS, LEAKS));
	}

	private static Case conduct(String conduct, String checks, String wrong) {
		return new Case(conduct, "CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", conduct, checks, wrong);
	}

	private static Case manners(String manners, String checks, String wrong) {
		return new Case(manners, "CONTINUES", manners, "OFF", "OFF", "OFF", "CONFORMS", checks, wrong);
	}

	private static Case behaviour(String behaviour, String wrong) {
		return new Case(behaviour, behaviour, "HEALTHY", "OFF", "OFF", "OFF", "CONFORMS", REQUESTS, wrong);
	}

	private static Case stream(String manners, String wrong) {
		return new Case("stream: " + manners, "CONTINUES", "HEALTHY", manners, "OFF", "OFF", "CONFORMS", STREAM, wrong);
	}

	private static Case response(String manners) {
		return new Case("response: " + manners, "CONTINUES", "HEALTHY", "OFF", manners, "OFF", "CONFORMS",
				"decisions,response", "response.decides");
	}

	private static Case events(String manners, String wrong) {
		return new Case("events: " + manners, "CONTINUES", "HEALTHY", "OFF", "OFF", manners, "CONFORMS", "events,info",
				wrong);
	}

	@ParameterizedTest
	@MethodSource("cases")
	void finds(Case each) throws Exception {
		Report report = reports.get(each).get();
		assertThat(wrong(report)).describedAs(report.toString()).isEqualTo(ids(each.wrong()));
	}

	private static Report verify(Case each, Path root) throws IOException, InterruptedException {
		boolean all = !each.response().equals("OFF") || !each.events().equals("OFF");
		Path plugin = install(directory(root), each, all ? ALL_CAPABILITIES : FEW_CAPABILITIES);
		Duration start = SILENT.contains(each.name()) ? Duration.ofSeconds(5) : Limits.START;
		return verify(plugin, checks(each.checks()), start);
	}

	private static Set<String> wrong(Report report) {
		return report.results()
			.stream()
			.filter((result) -> result.outcome() == Outcome.FAIL || result.outcome() == Outcome.WARN)
			.map((result) -> result.check().id())
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private Path install(Case each, String capabilities) throws IOException {
		return install(this.plugins, each, capabilities);
	}

	private static Path install(Path parent, Case each, String capabilities) throws IOException {
		return FakePluginProgram.installConforming(parent, capabilities + CONFIG, List.of(each.behaviour(),
				each.manners(), each.stream(), each.response(), each.events(), each.conduct()));
	}

	private static Report verify(Path plugin, Set<Check> checks) throws InterruptedException {
		return verify(plugin, checks, Limits.START);
	}

	private static Report verify(Path plugin, Set<Check> checks, Duration start) throws InterruptedException {
		try (Conformance conformance = new Conformance("0.1", new VerifyRequest(plugin, Map.of(), null, checks),
				(result) -> {
				}, start)) {
			return conformance.run();
		}
	}

	private static Set<String> ids(String list) {
		return Arrays.stream(list.split(",", -1))
			.filter((id) -> !id.isEmpty())
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private static Set<Check> checks(String list) {
		Set<String> ids = ids(list);
		return Arrays.stream(Check.values())
			.filter((check) -> ids.contains(check.id()) || ids.contains(check.group()))
			.collect(Collectors.toSet());
	}

	/** What a plugin does, which checks are made, and which of them find something. */
	record Case(String name, String behaviour, String manners, String stream, String response, String events,
			String conduct, String checks, String wrong) {

		@Override
		public String toString() {
			return this.name;
		}

	}

}
