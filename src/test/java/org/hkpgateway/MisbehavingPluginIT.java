package org.hkpgateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.hkpgateway.chain.ChainResult;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.lifecycle.LifecycleSettings;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.Transport;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.LocalPluginLauncher;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import io.netty.channel.epoll.Epoll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What plugins may do wrong, one test for each behaviour, in the order of a plugin's
 * life: what the operator reads, what the client gets, and that another plugin of the
 * same host is not disturbed. The plugins are real processes; after each test nothing of
 * them is left. Edge cases are tested where they are decided: {@code LaunchFailureIT},
 * {@code GrpcPluginClientTests}, {@code StreamingPluginClientTests} and others.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
@Timeout(240)
class MisbehavingPluginIT {

	private static final Duration LONG = Duration.ofSeconds(30);

	private static final Duration HOUR = Duration.ofHours(1);

	/** For plugins that do not come up: one try. */
	private static final LifecycleSettings ONE_TRY = RealPluginHost.settings(LONG, LONG, LONG, 1);

	/** For those that are waited for in vain. */
	private static final LifecycleSettings ONE_SHORT_TRY = RealPluginHost.settings(Duration.ofSeconds(2), LONG, LONG,
			1);

	/** For those that shake hands and are connected to in vain. */
	private static final LifecycleSettings ONE_SHORT_CONNECT = RealPluginHost.settings(LONG, Duration.ofSeconds(2),
			LONG, LONG, 1);

	/** For plugins that come up, and come back. */
	private static final LifecycleSettings RESTARTS = RealPluginHost.settings(LONG, LONG, HOUR, 5);

	/** What is told of a plugin that shook hands and is good for nothing. */
	private static final String ENDED = "; its process then ended: killed by signal ";

	private static final String COMPLAINT = "\n    | the disk is full";

	private static final String TMPDIR = "java.io.tmpdir";

	private final String temporaryBefore = System.getProperty(TMPDIR);

	@TempDir
	private Path plugins;

	private Path temporary;

	private Leftovers leftovers;

	private RealPluginHost host;

	@BeforeEach
	void takeStock() throws IOException {
		// What Netty unpacks once must not be unpacked into a directory of ours.
		Epoll.isAvailable();
		// Short, for the sake of socket paths.
		this.temporary = Files.createTempDirectory(Path.of("/tmp"), "hb").toRealPath();
		System.setProperty(TMPDIR, this.temporary.toString());
		this.leftovers = new Leftovers(this.temporary);
	}

	@AfterEach
	void nothingIsLeft() throws IOException {
		try {
			if (this.host != null) {
				this.host.close();
			}
			this.leftovers.assertNone();
		}
		finally {
			System.setProperty(TMPDIR, this.temporaryBefore);
			FileSystemUtils.deleteRecursively(this.temporary);
		}
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '~', quoteCharacter = '`', value = {
			"exits at once with 0 ~ echo 'nothing to do' >&2; exit 0 ~ got: nothing; exit code 0 ~ | nothing to do",
			"exits at once with 1 ~ exit 1 ~ exited before the handshake ~ got: nothing; exit code 1",
			"exits at once by signal ~ kill -KILL $$ ~ exited before the handshake ~ killed by signal 9",
			"prints garbage ~ echo 'Usage: plugin [-v]'; exec sleep 600 ~ not a handshake: expected: core|app|network ~ got: 'Usage: plugin [-v]'",
			"prints before the handshake ~ echo 'WARNING: old'; echo '1|1|unix|/s|grpc'; exec sleep 600 ~ got: 'WARNING: old' ~ print something before the handshake?",
			"prints a stdout line over 64 KiB first ~ head -c 200000 /dev/zero | tr '\\0' x; echo; exec sleep 600 ~ not a handshake ~ got: 'xxxxxxxxxx",
			"wrong core ~ echo '2|1|unix|/s|grpc'; exec sleep 600 ~ core protocol version: expected: 1, got: 2 ~ killed",
			"wrong app version ~ echo '1|7|unix|/s|grpc'; exec sleep 600 ~ no common app protocol version: the plugin speaks 7, this gateway speaks [1] ~ killed",
			"says tcp without being offered it ~ echo '1|1|tcp|127.0.0.1:4711|grpc'; exec sleep 600 ~ network tcp was not offered: expected: unix ~ got: tcp 127.0.0.1:4711" })
	void failsAtTheHandshake(String behaviour, String body, String what, String more) throws Exception {
		failsToStart(ONE_TRY, script(body).build(), what, more);
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '~', quoteCharacter = '`', value = {
			"never prints ~ exec sleep 600 ~ no handshake: expected: a line on stdout within 2 s ~ it was still running and has been killed",
			"prints a line without newline ~ printf '1|1|unix|/run/x|grpc'; exec sleep 600 ~ got: '1|1|unix|/run/x|grpc' without a newline ~ does the plugin flush its stdout?" })
	void isWaitedForInVain(String behaviour, String body, String what, String more) throws Exception {
		failsToStart(ONE_SHORT_TRY, script(body).build(), what, more);
	}

	@Test
	@DisplayName("blank first line")
	void blankFirstLine() throws Exception {
		assertThat(started(fake("CONTINUES").before("echo; echo")).state()).isEqualTo(PluginState.READY);
		decides(PluginOutcome.Kind.CONTINUED);
	}

	@Test
	@DisplayName("prints a stdout line over 64 KiB later")
	void longLine() throws Exception {
		started(fake("PRINTS_LONG_LINES"));
		decides(PluginOutcome.Kind.CONTINUED);
		this.host.await("the lines after the long ones",
				() -> this.host.output.stream().filter("bad: INFO after the long line"::equals).count() == 2);
		assertThat(this.host.output).filteredOn((line) -> line.endsWith("xxx [cut after 64 KiB]")).hasSize(2);
	}

	@Test
	@DisplayName("floods stdout and stderr")
	void floods() throws Exception {
		beside(fake("FLOODS"));
		this.host.await("suppressed lines", () -> {
			assertThat(disturbed(this.host.ask())).isNull();
			return this.host.output.stream().anyMatch((line) -> line.contains("lines of output suppressed"));
		});
		assertThat(this.host.output).hasSizeLessThan(10_000);
		notDisturbed();
	}

	@Test
	@DisplayName("says tcp, having been offered it")
	void tcp() throws Exception {
		Fake plugin = fake("CONTINUES");
		PluginSource.Launched unix = TestSpec.launched(plugin.spec().build());
		TestSpec spec = plugin.spec()
			.source(new PluginSource.Launched(unix.directory(), unix.executable(), unix.arguments(), null,
					HandshakeMode.GO_PLUGIN, Network.TCP, IsolationLevel.NONE));
		assertThat(started(RESTARTS, spec.build()).security()).contains("mtls");
		decides(PluginOutcome.Kind.CONTINUED);
	}

	@Test
	@DisplayName("bad cookie")
	void badCookie() throws Exception {
		failsToStart(ONE_TRY,
				script("HKP_PLUGIN_COOKIE=wrong exec '"
						+ GatewayProcess.ANTIABUSE.toRealPath().resolve("hkp-plugin-antiabuse") + "'")
					.build(),
				"exited before the handshake: expected: a line on stdout, got: nothing; exit code 1",
				"| this is a plugin, not a program to run by hand");
	}

	@Test
	@DisplayName("binds slowly")
	void bindsSlowly() throws Exception {
		assertThat(started(fake("CONTINUES", "BINDS_SLOWLY")).state()).isEqualTo(PluginState.READY);
		decides(PluginOutcome.Kind.CONTINUED);
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '~', quoteCharacter = '`', value = {
			"accepts connections but never speaks ~ 128 ~ got: something that accepts connections but does not speak HTTP/2",
			"listens but never accepts ~ 0 ~ got: a socket that takes no connection: Resource temporarily" })
	void neverSpeaks(String behaviour, int queue, String got) throws Exception {
		failsToStart(ONE_SHORT_CONNECT, python("""
				path = os.environ["PLUGIN_UNIX_SOCKET_DIR"] + "/mute.sock"
				server = socket.socket(socket.AF_UNIX)
				server.bind(path)
				server.listen(%d)
				print("lost in thought", file=sys.stderr, flush=True)
				print("1|1|unix|" + path + "|grpc", flush=True)
				time.sleep(600)
				""".formatted(queue)), "cannot connect: expected: a gRPC server at ", got, ENDED,
				"; last lines of stderr:\n    | lost in thought");
	}

	@Test
	@DisplayName("accepts but never answers Initialize")
	void neverAnswersInitialize() throws Exception {
		failsToStart(RealPluginHost.settings(LONG, Duration.ofSeconds(1), LONG, 1),
				fake("CONTINUES", "SILENT").spec().build(),
				"Initialize: expected: an answer within 1000 ms, got: none");
	}

	@ParameterizedTest(name = "Initialize fails: {0}")
	@CsvSource({ "REFUSES,got: a refusal: no database", "REFUSES_WITHOUT_REASON,got: a refusal without a reason" })
	void initializeFails(String manners, String got) throws Exception {
		failsToStart(ONE_TRY, complaining(manners).spec().build(), "Initialize: expected: success, " + got, ENDED,
				COMPLAINT);
	}

	/** The same whether each request is a call of its own or all go by the stream. */
	@Nested
	@ParameterizedClass(name = "{0}")
	@EnumSource
	@DisplayName("asked either way")
	class EitherWay {

		@Parameter
		private Asked asked;

		private Fake asked(String behaviour) {
			return fake(behaviour, "GOOD", this.asked.manners);
		}

		@Test
		@DisplayName("crashes during a request")
		void crashes() throws Exception {
			long pid = beside(asked("HALTS"));
			assertThat(disturbed(MisbehavingPluginIT.this.host.ask())).startsWith("unavailable: ");
			PluginStatus again = MisbehavingPluginIT.this.host.awaitOther("bad", pid);
			assertThat(again.restarts()).isEqualTo(1);
			assertThat(again.lastFailure().orElseThrow().reason()).contains("process ended: exit code 3");
			notDisturbed();
		}

		@Test
		@DisplayName("answers after the deadline")
		void answersTooLate() throws Exception {
			long pid = beside(asked("ANSWERS_WHEN_TOO_LATE").timeout(Duration.ofMillis(500)));
			assertThat(disturbed(MisbehavingPluginIT.this.host.ask())).startsWith("timeout: ");
			assertThat(disturbed(MisbehavingPluginIT.this.host.ask())).startsWith("timeout: ");
			PluginStatus status = MisbehavingPluginIT.this.host.status("bad");
			assertThat(status.state()).isEqualTo(PluginState.READY);
			assertThat(status.pid()).as("a call that is late kills no process").hasValue(pid);
			notDisturbed();
		}

		/** One plugin, which answers as the path says. */
		@TestFactory
		Stream<DynamicTest> answersWrongly() throws Exception {
			startedToModify(asked("AS_ASKED"));
			return Stream.of(
					wrong("answers with unset decision", "all-default-message", "expected: continue_chain or a status"),
					responded("answers 502", "status-502", 500),
					wrong("illegal header: CR and LF", "crlf-in-header", "got 0x0d at position 1"),
					wrong("illegal header: Host", "sets-host",
							"changed the request header Host, which no plugin may write"),
					wrong("status 99", "status-99", "a status from 200 to 599, got: status 99"),
					wrong("status 100", "status-100", "a status from 200 to 599, got: status 100"),
					responded("status 204 with a body", "status-204-with-body", 204),
					wrong("status 999", "status-999", "a status from 200 to 599, got: status 999"));
		}

		private DynamicTest wrong(String name, String behaviour, String failure) {
			return DynamicTest.dynamicTest(name, () -> failsClosed("/" + behaviour, "protocol-error: ", failure));
		}

		private DynamicTest responded(String name, String behaviour, int status) {
			return DynamicTest.dynamicTest(name, () -> {
				ChainResult.Answer answer = (ChainResult.Answer) MisbehavingPluginIT.this.host.ask("/" + behaviour);
				PluginOutcome outcome = answer.outcomes().get(0);
				assertThat(answer.head().status()).as(outcome.toString()).isEqualTo(status);
				assertThat(outcome.kind()).isEqualTo(PluginOutcome.Kind.RESPONDED);
				assertThat(text(answer.body())).isEmpty();
			});
		}

		@Test
		@DisplayName("illegal headers: hop-by-hop")
		void hopByHop() throws Exception {
			started(asked("ANSWERS_WITH_HOP_BY_HOP"));
			ChainResult.Answer answer = (ChainResult.Answer) MisbehavingPluginIT.this.host.ask();
			assertThat(answer.head().status()).isEqualTo(403);
			assertThat(answer.head().headers().fields()).extracting("name").containsExactly("X-Kept");
		}

		@Test
		@DisplayName("is SIGKILLed under load")
		void isKilledUnderLoad() throws Exception {
			long pid = beside(asked("CONTINUES"));
			List<ChainResult> results = Flux.range(0, 1000).doOnNext((number) -> {
				if (number == 300) {
					process(pid).destroyForcibly();
				}
			})
				.flatMap((number) -> MisbehavingPluginIT.this.host.lookup(), 16)
				.collectList()
				.block(LONG.multipliedBy(4));
			assertThat(results).hasSize(1000);
			assertThat(results).extracting(MisbehavingPluginIT::disturbed)
				.containsNull()
				.filteredOn((failure) -> failure != null)
				.isNotEmpty()
				.allMatch((failure) -> failure.startsWith("unavailable: ") || failure.startsWith("breaker-open: "));
			assertThat(MisbehavingPluginIT.this.host.awaitOther("bad", pid).lastFailure().orElseThrow().reason())
				.contains("process ended: killed by signal 9");
			assertThat(disturbed(MisbehavingPluginIT.this.host.ask())).isNull();
			notDisturbed();
		}

		@Test
		@DisplayName("is stopped (SIGSTOP)")
		void isStopped() throws Exception {
			long pid = beside(RealPluginHost.settings(LONG, LONG, Duration.ofSeconds(1), 5),
					asked("CONTINUES").timeout(Duration.ofMillis(500)));
			ProcessHandle stopped = process(pid);
			Command
				.run(MisbehavingPluginIT.this.plugins, LONG, new byte[0], List.of("kill", "-STOP", Long.toString(pid)))
				.orFail();
			assertThat(disturbed(MisbehavingPluginIT.this.host.ask())).startsWith("timeout: ");
			assertThat(MisbehavingPluginIT.this.host.awaitOther("bad", pid).lastFailure().orElseThrow().reason())
				.startsWith("2 of 2 health checks in a row without an answer: ");
			assertThat(stopped.isAlive()).isFalse();
			notDisturbed();
		}

	}

	@ParameterizedTest(name = "{0}")
	@CsvSource({ "answers twice,ANSWERS_TWICE,'protocol-error: ','expected: one message, got: more'",
			"100 MB body,ANSWERS_100_MB,'protocol-error: ',got: RESOURCE_EXHAUSTED" })
	void answersACallWrongly(String name, String behaviour, String kind, String failure) throws Exception {
		startedToModify(fake(behaviour));
		failsClosed(kind, failure);
	}

	@Test
	@DisplayName("stream with a body of 100 MB")
	void streamAnswersTooMuch() throws Exception {
		startedToModify(fake("ANSWERS_100_MB", "GOOD", "BEHAVES"));
		// Nothing after it could be understood: the stream is over, the plugin is not.
		failsClosed("unavailable: ", "RESOURCE_EXHAUSTED");
	}

	@Test
	@DisplayName("stream that never answers")
	void streamNeverAnswers() throws Exception {
		beside(fake("CONTINUES", "GOOD", "NEVER_ANSWERS").timeout(Duration.ofMillis(500)));
		assertThat(disturbed(this.host.ask())).startsWith("timeout: ");
		notDisturbed();
	}

	@Test
	@DisplayName("stream that answers unknown ids")
	void streamAnswersUnknownIds() throws Exception {
		started(fake("CONTINUES", "GOOD", "UNKNOWN_IDS"));
		decides(PluginOutcome.Kind.CONTINUED);
		decides(PluginOutcome.Kind.CONTINUED);
	}

	@Test
	@DisplayName("stream that answers twice")
	void streamAnswersTwice() throws Exception {
		started(fake("CONTINUES", "GOOD", "ANSWERS_TWICE"));
		decides(PluginOutcome.Kind.CONTINUED);
		decides(PluginOutcome.Kind.CONTINUED);
	}

	@Test
	@DisplayName("stream that breaks")
	void streamBreaks() throws Exception {
		long pid = beside(fake("CONTINUES", "GOOD", "BREAKS"));
		assertThat(disturbed(this.host.ask())).startsWith("unavailable: ");
		// The stream rests for a while; meanwhile each request is a call of its own. On a
		// busy machine it may have been opened again before the next request.
		this.host.await("a call of its own", () -> disturbed(this.host.ask()) == null);
		assertThat(this.host.status("bad").pid()).hasValue(pid);
		notDisturbed();
	}

	@Test
	@DisplayName("hangs in Shutdown")
	void hangsInShutdown() throws Exception {
		endsBySignal(fake("CONTINUES", "HANGS_IN_SHUTDOWN"), RealPluginHost.SHUTDOWN);
	}

	@Test
	@DisplayName("ignores SIGTERM")
	void ignoresSigterm() throws Exception {
		endsBySignal(fake("CONTINUES").before("trap '' TERM"), RealPluginHost.TERMINATE);
	}

	private void endsBySignal(Fake plugin, Duration patience) throws Exception {
		ProcessHandle process = process(beside(plugin));
		long begin = System.nanoTime();
		assertThat(this.host.stop("bad").outcome()).isEqualTo(ActionResult.Outcome.DONE);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(patience, LONG);
		assertThat(process.isAlive()).isFalse();
		assertThat(this.host.status("bad").state()).isEqualTo(PluginState.STOPPED);
		assertThat(this.host.launchDirectories()).hasSize(1);
		assertThat(this.host.ask().outcomes()).hasSize(1);
		assertThat(this.host.status("good").state()).isEqualTo(PluginState.READY);
	}

	@ParameterizedTest(name = "leaves a grandchild holding its pipes: {0}")
	@ValueSource(strings = { "sleep 600 &", "(trap '' TERM HUP; exec setsid sleep 600) &" })
	void leavesAGrandchild(String start) throws Exception {
		long pid = beside(fake("HALTS").before("""
				if [ ! -e grandchild ]; then
				  %s
				  echo $! > grandchild
				fi""".formatted(start)));
		long grandchild = Long.parseLong(Files.readString(this.plugins.resolve("bad/grandchild")).strip());
		assertThat(Leftovers.runs(grandchild)).isTrue();
		assertThat(disturbed(this.host.ask())).startsWith("unavailable: ");
		assertThat(this.host.awaitOther("bad", pid).lastFailure().orElseThrow().reason()).contains("exit code 3");
		this.host.await("the end of the grandchild", () -> !Leftovers.runs(grandchild));
		notDisturbed();
	}

	@Test
	@DisplayName("gateway is SIGKILLed")
	void gatewayIsKilled() throws Exception {
		Path directory = Files.createDirectory(this.plugins.resolve("installed"));
		FakePluginProgram.install(directory, "CONTINUES");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + directory,
				"hkp.plugins.settings.continues.required=true")) {
			ProcessHandle plugin = process(gateway.pluginPid("continues"));
			gateway.process().destroyForcibly();
			assertThat(Leftovers.endsWithin(plugin.pid(), Duration.ofSeconds(20))).isTrue();
			gateway.process().onExit().get(10, TimeUnit.SECONDS);
			assertThat(gateway.leftovers()).as("sockets that nobody could remove").isNotEmpty();
			new LocalPluginLauncher(LaunchOptions.defaults().withRuntimeDirectory(gateway.runtime())).close();
			assertThat(gateway.leftovers()).as("after the next gateway has started").isEmpty();
		}
	}

	@Test
	@DisplayName("certificate missing")
	void certificateIsMissing() throws Exception {
		failsToStart(ONE_TRY, fake("CONTINUES").before("unset PLUGIN_CLIENT_CERT").spec().build(),
				"mTLS asked and no certificate returned: expected: a certificate in the sixth field", "got: none");
	}

	@Test
	@DisplayName("certificate not the one promised")
	void certificateIsAnother() throws Exception {
		failsToStart(ONE_TRY, complaining("SHOWS_ANOTHER_CERTIFICATE").spec().build(),
				"TLS handshake failed: expected: the certificate of the handshake line, ", ", got: ", ENDED, COMPLAINT);
	}

	@ParameterizedTest(name = "wrong auth_proof: {0}")
	@CsvSource({ "WRONG_PROOF,got: 32 other bytes", "NO_PROOF,got: none" })
	void wrongProof(String manners, String got) throws Exception {
		failsToStart(ONE_TRY, complaining(manners).spec().transport(Transport.SECRET).build(),
				"auth_proof: expected: HMAC-SHA256 of the nonce with PLUGIN_AUTH_SECRET, " + got, ENDED, COMPLAINT);
	}

	@Test
	@DisplayName("leaks a socket file")
	void leaksASocket() throws Exception {
		Path python = Requirements.program("python3");
		PluginStatus first = started(fake("CONTINUES").before("""
				for directory in "$PLUGIN_UNIX_SOCKET_DIR" "$TMPDIR"; do
				  %s -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$directory/leaked"
				done""".formatted(python)));
		long pid = first.pid().orElseThrow();
		List<Path> launch = this.host.launchDirectories();
		assertThat(launch).hasSize(1);
		assertThat(launch.get(0)).isDirectoryRecursivelyContaining("glob:**/leaked");
		process(pid).destroyForcibly();
		this.host.awaitOther("bad", pid);
		assertThat(this.host.launchDirectories()).hasSize(1).doesNotContainAnyElementsOf(launch);
	}

	@ParameterizedTest(name = "wrong token on the host service, transport {0}")
	@ValueSource(strings = { "MTLS", "SECRET" })
	void wrongTokenOnTheHostService(String transport) throws Exception {
		started(RESTARTS, fake("CALLS_HOST").spec().transport(Transport.valueOf(transport)).build());
		assertThat(text(((ChainResult.Answer) this.host.ask()).body()))
			.isEqualTo("wrong token: UNAUTHENTICATED, own token: 1.2.3");
		assertThat(this.host.refusals).containsExactly("bad unauthenticated");
	}

	/** Does not come up, and the client gets what its fail policy says. */
	private void failsToStart(LifecycleSettings settings, PluginSpec spec, String... reason) throws Exception {
		PluginStatus status = started(settings, spec);
		assertThat(status.state()).as(status.reason()).isEqualTo(PluginState.FAILED);
		assertThat(status.reason()).contains(reason);
		assertThat(status.lastFailure().orElseThrow().reason()).contains(reason);
		// FAILED is told when there is neither process nor directory.
		assertThat(status.pid()).isEmpty();
		assertThat(this.host.launchDirectories()).isEmpty();
		ChainResult.Answer answer = (ChainResult.Answer) this.host.ask();
		assertThat(answer.head().status()).isEqualTo(500);
		assertThat(answer.outcomes().get(0).detail())
			.isEqualTo("unavailable: plugin bad: expected: READY, got: no running process");
	}

	/** May change requests. */
	private void startedToModify(Fake plugin) throws Exception {
		started(RESTARTS, plugin.spec()
			// For the 100 MB; of all ways this is the strongest.
			.environment(Map.of("_JAVA_OPTIONS", "-Xmx500m"))
			.requested(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.HTTP_REQUEST_MODIFY)
			.granted(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.HTTP_REQUEST_MODIFY)
			.build());
	}

	/** It said something wrong, but it lives. */
	private void failsClosed(String kind, String failure) {
		failsClosed(RealPluginHost.PATH, kind, failure);
	}

	private void failsClosed(String path, String kind, String failure) {
		ChainResult.Answer answer = (ChainResult.Answer) this.host.ask(path);
		PluginOutcome outcome = answer.outcomes().get(0);
		assertThat(answer.head().status()).as(outcome.toString()).isEqualTo(500);
		assertThat(outcome.kind()).isEqualTo(PluginOutcome.Kind.FAILED_CLOSED);
		assertThat(outcome.detail()).startsWith(kind).contains(failure);
		assertThat(text(answer.body())).isEqualTo("The request could not be processed.\n");
		assertThat(this.host.status("bad").state()).isEqualTo(PluginState.READY);
		assertThat(this.host.status("bad").restarts()).isZero();
	}

	/** It says something on stderr before it does wrong. */
	private Fake complaining(String manners) {
		return fake("CONTINUES", manners).before("echo 'the disk is full' >&2");
	}

	private PluginStatus started(Fake plugin) throws Exception {
		return started(RESTARTS, plugin.spec().build());
	}

	private PluginStatus started(LifecycleSettings settings, PluginSpec... specs) throws Exception {
		this.host = new RealPluginHost(settings);
		this.host.start(List.of(specs));
		return this.host.status("bad");
	}

	private long beside(Fake plugin) throws Exception {
		return beside(RESTARTS, plugin);
	}

	/**
	 * Starts it, open to failure, before a plugin that does all well.
	 * @return its process id
	 */
	private long beside(LifecycleSettings settings, Fake plugin) throws Exception {
		TestSpec good = new Fake(this.plugins, "good", List.of("CONTINUES")).spec();
		PluginStatus status = started(settings, plugin.spec().fail(FailPolicy.OPEN).build(), good.order(200).build());
		assertThat(status.state()).as(status.reason()).isEqualTo(PluginState.READY);
		return status.pid().orElseThrow();
	}

	private void notDisturbed() {
		PluginStatus good = this.host.status("good");
		assertThat(good.state()).isEqualTo(PluginState.READY);
		assertThat(good.generation()).isEqualTo(1);
		assertThat(good.failures()).isEmpty();
	}

	/** How the first plugin failed, null if it did not; the second one never does. */
	private static String disturbed(ChainResult result) {
		assertThat(result).isInstanceOf(ChainResult.Forward.class);
		PluginOutcome bad = result.outcomes().get(0);
		assertThat(result.outcomes().get(1).kind()).isEqualTo(PluginOutcome.Kind.CONTINUED);
		return (bad.kind() == PluginOutcome.Kind.CONTINUED) ? null : bad.detail();
	}

	private void decides(PluginOutcome.Kind kind) {
		assertThat(this.host.ask().outcomes()).extracting(PluginOutcome::kind).containsExactly(kind);
	}

	private static ProcessHandle process(long pid) {
		return ProcessHandle.of(pid).orElseThrow();
	}

	private static String text(ByteBuffer body) {
		return StandardCharsets.UTF_8.decode(body.duplicate()).toString();
	}

	private TestSpec script(String body) throws IOException {
		return program("#!/bin/sh\n" + body + "\n");
	}

	private PluginSpec python(String body) throws IOException {
		return program("#!" + Requirements.program("python3") + "\nimport os, socket, sys, time\n" + body).build();
	}

	private TestSpec program(String text) throws IOException {
		Path directory = Files.createDirectory(this.plugins.resolve("bad"));
		Path file = Files.writeString(directory.resolve("run"), text);
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
		return TestSpec.named("bad").executable(directory, file, List.of()).required(true);
	}

	private Fake fake(String... arguments) {
		return new Fake(this.plugins, "bad", List.of(arguments));
	}

	/** How the gateway asks. */
	enum Asked {

		BY_CALLS("OFF"), ON_THE_STREAM("BEHAVES");

		private final String manners;

		Asked(String manners) {
			this.manners = manners;
		}

	}

	/** A plugin of {@link FakePluginProgram} in the making. */
	private static final class Fake {

		private final Path parent;

		private final String name;

		private final List<String> arguments;

		private String before = "";

		private Duration timeout = Duration.ofSeconds(20);

		Fake(Path parent, String name, List<String> arguments) {
			this.parent = parent;
			this.name = name;
			this.arguments = new ArrayList<>(arguments);
		}

		Fake before(String script) {
			this.before = script;
			return this;
		}

		Fake timeout(Duration timeout) {
			this.timeout = timeout;
			return this;
		}

		TestSpec spec() throws IOException {
			Path directory = Files.createDirectories(this.parent.resolve(this.name));
			return TestSpec.named(this.name)
				.executable(directory, FakePluginProgram.script(directory, this.before), this.arguments)
				.transport(Transport.MTLS)
				.timeout(this.timeout)
				.required(true);
		}

	}

}
