package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.testsupport.Requirements;

/**
 * A plugin that does what its arguments say, for example {@code read:/etc/shadow}, says
 * on stderr how each went, and then shakes hands on a real socket.
 */
final class IsolatedPlugin {

	/** Far from the users of real machines, and within what rootless containers map. */
	static final UidRange UIDS = new UidRange(54000, 54003);

	private static final String SCRIPT = """
			import errno, os, signal, socket, subprocess, sys, time

			def connect(family, address):
				with socket.socket(family) as client:
					client.settimeout(5)
					client.connect(address)

			def create(path):
				with open(path, "x") as made:
					made.write("x")

			def ignore():
				signal.signal(signal.SIGTERM, signal.SIG_IGN)
				signal.signal(signal.SIGHUP, signal.SIG_IGN)

			def child(name):
				made = subprocess.Popen(["sleep", "600"], start_new_session=True, preexec_fn=ignore)
				with open(os.environ["PLUGIN_DATA_DIR"] + "/" + name, "w") as file:
					file.write(str(made.pid))

			def small(path):
				size = os.statvfs(path)
				if size.f_blocks * size.f_frsize > 256 << 20:
					raise OSError(errno.EFBIG, path)

			def writable(path):
				if not os.access(path, os.W_OK):
					raise OSError(errno.EACCES, path)

			VERBS = {
				"read": lambda path: open(path, "rb").read(1),
				"list": os.listdir,
				"change": lambda path: open(path, "r+b").close(),
				"create": create,
				"child": child,
				"small": small,
				"writable": writable,
				"unix": lambda path: connect(socket.AF_UNIX, path),
				"tcp": lambda port: connect(socket.AF_INET, ("127.0.0.1", int(port))),
				"signal": lambda pid: os.kill(int(pid), 0),
			}

			server = socket.socket(socket.AF_UNIX)
			path = os.environ["PLUGIN_UNIX_SOCKET_DIR"] + "/p.sock"
			server.bind(path)
			server.listen()
			for argument in [each for each in sys.argv[1:] if each != "stay"]:
				verb, _, what = argument.partition(":")
				try:
					VERBS[verb](what)
					outcome = "done"
				except OSError as problem:
					outcome = errno.errorcode.get(problem.errno, str(problem))
				print(argument + "=" + outcome, file=sys.stderr, flush=True)
			print("1|1|unix|" + path + "|grpc", flush=True)
			if "stay" in sys.argv:
				time.sleep(600)
			sys.stdin.read()
			""";

	private IsolatedPlugin() {
	}

	/** A plugin in a directory of its own below the root, readable for everyone. */
	static PluginSpec of(Path root, String name, IsolationLevel level, String... attempts) throws IOException {
		return script(root, name, level, "#!" + python() + "\n" + SCRIPT, attempts);
	}

	static PluginSpec script(Path root, String name, IsolationLevel level, String text, String... arguments)
			throws IOException {
		Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
		Path directory = root.resolve(name);
		if (!Files.exists(directory)) {
			Files.createDirectory(directory);
		}
		Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
		Path file = TestPlugins.executable(directory.resolve("plugin"), text);
		return spec(name, new PluginSource.Launched(directory, file, List.of(arguments), null, HandshakeMode.GO_PLUGIN,
				Network.UNIX, level));
	}

	static PluginSpec spec(String name, PluginSource source) {
		return TestSpec.named(name).source(source).environment(Map.of()).build();
	}

	/** One that other users can read, if there is one. */
	static Path python() {
		Path usual = Path.of("/usr/bin/python3");
		return Files.isExecutable(usual) ? usual : Requirements.program("python3");
	}

}
