package org.hkpgateway.process;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A launcher for tests with real processes, and after each test the proof that nothing
 * was left behind: no child, no thread, no directory of a launch.
 */
abstract class AbstractLauncherIT {

	static final Duration TIMEOUT = Duration.ofSeconds(20);

	final RecordedOutput output = new RecordedOutput();

	LocalPluginLauncher launcher;

	/** Short, for the sake of socket paths. */
	Path root;

	Path socket;

	private ServerSocketChannel listener;

	private Set<ProcessHandle> before;

	@BeforeEach
	void setUpLauncher() throws IOException {
		this.before = children();
		this.root = Files.createTempDirectory("hkpt").toRealPath();
		Files.createDirectory(this.root.resolve("plugin"));
		this.socket = this.root.resolve("s");
		this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
		this.listener.bind(UnixDomainSocketAddress.of(this.socket));
		this.launcher = new LocalPluginLauncher(options(true));
	}

	@AfterEach
	void nothingIsLeft() throws Exception {
		this.launcher.close();
		this.listener.close();
		assertThat(children()).as("children").isEqualTo(this.before);
		assertThat(threads()).as("threads").isEmpty();
		try (Stream<Path> left = Files.list(this.root.resolve("run"))) {
			assertThat(left.map((path) -> path.getFileName().toString())).as("launch directories")
				.isSubsetOf("data", "gateway.lock", "gateway.launches");
		}
		try (Stream<Path> all = Files.walk(this.root)) {
			for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(path);
			}
		}
	}

	LaunchOptions options(boolean parentDeathSignal) {
		return new LaunchOptions(this.root.resolve("run"), System.getenv(), this.output, parentDeathSignal);
	}

	/** Launches from here on with or without users for plugins. */
	void relaunch(Level level) throws IOException {
		this.launcher.close();
		Files.setPosixFilePermissions(this.root.resolve("run"), PosixFilePermissions.fromString("rwx--x--x"));
		this.launcher = new LocalPluginLauncher(options(true).withUidRange(level.uids()));
	}

	/** A plugin that is a shell script, see {@link TestPlugins}. */
	PluginSpec script(String body, String... arguments) throws IOException {
		return TestPlugins.script(this.root.resolve("plugin"), this.socket, body, arguments);
	}

	PluginProcess launch(String body) throws IOException {
		return this.launcher.launch(script(body), new PlainOffer(), TIMEOUT);
	}

	/** Waits for {@code name=value} among what the plugin has printed. */
	String printed(String name) throws InterruptedException {
		return this.output.await((line) -> line.startsWith(name + "="), TIMEOUT).substring(name.length() + 1);
	}

	/** Whether a process ends in time; one that nobody has reaped has ended too. */
	static boolean endsWithin(long pid, Duration timeout) throws InterruptedException, IOException {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (isRunning(pid)) {
			if (System.nanoTime() - deadline > 0) {
				return false;
			}
			synchronized (AbstractLauncherIT.class) {
				AbstractLauncherIT.class.wait(10);
			}
		}
		return true;
	}

	private static boolean isRunning(long pid) throws IOException {
		if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
			return false;
		}
		Path stat = Path.of("/proc/" + pid + "/stat");
		try {
			return !Files.exists(stat) || !Files.readString(stat).replaceAll("(?s).*\\) ", "").startsWith("Z");
		}
		catch (IOException ex) {
			return Files.exists(stat);
		}
	}

	static Map<String, String> environmentOf(long pid) throws IOException {
		return List.of(Files.readString(Path.of("/proc/" + pid + "/environ")).split("\0"))
			.stream()
			.collect(Collectors.toMap((line) -> line.substring(0, line.indexOf('=')),
					(line) -> line.substring(line.indexOf('=') + 1)));
	}

	private static Set<ProcessHandle> children() {
		return ProcessHandle.current().children().collect(Collectors.toSet());
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.map(Thread::getName)
			.filter((name) -> name.startsWith("hkp-plugin-"))
			.toList();
	}

}
