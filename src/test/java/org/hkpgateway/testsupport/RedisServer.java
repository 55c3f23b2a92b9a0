package org.hkpgateway.testsupport;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

/**
 * A real Redis server on a port of loopback, which keeps nothing on disk. It may be
 * stopped, and started again on the same port.
 */
public final class RedisServer implements AutoCloseable {

	private static final Duration DEADLINE = Duration.ofSeconds(30);

	private final Path program = Requirements.program("redis-server");

	private final Path directory = TemporaryDirectory.create("rd");

	private final int port = FreePorts.next();

	private final List<String> options;

	private Process process;

	private RedisServer(List<String> options) {
		this.options = options;
	}

	/**
	 * Starts a server and waits until it answers. Skips the test if Redis is not
	 * installed.
	 * @param options of the server, for example {@code --requirepass x}
	 */
	public static RedisServer start(String... options) {
		RedisServer server = stopped(options);
		server.launch();
		return server;
	}

	/** The same, but does not start it. */
	public static RedisServer stopped(String... options) {
		return new RedisServer(List.of(options));
	}

	/** Starts it, again perhaps, with nothing in it. */
	public void launch() {
		List<String> command = new ArrayList<>(List.of(this.program.toString(), "--port", String.valueOf(this.port),
				"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", this.directory.toString()));
		command.addAll(this.options);
		try {
			this.process = new ProcessBuilder(command).directory(this.directory.toFile())
				.redirectErrorStream(true)
				.redirectOutput(log().toFile())
				.start();
			Awaitility.await()
				.atMost(DEADLINE)
				.pollInterval(Duration.ofMillis(20))
				.until(() -> written().contains("Ready to accept connections") || !this.process.isAlive());
			if (!this.process.isAlive()) {
				throw new AssertionError("expected: a running redis-server, got: its end; it wrote " + written());
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (RuntimeException | AssertionError ex) {
			close();
			throw ex;
		}
	}

	private Path log() {
		return this.directory.resolve("redis.log");
	}

	private String written() throws IOException {
		return Files.readString(log(), StandardCharsets.ISO_8859_1);
	}

	/** Where it listens, or will. */
	public String url() {
		return "redis://127.0.0.1:" + this.port;
	}

	public int port() {
		return this.port;
	}

	/**
	 * Sends one command on a connection of its own.
	 * @param words without blanks
	 * @return the first line of the answer, for example {@code +OK}
	 */
	public String command(String... words) {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.port)) {
			socket.setSoTimeout((int) DEADLINE.toMillis());
			socket.getOutputStream().write((String.join(" ", words) + "\r\n").getBytes(StandardCharsets.UTF_8));
			return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
				.readLine();
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

	/** Ends it as a crash does. */
	public void kill() {
		try {
			this.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/** Ends it and deletes its directory. */
	@Override
	public void close() {
		if (this.process != null) {
			kill();
		}
		TemporaryDirectory.delete(this.directory);
	}

}
