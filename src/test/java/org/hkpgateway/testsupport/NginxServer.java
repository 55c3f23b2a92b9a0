package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

/**
 * A real nginx on a free port of loopback that answers everything with 200 and how many
 * requests came on that connection.
 */
public final class NginxServer implements AutoCloseable {

	private static final String CONFIGURATION = """
			daemon off; master_process off; pid nginx.pid; error_log error.log;
			events {}
			http {
			  access_log off;
			  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
			  %s
			  server { listen 127.0.0.1:%d; location / { return 200 "$connection_requests"; } }
			}
			""";

	private final Path directory;

	private final Process process;

	private final int port;

	private NginxServer(Path directory, Process process, int port) {
		this.directory = directory;
		this.process = process;
		this.port = port;
	}

	/**
	 * Starts a server and waits until it answers, at most 30 s. Skips the test if nginx
	 * is not installed.
	 * @param directives for its http block, as in {@code keepalive_requests 5;}
	 * @return the running server
	 */
	public static NginxServer start(String directives) {
		Path nginx = Requirements.program("nginx");
		Path directory = TemporaryDirectory.create("nginx");
		try {
			int port = FreePorts.next();
			Files.writeString(directory.resolve("nginx.conf"), CONFIGURATION.formatted(directives, port));
			Process process = new ProcessBuilder(nginx.toString(), "-p", directory.toString(), "-c", "nginx.conf", "-e",
					"error.log")
				.redirectErrorStream(true)
				.redirectOutput(directory.resolve("output").toFile())
				.start();
			NginxServer server = new NginxServer(directory, process, port);
			try {
				Awaitility.await()
					.atMost(Duration.ofSeconds(30))
					.until(() -> !process.isAlive() || RawHttp.request(port, "GET", "/").startsWith("HTTP/1.1 200 "));
			}
			catch (RuntimeException ex) {
				server.close();
				throw ex;
			}
			if (!process.isAlive()) {
				String wrote = Files.readString(directory.resolve("output"));
				server.close();
				throw new AssertionError("expected: a running nginx, got: its end; it wrote " + wrote);
			}
			return server;
		}
		catch (IOException ex) {
			TemporaryDirectory.delete(directory);
			throw new UncheckedIOException(ex);
		}
	}

	public URI uri() {
		return URI.create("http://127.0.0.1:" + this.port);
	}

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
