package org.hkpgateway.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a plugin that tries can and cannot do: read, write, connect and signal, in each
 * isolation level. The rows of {@link Level#NONE} are the control: they show that an
 * attempt succeeds when nothing hinders it.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "isolation is Linux's")
class IsolationIT extends AbstractLauncherIT {

	private static final String DONE = "done";

	private static final String NO = "EACCES";

	private static final String NOT_THERE = "ENOENT";

	private static final String READ_ONLY = "EROFS";

	/**
	 * For each attempt what becomes of it: unhindered, own user, strict, strict as own
	 * user.
	 */
	private static final List<List<String>> TABLE = List.of(
			// Read.
			List.of("read:{victim.data}/secret", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("read:/proc/{gateway}/environ", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("read:/proc/{victim}/environ", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("read:{run}/management-token", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("read:/etc/shadow", DONE, NO, NOT_THERE, NOT_THERE), List.of("list:{run}", DONE, NO, DONE, DONE),
			List.of("read:{own}/plugin", DONE, DONE, DONE, DONE), List.of("list:{own}", DONE, DONE, DONE, DONE),
			List.of("read:/etc/passwd", DONE, DONE, DONE, DONE),
			// Write.
			List.of("change:{own}/plugin", DONE, NO, READ_ONLY, NO + "|" + READ_ONLY),
			List.of("create:{own}/new", DONE, NO, READ_ONLY, NO + "|" + READ_ONLY),
			List.of("change:{run}/gateway.lock", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("create:{victim.sockets}/new", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("create:{victim.data}/new", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("writable:/etc", DONE, NO, NO, NO), List.of("writable:/usr/bin", DONE, NO, NO, NO),
			List.of("writable:/", DONE, NO, NO, NO), List.of("create:{own.data}/new", DONE, DONE, DONE, DONE),
			// Connect.
			List.of("unix:{victim.sockets}/p.sock", DONE, NO, NOT_THERE, NOT_THERE),
			List.of("tcp:{port}", DONE, DONE, "ECONNREFUSED", "ECONNREFUSED"),
			// Signal.
			List.of("signal:{gateway}", DONE, "EPERM", "ESRCH", "ESRCH"),
			List.of("signal:{victim}", DONE, "EPERM", "ESRCH", "ESRCH"));

	private static final List<Level> COLUMNS = List.of(Level.NONE, Level.BASIC_OWN_USER, Level.STRICT,
			Level.STRICT_OWN_USER);

	private final ServerSocket port;

	IsolationIT() throws IOException {
		this.port = new ServerSocket();
	}

	@TestFactory
	Stream<DynamicTest> nothingHindersIt() throws Exception {
		// Others are hindered by permissions alone.
		Level.root();
		return attempts(0);
	}

	@TestFactory
	Stream<DynamicTest> basicWithOwnUser() throws Exception {
		return attempts(1);
	}

	@TestFactory
	Stream<DynamicTest> strict() throws Exception {
		return attempts(2);
	}

	@TestFactory
	Stream<DynamicTest> strictWithOwnUser() throws Exception {
		return attempts(3);
	}

	/** One victim, and one intruder that tries everything. */
	private Stream<DynamicTest> attempts(int column) throws Exception {
		Level level = COLUMNS.get(column).required();
		relaunch(level);
		PluginProcess victim = this.launcher.launch(IsolatedPlugin.of(this.root, "victim", level.level()),
				new PlainOffer(), TIMEOUT);
		Path run = this.root.resolve("run");
		Files.writeString(run.resolve("data/victim/secret"), "s");
		Files.createFile(run.resolve("management-token"),
				PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
		this.port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		Map<String, Object> values = Map.of("{victim.data}", run.resolve("data/victim"), "{victim.sockets}",
				((PluginEndpoint.Unix) victim.endpoint()).path().getParent(), "{victim}", victim.pid().orElseThrow(),
				"{gateway}", ProcessHandle.current().pid(), "{run}", run, "{own}", this.root.resolve("intruder"),
				"{own.data}", run.resolve("data/intruder"), "{port}", this.port.getLocalPort());
		String[] attempts = TABLE.stream().map((row) -> fill(row.get(0), values)).toArray(String[]::new);
		this.launcher.launch(IsolatedPlugin.of(this.root, "intruder", level.level(), attempts), new PlainOffer(),
				TIMEOUT);
		return TABLE.stream().map((row) -> DynamicTest.dynamicTest(row.get(0) + " is " + row.get(column + 1), () -> {
			assertThat(printed(fill(row.get(0), values))).matches(row.get(column + 1));
			// Whatever it tried, the other is still there.
			assertThat(victim.onExit()).isNotDone();
		}));
	}

	@AfterEach
	void closePort() throws IOException {
		this.port.close();
		Files.deleteIfExists(this.root.resolve("run/management-token"));
	}

	@ParameterizedTest
	@MethodSource("columns")
	void temporaryFilesAreVisibleOutsideUnlessStrict(Level level) throws Exception {
		level.required();
		relaunch(level);
		Path file = Path.of("/tmp", this.root.getFileName() + ".probe");
		try {
			this.launcher.launch(IsolatedPlugin.of(this.root, "intruder", level.level(), "create:" + file),
					new PlainOffer(), TIMEOUT);
			assertThat(printed("create:" + file)).isEqualTo(DONE);
			assertThat(Files.exists(file)).isEqualTo(!level.strict());
		}
		finally {
			Files.deleteIfExists(file);
		}
	}

	static List<Level> columns() {
		return COLUMNS;
	}

	private static String fill(String text, Map<String, Object> values) {
		String filled = text;
		for (Map.Entry<String, Object> value : values.entrySet()) {
			filled = filled.replace(value.getKey(), value.getValue().toString());
		}
		return filled;
	}

}
