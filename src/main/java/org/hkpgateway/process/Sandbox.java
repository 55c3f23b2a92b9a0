package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a plugin sees in {@code strict}: options of {@code bwrap} that build a root with
 * the system's programs and libraries, the plugin's own directory and nothing else of the
 * machine, in namespaces of its own (processes, network, mounts, users, IPC).
 * <p>
 * The environment is inherited, never set here: arguments are public.
 */
final class Sandbox {

	/** Most bytes in each private tmpfs. */
	private static final int TMPFS_BYTES = 256 << 20;

	private static final List<String> NAMESPACES = List.of("--die-with-parent", "--unshare-all", "--new-session",
			"--cap-drop", "ALL");

	private static final List<String> SYSTEM = List.of("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32");

	/**
	 * Of {@code /etc} only what runtimes read. Not the rest, which may hold secrets that
	 * the gateway's user can read.
	 */
	private static final List<String> ETC = List.of("alternatives", "ca-certificates", "crypto-policies", "group",
			"host.conf", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types",
			"nsswitch.conf", "os-release", "passwd", "pki/ca-trust", "pki/java", "pki/tls/certs", "protocols",
			"services", "ssl/certs", "ssl/openssl.cnf", "timezone");

	/** As {@link #ETC}, with a version in the name. */
	private static final String ETC_VERSIONED = "{java-*,python3*,ld-musl-*}";

	private final List<String> system;

	Sandbox() {
		List<String> options = new ArrayList<>(NAMESPACES);
		options.addAll(List.of("--ro-bind", "/usr", "/usr"));
		SYSTEM.stream().map(Path::of).forEach((path) -> addSystem(options, path));
		ETC.forEach((name) -> addReadOnly(options, Path.of("/etc", name)));
		try (DirectoryStream<Path> versioned = Files.newDirectoryStream(Path.of("/etc"), ETC_VERSIONED)) {
			versioned.forEach((path) -> addReadOnly(options, path));
		}
		catch (IOException ex) {
			// No such runtimes.
		}
		options.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
		// Without a size of its own half of the machine's memory could be written there.
		addPrivate(options, Path.of("/dev/shm"));
		options.addAll(List.of("--remount-ro", "/dev"));
		addPrivate(options, Path.of("/tmp"));
		this.system = List.copyOf(options);
	}

	/** Options for a trial that needs nothing of a plugin. */
	List<String> trial() {
		return close(new ArrayList<>(this.system));
	}

	/**
	 * Options for one launch.
	 * @param plugin the plugin's own directory
	 * @param directories what was made for this launch
	 * @param environment of the plugin
	 */
	List<String> options(Path plugin, PluginEnvironment.LaunchDirectories directories,
			Map<String, String> environment) {
		List<String> options = new ArrayList<>(this.system);
		String java = environment.getOrDefault("JAVA_HOME", "");
		if (java.startsWith("/") && !Path.of(java).startsWith("/usr") && Path.of(java).getNameCount() > 0) {
			addReadOnly(options, Path.of(java));
		}
		addReadOnly(options, plugin);
		// Should the plugin's directory hold the runtime directory: not others' sockets.
		addPrivate(options, directories.runtime());
		addWritable(options, directories.sockets());
		addWritable(options, directories.data());
		String host = environment.getOrDefault("PLUGIN_HOST_ADDRESS", "");
		if (host.startsWith("unix:/")) {
			addReadOnly(options, Path.of(host.substring("unix:".length())));
		}
		options.addAll(List.of("--chdir", plugin.toString()));
		return close(options);
	}

	/** The root itself is a tmpfs, writable until here. */
	private static List<String> close(List<String> options) {
		options.addAll(List.of("--remount-ro", "/", "--"));
		return options;
	}

	/** On a merged {@code /usr} these are links into it. */
	private static void addSystem(List<String> options, Path path) {
		try {
			if (Files.isSymbolicLink(path)) {
				options.addAll(List.of("--symlink", Files.readSymbolicLink(path).toString(), path.toString()));
				return;
			}
		}
		catch (IOException ex) {
			// Bound below, if it is there at all.
		}
		addReadOnly(options, path);
	}

	private static void addReadOnly(List<String> options, Path path) {
		options.addAll(List.of("--ro-bind-try", path.toString(), path.toString()));
	}

	private static void addWritable(List<String> options, Path path) {
		options.addAll(List.of("--bind", path.toString(), path.toString()));
	}

	private static void addPrivate(List<String> options, Path path) {
		options.addAll(List.of("--size", String.valueOf(TMPFS_BYTES), "--tmpfs", path.toString()));
	}

}
