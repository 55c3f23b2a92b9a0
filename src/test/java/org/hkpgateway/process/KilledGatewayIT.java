package org.hkpgateway.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

/**
 * Processes that plugins have started, in sessions of their own and deaf to SIGTERM and
 * SIGHUP, do not outlive their gateway for longer than until the next one.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledGatewayIT extends AbstractLauncherIT {

	/** The capabilities of a container: SYS_PTRACE and PERFMON are not among them. */
	private static final List<String> IN_A_CONTAINER = List.of("setpriv", "--inh-caps=-all",
			"--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,"
					+ "+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap");

	private static final String WITH_CHILD = "trap '' TERM HUP; setsid sleep 600 & echo $! > \"$PLUGIN_DATA_DIR/child\"; "
			+ "hello; exec sleep 600";

	/** What would end by itself does so after ten minutes. */
	private static final Duration SOON = Duration.ofSeconds(20);

	/** For what should not happen. */
	private static final Duration A_MOMENT = Duration.ofMillis(100);

	private final List<Process> started = new ArrayList<>();

	private final List<Long> children = new ArrayList<>();

	@AfterEach
	void endAll() throws Exception {
		for (Process each : this.started) {
			each.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
		for (long child : this.children) {
			ProcessHandle.of(child).ifPresent(ProcessHandle::destroyForcibly);
			assertThat(endsWithin(child, TIMEOUT)).isTrue();
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "NONE", "BASIC", "BASIC_OWN_USER" })
	void theNextGatewayEndsWhatItsPluginsHadStarted(Level level) throws Exception {
		Path run = runtime(level);
		long child = killedGatewayLeaves(level, run, List.of());
		long other = other(List.of(), run);
		ListAppender<ILoggingEvent> log = new ListAppender<>();
		log.start();
		Logger logger = (Logger) LoggerFactory.getLogger(KilledGateway.class);
		logger.addAppender(log);
		try {
			this.launcher = new LocalPluginLauncher(options(true).withUidRange(level.uids()));
		}
		finally {
			logger.detachAppender(log);
		}
		assertThat(endsWithin(child, SOON)).isTrue();
		assertThat(endsWithin(other, A_MOMENT)).as("a process of another launch").isFalse();
		// Where root may not read the environment, as in most containers, the user is
		// told.
		String whose = (level == Level.NONE) ? "plugin fake" : "(plugin isolated|user 54000)";
		assertThat(log.list).extracting((event) -> event.getLevel() + " " + event.getFormattedMessage())
			.singleElement(STRING)
			.matches("WARN Killed 1 processes that plugins of a killed gateway had started and that outlived it: \\["
					+ child + " \\(" + whose + "\\)]");
		assertThat(run).isDirectoryNotContaining("regex:.*/[0-9a-z]{6}");
	}

	@Test
	void soDoesOneThatMayNotReadTheirEnvironment() throws Exception {
		Level level = Level.BASIC_OWN_USER.required();
		Path run = runtime(level);
		long child = killedGatewayLeaves(level, run, IN_A_CONTAINER);
		// Neither its number nor its user is enough.
		long other = other(List.of("setpriv", "--reuid=54000", "--regid=54000", "--clear-groups"), run);
		start(gateway(level, run, "", IN_A_CONTAINER));
		assertThat(endsWithin(child, SOON)).isTrue();
		assertThat(endsWithin(other, A_MOMENT)).as("a process of another launch").isFalse();
		this.started.get(this.started.size() - 1).destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		this.launcher = new LocalPluginLauncher(options(true).withUidRange(level.uids()));
	}

	@Test
	void whenAPluginCrashesAGatewayThatMayNotReadTheirEnvironmentEndsThemToo() throws Exception {
		Level level = Level.BASIC_OWN_USER.required();
		Path run = runtime(level);
		Started gateway = start(gateway(level, run, "child:child", IN_A_CONTAINER));
		long child = child(run.resolve("data/isolated/child"));
		long other = other(List.of("setpriv", "--reuid=54000", "--regid=54000", "--clear-groups"), run);
		ProcessHandle.of(gateway.plugin()).orElseThrow().destroyForcibly();
		assertThat(endsWithin(gateway.plugin(), TIMEOUT)).isTrue();
		assertThat(endsWithin(child, A_MOMENT)).as("ended by the crash already").isFalse();
		gateway.process().outputWriter().append('\n').flush();
		said(gateway.output(), "ended");
		assertThat(endsWithin(child, SOON)).isTrue();
		assertThat(endsWithin(other, A_MOMENT)).as("a process of another launch").isFalse();
	}

	@Test
	void withoutAConfiguredDirectoryTheNextGatewayFindsTheFreshOne() throws Exception {
		start(gateway(Level.NONE, null, WITH_CHILD, List.of()));
		Path run = fresh().get(0);
		long child = child(run.resolve("data/fake/child"));
		Started living = start(gateway(Level.NONE, null, "hello; exec sleep 600", List.of()));
		assertThat(endsWithin(child, A_MOMENT)).as("while its gateway lives").isFalse();
		assertThat(fresh()).hasSize(2);
		this.started.get(0).destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		start(gateway(Level.NONE, null, "hello; exec sleep 600", List.of()));
		assertThat(endsWithin(child, SOON)).isTrue();
		assertThat(run).doesNotExist();
		assertThat(fresh()).hasSize(2);
		assertThat(endsWithin(living.plugin(), A_MOMENT)).as("the plugin of one that lives").isFalse();
	}

	@Test
	void aLookAtAllProcessesIsCheap() {
		MarkedProcesses none = new MarkedProcesses(List.of(this.root), (uid) -> List.of());
		none.kill(TIMEOUT);
		long processes = ProcessHandle.allProcesses().count();
		// Of the processor, of which others take their share.
		ThreadMXBean clock = ManagementFactory.getThreadMXBean();
		long begin = clock.getCurrentThreadCpuTime();
		assertThat(none.kill(TIMEOUT).killed()).isEmpty();
		long micros = TimeUnit.NANOSECONDS.toMicros(clock.getCurrentThreadCpuTime() - begin);
		assertThat(micros / processes).as("µs for each of " + processes + " processes").isLessThan(500);
	}

	/** The runtime directory, unused. */
	private Path runtime(Level level) throws IOException {
		level.required();
		this.launcher.close();
		return Files.setPosixFilePermissions(this.root.resolve("run"), PosixFilePermissions.fromString("rwx--x--x"));
	}

	private long killedGatewayLeaves(Level level, Path run, List<String> prefix) throws Exception {
		Started gateway = start(gateway(level, run, (level == Level.NONE) ? WITH_CHILD : "child:child", prefix));
		long child = child(run.resolve((level == Level.NONE) ? "data/fake/child" : "data/isolated/child"));
		gateway.process().destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		assertThat(endsWithin(gateway.plugin(), TIMEOUT)).isTrue();
		assertThat(endsWithin(child, A_MOMENT)).as("ended with its gateway").isFalse();
		return child;
	}

	private GatewayStandIn gateway(Level level, Path run, String body, List<String> prefix) {
		GatewayStandIn gateway = new GatewayStandIn(this.root, this.socket, level);
		gateway.runtime = run;
		gateway.body = body;
		gateway.prefix = prefix;
		return gateway;
	}

	private Started start(GatewayStandIn gateway) throws IOException {
		Process process = gateway.start();
		this.started.add(process);
		BufferedReader output = process.inputReader();
		return new Started(process, output, Long.parseLong(said(output, "true ").substring("true ".length())));
	}

	/** The next line that begins so, behind its log. */
	private static String said(BufferedReader output, String beginning) throws IOException {
		String line = output.readLine();
		while (line != null && !line.startsWith(beginning)) {
			line = output.readLine();
		}
		assertThat(line).as("a line that begins with " + beginning).isNotNull();
		return line;
	}

	private long child(Path file) throws IOException {
		long child = Long.parseLong(Files.readString(file).strip());
		this.children.add(child);
		return child;
	}

	/** Has the same variable, with a value that no launch had but almost. */
	private long other(List<String> prefix, Path run) throws IOException {
		List<String> command = new ArrayList<>(prefix);
		command.addAll(List.of("sleep", "600"));
		ProcessBuilder builder = new ProcessBuilder(command);
		String launch = run.resolve(Files.readString(run.resolve("gateway.launches")).strip()).toString();
		builder.environment()
			.putAll(Map.of(PluginEnvironment.SOCKET_DIRECTORY, launch + "0", "X", MarkedProcesses.mark(Path.of(launch)),
					"X" + PluginEnvironment.SOCKET_DIRECTORY, launch));
		Process process = builder.start();
		this.started.add(process);
		return process.pid();
	}

	private List<Path> fresh() throws IOException {
		try (Stream<Path> all = Files.list(this.root)) {
			return all.filter((path) -> path.getFileName().toString().startsWith("hkp-")).toList();
		}
	}

	/** A gateway whose plugin has shaken hands. */
	private record Started(Process process, BufferedReader output, long plugin) {
	}

}
