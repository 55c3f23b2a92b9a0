package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

/**
 * A real SKS keyserver with an empty database of its own, on free ports of loopback. It
 * logs every GET target ({@code Get request: … => /pks/lookup?…}), what it understood
 * ({@code /pks/lookup: Get request (…)}) and every stored key.
 */
public final class SksServer implements AutoCloseable {

	private static final Duration DEADLINE = Duration.ofSeconds(30);

	/** Another process may take a free port before sks does. */
	private static final int ATTEMPTS = 3;

	private final Path directory;

	private final Path log;

	private final Process process;

	private final int port;

	private SksServer(Path directory, Path log, Process process, int port) {
		this.directory = directory;
		this.log = log;
		this.process = process;
		this.port = port;
	}

	/**
	 * Starts a keyserver and waits until it answers, at most 30 s. Skips the test if sks
	 * is not installed.
	 * @return the running keyserver
	 */
	public static SksServer start() {
		Path sks = Requirements.program("sks");
		for (int attempt = 1;; attempt++) {
			SksServer server = launch(sks);
			try {
				Awaitility.await()
					.atMost(DEADLINE)
					.pollInterval(Duration.ofMillis(50))
					.until(() -> server.answers() || !server.process.isAlive());
			}
			catch (RuntimeException ex) {
				server.close();
				throw ex;
			}
			if (server.process.isAlive()) {
				return server;
			}
			List<String> lines = server.logLines();
			server.close();
			if (attempt == ATTEMPTS) {
				throw new AssertionError("expected: a running sks, got: its end; it wrote " + lines);
			}
		}
	}

	private static SksServer launch(Path sks) {
		Path directory = TemporaryDirectory.create("sks");
		try {
			for (String name : List.of("etc/sks", "var/log/sks", "var/run/sks", "var/lib/sks/dump", "var/lib/sks/www",
					"var/spool/sks/messages", "var/spool/sks/failed_messages")) {
				Files.createDirectories(directory.resolve(name));
			}
			int port = FreePorts.next();
			Files.write(directory.resolve("etc/sks/sksconf"),
					List.of("hostname: localhost", "hkp_address: 127.0.0.1", "hkp_port: " + port,
							"recon_address: 127.0.0.1", "recon_port: " + FreePorts.next(), "disable_mailsync:",
							"debuglevel: 6"));
			Files.createFile(directory.resolve("etc/sks/membership"));
			Path seed = Files.createFile(directory.resolve("var/lib/sks/dump/seed.pgp"));
			Command
				.run(directory, DEADLINE, new byte[0], List.of(sks.toString(), "build", seed.toString(), "-basedir",
						directory.toString(), "-n", "1", "-cache", "20"))
				.orFail();
			Path log = directory.resolve("sks.log");
			Process process = new ProcessBuilder(sks.toString(), "db", "-basedir", directory.toString(), "-stdoutlog")
				.directory(directory.toFile())
				.redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start();
			return new SksServer(directory, log, process, port);
		}
		catch (IOException ex) {
			TemporaryDirectory.delete(directory);
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Two processes may share a port number for a moment, so sks itself has to say so.
	 */
	private boolean answers() {
		return logLines().stream().anyMatch((line) -> line.contains("Applied filters"))
				&& !RawHttp.request(this.port, "GET", "/pks/lookup?op=stats").isEmpty();
	}

	/**
	 * Where the keyserver listens.
	 * @return a port on 127.0.0.1
	 */
	public int port() {
		return this.port;
	}

	/**
	 * The address for HTTP clients.
	 * @return for example {@code http://127.0.0.1:12345}
	 */
	public URI uri() {
		return URI.create("http://127.0.0.1:" + this.port);
	}

	/**
	 * What the keyserver has logged so far. It logs a request before it answers it.
	 * @return lines, oldest first
	 */
	public List<String> logLines() {
		try {
			return Files.readAllLines(this.log, StandardCharsets.ISO_8859_1);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Lets the process hang: the kernel goes on to accept connections. */
	public void freeze() {
		SystemProcesses.signal(this.process.pid(), "STOP");
	}

	/** Lets a frozen process go on. */
	public void thaw() {
		SystemProcesses.signal(this.process.pid(), "CONT");
	}

	/** Ends the keyserver as a crash does. */
	public void kill() throws InterruptedException {
		this.process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
	}

	/** Ends the keyserver and deletes its directory. */
	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(5, TimeUnit.SECONDS)) {
				this.process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
		TemporaryDirectory.delete(this.directory);
	}

}
