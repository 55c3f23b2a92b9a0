package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

/**
 * A fresh Debian with files and network of its own, in which a test is root. No systemd
 * runs in it. Debian's packages are fetched once and kept in
 * {@code ~/.cache/hkp-gateway/debian}.
 */
public final class DebianSystem implements AutoCloseable {

	private static final String RELEASE = "bookworm";

	private static final List<String> PACKAGES = List.of("openjdk-17-jre-headless", "ca-certificates", "curl",
			"systemd", "bubblewrap", "util-linux", "procps", "strace", "sks", "prometheus");

	private static final Duration FETCH = Duration.ofMinutes(10);

	private static final Duration DEADLINE = Duration.ofMinutes(2);

	private final Path root;

	/** Holds the network and the mounts. */
	private final Process holder;

	private final Path nsenter;

	private final List<Process> launched = new ArrayList<>();

	private DebianSystem(Path root, Process holder, Path nsenter) {
		this.root = root;
		this.holder = holder;
		this.nsenter = nsenter;
	}

	/**
	 * Makes one. Skips the test where it cannot be had, or the user is not root, who
	 * alone can set up the users that a Debian has.
	 * @return a running one
	 */
	public static DebianSystem start() {
		Requirements.root();
		Path bwrap = Requirements.working("bwrap", "--unshare-net", "--bind", "/", "/", "--proc", "/proc", "true");
		Path nsenter = Requirements.program("nsenter");
		Path archive = archive(Requirements.program("mmdebstrap"));
		Path root = TemporaryDirectory.create("deb");
		try {
			Command
				.run(root.getParent(), DEADLINE, new byte[0],
						List.of("tar", "-C", root.toString(), "--exclude=./dev/*", "-xf", archive.toString()))
				.orFail();
			Process holder = new ProcessBuilder(bwrap.toString(), "--unshare-net", "--die-with-parent", "--bind",
					root.toString(), "/", "--proc", "/proc", "--dev", "/dev", "--", "sleep", "infinity")
				.inheritIO()
				.start();
			DebianSystem system = new DebianSystem(root, holder, nsenter);
			Awaitility.await().atMost(DEADLINE).until(() -> inside(holder).isPresent());
			return system;
		}
		catch (IOException | RuntimeException | AssertionError ex) {
			TemporaryDirectory.delete(root);
			throw new AssertionError("no Debian", ex);
		}
	}

	private static Optional<ProcessHandle> inside(Process holder) {
		return holder.descendants()
			.filter((process) -> process.info().command().orElse("").endsWith("sleep"))
			.findFirst();
	}

	private static Path archive(Path mmdebstrap) {
		String cache = System.getenv().getOrDefault("XDG_CACHE_HOME", System.getProperty("user.home") + "/.cache");
		return MadeOnce.in(Path.of(cache, "hkp-gateway", "debian"), RELEASE + " " + PACKAGES,
				(directory) -> Command.run(directory, FETCH, new byte[0],
						List.of(mmdebstrap.toString(), "--variant=minbase", "--dpkgopt=path-exclude=/usr/share/doc/*",
								"--dpkgopt=path-exclude=/usr/share/locale/*", "--include=" + String.join(",", PACKAGES),
								RELEASE, directory.resolve("debian.tar").toString()))
					.orFail())
			.resolve("debian.tar");
	}

	/** Its root directory, seen from outside. */
	public Path root() {
		return this.root;
	}

	/** Runs commands for a shell as root, and fails if one of them does. */
	public String shell(String directory, String commands) {
		return Command.run(this.root.getParent(), DEADLINE, new byte[0], command(directory, Map.of(), commands))
			.orFail()
			.text();
	}

	/** Starts a program by a line for a shell, which should begin with exec. */
	public Process launch(String directory, Map<String, String> environment, String line, Path log) {
		try {
			Process process = new ProcessBuilder(command(directory, environment, line)).redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start();
			this.launched.add(process);
			return process;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private List<String> command(String directory, Map<String, String> environment, String commands) {
		long pid = inside(this.holder).orElseThrow().pid();
		List<String> command = new ArrayList<>(
				List.of(this.nsenter.toString(), "--target", String.valueOf(pid), "--mount", "--net", "--root",
						"--wd=/proc/" + pid + "/root" + directory, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
						// Else systemctl looks for a systemd that runs.
						"HOME=/root", "SYSTEMD_OFFLINE=1"));
		environment.forEach((key, value) -> command.add(key + "=" + value));
		command.addAll(List.of("sh", "-e", "-c", commands));
		return command;
	}

	@Override
	public void close() throws InterruptedException {
		this.launched.add(this.holder);
		for (Process process : this.launched) {
			process.descendants().forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
		TemporaryDirectory.delete(this.root);
	}

}
