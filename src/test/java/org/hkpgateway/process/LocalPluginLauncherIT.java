package org.hkpgateway.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Plugins that shake hands properly: what they are given, and how they end.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class LocalPluginLauncherIT extends AbstractLauncherIT {

	private static final Duration NOT_AT_ALL = Duration.ZERO;

	private static final Duration LONG = Duration.ofSeconds(20);

	@Test
	void pidAddressAndWorkingDirectoryAreThePluginsOwn() throws Exception {
		PluginProcess plugin = launch("echo pid=$$ >&2; echo dir=$(pwd) >&2; hello; read _");
		assertThat(printed("pid")).isEqualTo(String.valueOf(plugin.pid().orElseThrow()));
		assertThat(printed("dir")).isEqualTo(this.root.resolve("plugin").toString());
		assertThat(plugin.endpoint()).isInstanceOfSatisfying(PluginEndpoint.Unix.class, (unix) -> {
			assertThat(unix.path().getFileName()).hasToString("p.sock");
			assertThat(unix.path().getParent().getParent()).isEqualTo(this.root.resolve("run"));
		});
		assertThat(plugin.onExit()).isNotDone();
	}

	@Test
	void environmentIsClean() throws Exception {
		this.launcher.close();
		this.launcher = new LocalPluginLauncher(new LaunchOptions(this.root.resolve("run"),
				Map.of("PATH", System.getenv("PATH"), "LC_ALL", "C", "TZ", "UTC", "SECRET", "s", "PLUGIN_X", "y"),
				this.output, true));
		PluginProcess plugin = launch("hello; read _");
		Map<String, String> environment = environmentOf(plugin.pid().orElseThrow());
		assertThat(environment).containsOnlyKeys("PATH", "LC_ALL", "TZ", "TMPDIR", "SOCKET", "HKP_PLUGIN_COOKIE",
				"PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "PLUGIN_NAME", "PLUGIN_VERSION",
				"PLUGIN_DATA_DIR");
		assertThat(Path.of(environment.get("TMPDIR"))).isDirectory()
			.hasParent(Path.of(environment.get("PLUGIN_UNIX_SOCKET_DIR")));
		assertThat(Path.of(environment.get("PLUGIN_DATA_DIR"))).isDirectory();
	}

	@Test
	void commandLineHoldsTheArgumentsAndNothingElse() throws Exception {
		PluginSpec spec = script("hello; read _", "--verbose", "two words", "");
		PluginProcess plugin = this.launcher.launch(spec, new PlainOffer(), TIMEOUT);
		assertThat(Files.readString(Path.of("/proc/" + plugin.pid().orElseThrow() + "/cmdline")).split("\0", -1))
			.containsExactly("/bin/sh", TestSpec.launched(spec).executable().toString(), "--verbose", "two words", "",
					"");
	}

	@Test
	void parentDeathSignalComesWithNoNewPrivileges() throws Exception {
		boolean linux = Files.exists(Path.of("/usr/bin/setpriv"));
		assertThat(this.launcher.parentDeathSignal()).isEqualTo(linux);
		PluginProcess plugin = launch("hello; read _");
		if (linux) {
			assertThat(Files.readAllLines(Path.of("/proc/" + plugin.pid().orElseThrow() + "/status")))
				.contains("NoNewPrivs:\t1");
		}
	}

	@Test
	void withoutSetprivPluginsAreLaunchedPlainly() throws Exception {
		this.launcher.close();
		Path bin = Files.createDirectory(this.root.resolve("bin"));
		Files.createSymbolicLink(bin.resolve("ln"), Path.of("/bin/ln"));
		TestPlugins.executable(bin.resolve("setpriv"), "#!/bin/sh\necho 'unrecognized option' >&2; exit 1\n");
		this.launcher = new LocalPluginLauncher(
				new LaunchOptions(this.root.resolve("run"), Map.of("PATH", "relative::" + bin), this.output, true));
		assertThat(this.launcher.parentDeathSignal()).isFalse();
		PluginProcess plugin = launch("hello; read _");
		assertThat(Files.readAllLines(Path.of("/proc/" + plugin.pid().orElseThrow() + "/status")))
			.contains("NoNewPrivs:\t0");
	}

	@Test
	void stdinStaysOpenUntilTheEnd() throws Exception {
		PluginProcess plugin = launch("hello; read _; echo stdin=closed >&2; exit 3");
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> plugin.onExit().get(300, TimeUnit.MILLISECONDS));
	}

	@Test
	void blankFirstLinesAreNoHandshake() throws Exception {
		assertThat(launch("echo; echo '  '; hello; read _").pid().orElseThrow()).isPositive();
	}

	@Test
	void aSocketThatComesALittleLateIsWaitedFor() throws Exception {
		PluginProcess plugin = launch("echo \"1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/p.sock|grpc\"; sleep 0.3; "
				+ "ln \"$SOCKET\" \"$PLUGIN_UNIX_SOCKET_DIR/p.sock\"; read _");
		assertThat(plugin.endpoint()).asString().endsWith("/p.sock");
	}

	@Test
	void aSocketElsewhereIsAcceptedWithAWarning() throws Exception {
		PluginProcess plugin = launch("echo \"1|1|unix|$SOCKET|grpc\"; read _");
		assertThat(plugin.endpoint()).isEqualTo(new PluginEndpoint.Unix(this.socket));
		assertThat(this.output.lines()).anyMatch((line) -> line.startsWith("WARN listens outside of its private"));
	}

	@Test
	void exitByItselfIsNoticed() throws Exception {
		PluginProcess plugin = launch("hello; echo bye >&2; exit 7");
		ExitStatus status = plugin.onExit().get(10, TimeUnit.SECONDS);
		assertThat(status).isEqualTo(new ExitStatus(7, List.of("bye")));
		assertThat(plugin.end(LONG, LONG)).isEqualTo(status);
		assertThat(plugin.end(LONG, LONG)).isEqualTo(status);
	}

	@Test
	void aKilledPluginIsNoticedAtOnce() throws Exception {
		PluginProcess plugin = launch("hello; exec sleep 600");
		long start = System.nanoTime();
		ProcessHandle.of(plugin.pid().orElseThrow()).orElseThrow().destroyForcibly();
		ExitStatus status = plugin.onExit().get(60, TimeUnit.SECONDS);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
		assertThat(status.code()).isEqualTo(137);
		assertThat(status.describe()).isEqualTo("killed by signal 9");
	}

	@Test
	void endWaitsForAVoluntaryExit() throws Exception {
		PluginProcess plugin = launch("hello; sleep 0.3; echo done=1 >&2; exit 5");
		ExitStatus status = plugin.end(LONG, NOT_AT_ALL);
		assertThat(status.code()).isEqualTo(5);
		assertThat(status.lastErrorLines()).containsExactly("done=1");
	}

	@Test
	void endAsksWithSigterm() throws Exception {
		PluginProcess plugin = launch("trap 'echo term=1 >&2; exit 0' TERM; hello; while :; do sleep 0.05; done");
		ExitStatus status = plugin.end(NOT_AT_ALL, LONG);
		assertThat(status).isEqualTo(new ExitStatus(0, List.of("term=1")));
	}

	@Test
	void endKillsWhatIgnoresSigterm() throws Exception {
		PluginProcess plugin = launch("trap '' TERM; hello; exec sleep 600");
		long start = System.nanoTime();
		ExitStatus status = plugin.end(NOT_AT_ALL, Duration.ofMillis(300));
		assertThat(status.describe()).isEqualTo("killed by signal 9");
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(300),
				Duration.ofSeconds(10));
	}

	@Test
	void endKillsWhatIsStopped() throws Exception {
		PluginProcess plugin = launch("hello; kill -STOP $$; exec sleep 600");
		ExitStatus status = plugin.end(NOT_AT_ALL, Duration.ofMillis(200));
		assertThat(status.describe()).isEqualTo("killed by signal 9");
	}

	@Test
	void endAtOnce() throws Exception {
		PluginProcess plugin = launch("trap '' TERM; hello; exec sleep 600");
		assertThat(plugin.end(NOT_AT_ALL, NOT_AT_ALL).code()).isEqualTo(137);
		assertThat(plugin.onExit()).isDone();
		assertThat(this.root.resolve("run")).isDirectoryNotContaining("regex:.*/[0-9a-z]{6}");
	}

	@Test
	void endByAnInterruptedThreadKillsAtOnce() throws Exception {
		PluginProcess plugin = launch("trap '' TERM; hello; exec sleep 600");
		Thread.currentThread().interrupt();
		ExitStatus status = plugin.end(LONG, LONG);
		assertThat(Thread.interrupted()).isTrue();
		assertThat(status.code()).isEqualTo(137);
		assertThat(plugin.onExit()).isDone();
	}

	@Test
	void endKillsTheWholeTree() throws Exception {
		PluginProcess plugin = launch("sh -c 'sleep 600 & echo grandchild=$! >&2; wait' & hello; read _");
		long grandchild = Long.parseLong(printed("grandchild"));
		plugin.end(NOT_AT_ALL, NOT_AT_ALL);
		assertThat(endsWithin(grandchild, TIMEOUT)).isTrue();
	}

	@Test
	void endKillsOrphansThatHoldThePipes() throws Exception {
		PluginProcess plugin = launch("hello; setsid sleep 600 & echo grandchild=$! >&2; exit 1");
		long grandchild = Long.parseLong(printed("grandchild"));
		assertThat(plugin.onExit().get(10, TimeUnit.SECONDS).code()).isEqualTo(1);
		long start = System.nanoTime();
		plugin.end(LONG, LONG);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
		assertThat(endsWithin(grandchild, TIMEOUT)).isTrue();
	}

	@Test
	void anOrphanWithAnEnvironmentOfItsOwnHoldsNobodyUp() throws Exception {
		PluginProcess plugin = launch("hello; env -i setsid sleep 600 & echo grandchild=$! >&2; exit 1");
		long grandchild = Long.parseLong(printed("grandchild"));
		try {
			assertThat(plugin.onExit().get(10, TimeUnit.SECONDS).code()).isEqualTo(1);
			long start = System.nanoTime();
			plugin.end(LONG, LONG);
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
		}
		finally {
			ProcessHandle.of(grandchild).ifPresent(ProcessHandle::destroyForcibly);
		}
	}

	@Test
	void dataOutlivesARestart() throws Exception {
		String body = "hello; cat \"$PLUGIN_DATA_DIR/x\" >&2; echo data=1 > \"$PLUGIN_DATA_DIR/x\"; exit 0";
		launch(body).end(LONG, LONG);
		launch(body).end(LONG, LONG);
		assertThat(printed("data")).isEqualTo("1");
	}

	@Test
	void closeEndsEverything() throws Exception {
		PluginProcess one = launch("trap '' TERM; hello; exec sleep 600");
		PluginProcess two = launch("trap '' TERM; hello; exec sleep 600");
		this.launcher.close();
		this.launcher.close();
		assertThat(one.onExit()).isDone();
		assertThat(two.onExit()).isDone();
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> launch("hello"))
			.withMessage("plugin fake: not started: the gateway is stopping");
	}

	@Test
	void closeEndsALaunchThatIsUnderWay() throws Exception {
		ExecutorService executor = Executors.newSingleThreadExecutor();
		try {
			Future<PluginProcess> launch = executor.submit(() -> launch("echo waiting=1 >&2; exec sleep 600"));
			printed("waiting");
			this.launcher.close();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> launch.get(10, TimeUnit.SECONDS))
				.withMessageContaining("exited before the handshake");
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void freshRuntimeDirectoryGoesWithTheLauncher() throws Exception {
		Path directory;
		try (LocalPluginLauncher fresh = new LocalPluginLauncher(
				new LaunchOptions(null, System.getenv(), this.output, true))) {
			PluginProcess plugin = fresh.launch(script("hello; read _"), new PlainOffer(), TIMEOUT);
			directory = Path.of(environmentOf(plugin.pid().orElseThrow()).get("PLUGIN_UNIX_SOCKET_DIR")).getParent();
			assertThat(directory).isDirectory();
		}
		assertThat(directory).doesNotExist();
		Files.createDirectories(this.root.resolve("run"));
	}

	@Test
	void manyPluginsAtOnce() throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(8);
		try {
			PluginSpec spec = script("hello; read _");
			List<Future<PluginProcess>> launches = IntStream.range(0, 16)
				.mapToObj((i) -> executor.submit(() -> this.launcher.launch(spec, new PlainOffer(), TIMEOUT)))
				.toList();
			for (Future<PluginProcess> launch : launches) {
				assertThat(launch.get(30, TimeUnit.SECONDS).onExit()).isNotDone();
			}
			assertThat(launches.stream().map(LocalPluginLauncherIT::pid).distinct()).hasSize(16);
		}
		finally {
			executor.shutdown();
		}
	}

	private static long pid(Future<PluginProcess> launch) {
		try {
			return launch.get().pid().orElseThrow();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
