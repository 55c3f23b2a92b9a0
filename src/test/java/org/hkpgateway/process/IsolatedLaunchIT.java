package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Isolated plugins live and end as others do, and what cannot be had is said.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "isolation is Linux's")
class IsolatedLaunchIT extends AbstractLauncherIT {

	/**
	 * A socket's file is enough for the launch. A link would not pass a mount's border.
	 */
	private static final String SHELL = """
			#!/bin/sh
			hello() {
				%s -c 'import os, socket
			path = os.environ["PLUGIN_UNIX_SOCKET_DIR"] + "/p.sock"
			socket.socket(socket.AF_UNIX).bind(path)
			print("1|1|unix|" + path + "|grpc")'
			}
			""";

	@ParameterizedTest
	@EnumSource
	void whatIsAppliedIsReported(Level level) throws Exception {
		PluginProcess plugin = launch(level, IsolatedPlugin.of(this.root, "x", level.level()));
		Map<String, String> status = status(plugin);
		IsolationReport report = plugin.isolation();
		assertThat(report.level()).isEqualTo(level.level());
		assertThat(report.boundary()).isEqualTo(level.strict() || level.uids() != null);
		assertThat(status).containsEntry("NoNewPrivs", "1");
		assertThat(report.measures()).contains("no_new_privs", "killed with the gateway");
		String limits = Files.readString(Path.of("/proc/" + plugin.pid().orElseThrow() + "/limits"));
		if (level != Level.NONE) {
			assertThat(report.measures()).anyMatch((line) -> line.startsWith("limits: 1024 open files, 4096 MiB"));
			assertThat(limits).containsPattern("Max open files +1024 +1024")
				.containsPattern("Max core file size +0 +0")
				.containsPattern("Max data size +4294967296 +4294967296");
		}
		if (level.uids() != null) {
			int uid = IsolatedPlugin.UIDS.first();
			assertThat(status.get("Uid")).isEqualTo("%1$d\t%1$d\t%1$d\t%1$d".formatted(uid));
			assertThat(status.get("Gid")).isEqualTo("%1$d\t%1$d\t%1$d\t%1$d".formatted(uid));
			assertThat(report.measures()).contains("own user " + uid);
			assertThat(limits).containsPattern("Max processes +1024 +1024");
		}
		if (level.strict() || level.uids() != null) {
			assertThat(report.measures()).contains("no capabilities");
			assertThat(List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
				.allSatisfy((set) -> assertThat(status.get(set)).isEqualTo("0000000000000000"));
		}
		if (!report.boundary()) {
			assertThat(report.remark())
				.contains("shares user " + Ownership.self() + " with the gateway and with other plugins: no boundary");
		}
	}

	@ParameterizedTest
	@EnumSource
	void signalsReachThePluginAndItsExitCodeIsItsOwn(Level level) throws Exception {
		PluginProcess plugin = launch(level,
				shell(level, "trap 'echo term=1 >&2; exit 7' TERM; hello; while :; do sleep 0.05; done"));
		assertThat(Files.readString(Path.of("/proc/" + plugin.pid().orElseThrow() + "/cmdline"))).startsWith("/bin/sh");
		ExitStatus status = plugin.end(Duration.ZERO, TIMEOUT);
		assertThat(status).isEqualTo(new ExitStatus(7, List.of("term=1")));
		assertThat(plugin.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(status);
	}

	@ParameterizedTest
	@EnumSource
	void aKilledPluginIsNoticed(Level level) throws Exception {
		PluginProcess plugin = launch(level, shell(level, "hello; exec sleep 600"));
		ProcessHandle.of(plugin.pid().orElseThrow()).orElseThrow().destroyForcibly();
		assertThat(plugin.onExit().get(10, TimeUnit.SECONDS).describe()).isEqualTo("killed by signal 9");
	}

	@ParameterizedTest
	@EnumSource
	void grandchildrenEndWithThePlugin(Level level) throws Exception {
		PluginProcess plugin = launch(level,
				shell(level, "setsid sleep 600 & hello; trap '' TERM; while :; do sleep 0.05; done"));
		List<ProcessHandle> children = ProcessHandle.of(plugin.pid().orElseThrow())
			.orElseThrow()
			.children()
			.filter((child) -> child.info().commandLine().orElse("").contains("600"))
			.toList();
		assertThat(children).hasSize(1);
		plugin.end(Duration.ZERO, Duration.ofMillis(200));
		assertThat(endsWithin(children.get(0).pid(), TIMEOUT)).isTrue();
	}

	@ParameterizedTest
	@EnumSource
	void secretsAreInTheEnvironmentAndInNoArguments(Level level) throws Exception {
		String secret = "s3cret-" + this.root.getFileName();
		PluginProcess plugin = launch(level, IsolatedPlugin.of(this.root, "x", level.level()),
				offer(Map.of("PLUGIN_AUTH_SECRET", secret)));
		assertThat(environmentOf(plugin.pid().orElseThrow())).containsEntry("PLUGIN_AUTH_SECRET", secret);
		int scanned = 0;
		try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
			for (Path each : all) {
				try {
					assertThat(Files.readString(each.resolve("cmdline"))).doesNotContain(secret);
					scanned++;
				}
				catch (IOException ex) {
					// Gone.
				}
			}
		}
		assertThat(scanned).isGreaterThan(1);
		assertThat(this.output.lines()).noneMatch((line) -> line.contains(secret));
	}

	/** With the defaults of its heap, which depend on the machine. */
	@ParameterizedTest
	@EnumSource
	void aJvmRuns(Level level) throws Exception {
		level.required();
		relaunch(level);
		this.launcher.close();
		this.launcher = new LocalPluginLauncher(
				new LaunchOptions(this.root.resolve("run"), LaunchOptions.defaults().environment(), this.output, true)
					.withUidRange(level.uids()));
		this.launcher.launch(shell(level, "\"$JAVA_HOME/bin/java\" -version && echo java=runs >&2; hello; read _"),
				new PlainOffer(), TIMEOUT);
		assertThat(printed("java")).isEqualTo("runs");
	}

	@Test
	void aPluginKeepsItsUserAcrossGateways() throws Exception {
		Level level = Level.BASIC_OWN_USER.required();
		assertThat(uid(launch(level, IsolatedPlugin.of(this.root, "a", level.level())))).isEqualTo(54000);
		assertThat(
				uid(this.launcher.launch(IsolatedPlugin.of(this.root, "b", level.level()), new PlainOffer(), TIMEOUT)))
			.isEqualTo(54001);
		assertThat(uid(launch(level, IsolatedPlugin.of(this.root, "b", level.level())))).isEqualTo(54001);
		assertThat(
				uid(this.launcher.launch(IsolatedPlugin.of(this.root, "a", level.level()), new PlainOffer(), TIMEOUT)))
			.isEqualTo(54000);
	}

	@Test
	void directoriesBelongToThePluginsUser() throws Exception {
		Level level = Level.BASIC_OWN_USER.required();
		Path data = Files.createDirectories(this.root.resolve("run/data/x"));
		Files.writeString(data.resolve("old"), "");
		Files.createSymbolicLink(data.resolve("link"), this.root.resolve("plugin"));
		// As a plugin could have made it, where hard links are not protected.
		Path foreign = Files.writeString(this.root.resolve("foreign"), "");
		Files.setAttribute(foreign, "unix:uid", 54003);
		Files.createLink(data.resolve("foreign"), foreign);
		PluginProcess plugin = launch(level, IsolatedPlugin.of(this.root, "x", level.level()));
		Path sockets = ((PluginEndpoint.Unix) plugin.endpoint()).path().getParent();
		for (Path each : List.of(sockets, sockets.resolve("tmp"), data, data.resolve("old"), data.resolve("link"))) {
			assertThat(Ownership.owner(each)).as(each.toString()).isEqualTo(54000);
		}
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sockets))).isEqualTo("rwx------");
		assertThat(Ownership.owner(this.root.resolve("plugin"))).isZero();
		assertThat(Ownership.owner(foreign)).isEqualTo(54003);
	}

	@Test
	void noUserIsLeft() throws Exception {
		Level.BASIC_OWN_USER.required();
		relaunch(Level.BASIC_OWN_USER);
		for (int i = 0; i < 4; i++) {
			this.launcher.launch(IsolatedPlugin.of(this.root, "p" + i, IsolationLevel.BASIC), new PlainOffer(),
					TIMEOUT);
		}
		assertThat(failure(IsolatedPlugin.of(this.root, "p4", IsolationLevel.BASIC))).hasMessageStartingWith(
				"plugin p4: hkp.plugins.uid-range: expected: a user for each plugin, got: none left in "
						+ "54000-54003; widen the range");
	}

	@Test
	void aDirectoryThatItsUserCannotRead() throws Exception {
		Level level = Level.BASIC_OWN_USER.required();
		PluginSpec spec = IsolatedPlugin.of(this.root, "x", level.level());
		relaunch(level);
		Path directory = this.root.resolve("x");
		Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
		assertThat(failure(spec)).hasMessageStartingWith(
				"plugin x: expected: files that its user 54000 (hkp.plugins.uid-range) can read and "
						+ "execute, got: no access to " + directory + " because of " + directory
						+ " (mode rwx------, owner root)");
	}

	@ParameterizedTest
	@ValueSource(strings = { "BASIC", "STRICT", "AUTO" })
	void usersNeedRoot(IsolationLevel level) throws Exception {
		Isolation isolation = new Isolation(options(true).withUidRange(IsolatedPlugin.UIDS), 1000);
		PluginStartException failure = catchThrowableOfType(PluginStartException.class,
				() -> isolation.ownUsers(IsolatedPlugin.of(this.root, "x", level), level));
		assertThat(failure).hasMessage("plugin x: hkp.plugins.uid-range: expected: a gateway that runs as root, which "
				+ "alone can start processes as other users, got: user 1000; run it as root, or remove the setting");
		assertThat(isolation.ownUsers(IsolatedPlugin.of(this.root, "x", level), IsolationLevel.NONE)).isFalse();
	}

	@Test
	void withoutToolsNamedLevelsAreRefusedAndAutoSaysSo() throws Exception {
		Path bin = Files.createDirectory(this.root.resolve("bin"));
		this.launcher.close();
		this.launcher = new LocalPluginLauncher(
				new LaunchOptions(this.root.resolve("run"), Map.of("PATH", bin.toString()), this.output, true));
		assertThat(failure(IsolatedPlugin.of(this.root, "x", IsolationLevel.BASIC)))
			.hasMessage("plugin x: isolation basic cannot be had: expected: setpriv and prlimit of util-linux, got: no "
					+ "program setpriv on PATH " + bin
					+ "; install util-linux, or set hkp.plugins.settings.x.isolation to " + "another level");
		assertThat(failure(IsolatedPlugin.of(this.root, "x", IsolationLevel.STRICT)))
			.hasMessageStartingWith("plugin x: isolation strict cannot be had: ");
		PluginProcess plugin = this.launcher.launch(IsolatedPlugin.of(this.root, "x", IsolationLevel.AUTO),
				new PlainOffer(), TIMEOUT);
		assertThat(plugin.isolation().level()).isEqualTo(IsolationLevel.NONE);
		assertThat(plugin.isolation().measures()).isEmpty();
		assertThat(plugin.isolation().remark()).startsWith("isolation basic cannot be had: no program setpriv");
	}

	@Test
	void autoIsBasicWhereItCanBeHad() throws Exception {
		Level.BASIC.required();
		assertThat(launch(Level.BASIC, IsolatedPlugin.of(this.root, "x", IsolationLevel.AUTO)).isolation().level())
			.isEqualTo(IsolationLevel.BASIC);
	}

	@Test
	void whatKeepsNamespacesFromWorkingIsSaid() throws Exception {
		Level.BASIC.required();
		Path bin = Files.createDirectory(this.root.resolve("bin"));
		TestPlugins.executable(bin.resolve("bwrap"),
				"#!/bin/sh\n[ \"$1\" = --version ] || { echo 'setting up uid map: Permission denied'; exit 1; }\n");
		this.launcher.close();
		this.launcher = new LocalPluginLauncher(new LaunchOptions(this.root.resolve("run"),
				Map.of("PATH", bin + ":" + System.getenv("PATH")), this.output, true));
		assertThat(failure(IsolatedPlugin.of(this.root, "x", IsolationLevel.STRICT)))
			.hasMessageContaining(
					"bwrap does not work: setting up uid map: Permission denied (are user namespaces " + "allowed")
			.hasMessageEndingWith("or set hkp.plugins.settings.x.isolation to another level");
	}

	@Test
	void strictHasNoPortThatTheGatewayCouldReach() throws Exception {
		Level.STRICT.required();
		Path executable = Path.of("/bin/true");
		assertThat(failure(IsolatedPlugin.spec("x",
				new PluginSource.Launched(this.root, executable, List.of(), null, HandshakeMode.NONE, Network.UNIX,
						IsolationLevel.STRICT))))
			.hasMessageStartingWith(
					"plugin x: isolation strict and handshake: none: expected: a plugin that listens on a "
							+ "unix socket");
		assertThat(failure(IsolatedPlugin.spec("x",
				new PluginSource.Launched(this.root, executable, List.of(), null, HandshakeMode.GO_PLUGIN, Network.TCP,
						IsolationLevel.STRICT))))
			.hasMessageStartingWith("plugin x: isolation strict and network: tcp: expected: ");
	}

	@Test
	void strictShowsJavaAndTheSocketOfTheHost() throws Exception {
		Level.STRICT.required();
		Path java = Files.createDirectory(this.root.resolve("java"));
		Files.writeString(java.resolve("release"), "17");
		Files.writeString(this.root.resolve("hidden"), "");
		this.launcher.close();
		this.launcher = new LocalPluginLauncher(new LaunchOptions(this.root.resolve("run"),
				Map.of("PATH", System.getenv("PATH"), "JAVA_HOME", java.toString()), this.output, true));
		List<String> attempts = List.of("read:" + java + "/release", "change:" + java + "/release",
				"unix:" + this.socket, "read:" + this.root + "/hidden");
		this.launcher.launch(IsolatedPlugin.of(this.root, "x", IsolationLevel.STRICT, attempts.toArray(String[]::new)),
				offer(Map.of("PLUGIN_HOST_ADDRESS", "unix:" + this.socket)), TIMEOUT);
		assertThat(printed(attempts.get(0))).isEqualTo("done");
		assertThat(printed(attempts.get(1))).isEqualTo("EROFS");
		assertThat(printed(attempts.get(2))).isEqualTo("done");
		assertThat(printed(attempts.get(3))).isEqualTo("ENOENT");
	}

	@Test
	void strictBoundsWhatCanBeWrittenToMemory() throws Exception {
		Level.STRICT.required();
		List<String> attempts = List.of("small:/tmp", "create:/tmp/new", "small:/dev/shm", "create:/dev/shm/new",
				"create:/dev/new", "change:/dev/null");
		this.launcher.launch(IsolatedPlugin.of(this.root, "x", IsolationLevel.STRICT, attempts.toArray(String[]::new)),
				new PlainOffer(), TIMEOUT);
		for (String attempt : attempts) {
			assertThat(printed(attempt)).as(attempt).isEqualTo(attempt.equals("create:/dev/new") ? "EROFS" : "done");
		}
	}

	@Test
	void strictHidesOthersBelowThePluginsOwnDirectory() throws Exception {
		Level level = Level.STRICT.required();
		Path run = this.root.resolve("x/run");
		PluginSpec spec = IsolatedPlugin.of(this.root, "x", level.level(), "read:" + run + "/data/other/secret",
				"read:" + this.root + "/x/plugin");
		Files.createDirectories(run.resolve("data/other"));
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwx------"));
		Files.writeString(run.resolve("data/other/secret"), "s");
		try (LocalPluginLauncher nested = new LocalPluginLauncher(
				new LaunchOptions(run, System.getenv(), this.output, true))) {
			nested.launch(spec, new PlainOffer(), TIMEOUT);
			assertThat(printed("read:" + run + "/data/other/secret")).isEqualTo("ENOENT");
			assertThat(printed("read:" + this.root + "/x/plugin")).isEqualTo("done");
		}
	}

	private PluginSpec shell(Level level, String body) throws IOException {
		return IsolatedPlugin.script(this.root, "x", level.level(),
				SHELL.formatted(IsolatedPlugin.python()) + body + "\n");
	}

	private PluginProcess launch(Level level, PluginSpec spec) throws IOException {
		return launch(level, spec, new PlainOffer());
	}

	private PluginProcess launch(Level level, PluginSpec spec, PluginConnection.Offer offer) throws IOException {
		level.required();
		relaunch(level);
		return this.launcher.launch(spec, offer, TIMEOUT);
	}

	private PluginStartException failure(PluginSpec spec) {
		return catchThrowableOfType(PluginStartException.class,
				() -> this.launcher.launch(spec, new PlainOffer(), TIMEOUT));
	}

	private static int uid(PluginProcess plugin) throws IOException {
		return Integer.parseInt(status(plugin).get("Uid").split("\t")[0]);
	}

	private static Map<String, String> status(PluginProcess plugin) throws IOException {
		try (var lines = Files.lines(Path.of("/proc/" + plugin.pid().orElseThrow() + "/status"))) {
			return lines.map((line) -> line.split(":\t", 2))
				.filter((pair) -> pair.length == 2)
				.collect(Collectors.toMap((pair) -> pair[0], (pair) -> pair[1], (a, b) -> a));
		}
	}

	private static PluginConnection.Offer offer(Map<String, String> environment) {
		return new PluginConnection.Offer() {

			@Override
			public Map<String, String> environment() {
				return environment;
			}

			@Override
			public boolean certificateExpected() {
				return false;
			}

			@Override
			public PluginConnection connect(PluginEndpoint endpoint, X509Certificate certificate, Duration timeout) {
				throw new UnsupportedOperationException();
			}

		};
	}

}
