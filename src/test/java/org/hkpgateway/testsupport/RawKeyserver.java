package org.hkpgateway.testsupport;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.Uninterruptibles;

/**
 * A keyserver that keeps connections, answers everything with 200 and its name, and can
 * be killed and started again on the same port.
 */
public final class RawKeyserver implements AutoCloseable {

	private final String name;

	private final List<String> requests = new CopyOnWriteArrayList<>();

	private final Set<Socket> open = ConcurrentHashMap.newKeySet();

	private final int port;

	private volatile ServerSocket server;

	private volatile Thread acceptor;

	private volatile long answerMillis;

	public RawKeyserver(String name) throws IOException {
		this.name = name;
		this.server = listen(FreePorts.next());
		this.port = this.server.getLocalPort();
	}

	public URI uri() {
		return URI.create("http://127.0.0.1:" + this.port);
	}

	/**
	 * Request lines and the body if there was one, in order, without checks of health.
	 */
	public List<String> requests() {
		return this.requests.stream().filter((line) -> !line.startsWith("GET /pks/health ")).toList();
	}

	/** Ends its side of every connection without notice, and reads on. */
	public void endConnections() throws IOException {
		for (Socket socket : this.open) {
			socket.shutdownOutput();
		}
	}

	/** How many connections are open. */
	public int connections() {
		return this.open.size();
	}

	/** How often its health was asked for. */
	public long checks() {
		return this.requests.stream().filter((line) -> line.startsWith("GET /pks/health ")).count();
	}

	/** Takes its time for every answer from now on. */
	public RawKeyserver answersAfter(Duration time) {
		this.answerMillis = time.toMillis();
		return this;
	}

	/** Ends as a process that is killed: nobody listens, every connection is reset. */
	public void kill() throws IOException {
		this.server.close();
		// As long as it is about to accept, the kernel goes on to take connections.
		Uninterruptibles.joinUninterruptibly(this.acceptor, Duration.ofSeconds(60));
		for (Socket socket : this.open) {
			try {
				socket.setSoLinger(true, 0);
			}
			catch (SocketException ex) {
				// It has just ended by itself.
			}
			socket.close();
		}
	}

	public void restart() throws IOException {
		this.server = listen(this.port);
	}

	private ServerSocket listen(int port) throws IOException {
		ServerSocket listening = new ServerSocket();
		listening.setReuseAddress(true);
		listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
		this.acceptor = daemon(() -> accept(listening));
		return listening;
	}

	private void accept(ServerSocket listening) {
		while (!listening.isClosed()) {
			try {
				Socket socket = listening.accept();
				this.open.add(socket);
				daemon(() -> serve(socket));
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private void serve(Socket socket) {
		try (socket) {
			InputStream in = new BufferedInputStream(socket.getInputStream());
			for (String head = head(in); head != null; head = head(in)) {
				String body = new String(in.readNBytes(length(head)), StandardCharsets.ISO_8859_1);
				this.requests.add(head.substring(0, head.indexOf("\r\n")) + (body.isEmpty() ? "" : " " + body));
				TimeUnit.MILLISECONDS.sleep(this.answerMillis);
				socket.getOutputStream()
					.write(("HTTP/1.1 200 OK\r\nContent-Length: " + this.name.length() + "\r\n\r\n" + this.name)
						.getBytes(StandardCharsets.US_ASCII));
			}
		}
		catch (IOException | InterruptedException ex) {
			// Killed, or the gateway went away: what a test looks for shows elsewhere.
		}
		finally {
			this.open.remove(socket);
		}
	}

	/** Returns null at the end. */
	private static String head(InputStream in) throws IOException {
		ByteArrayOutputStream head = new ByteArrayOutputStream();
		while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
			int next = in.read();
			if (next < 0) {
				return null;
			}
			head.write(next);
		}
		return head.toString(StandardCharsets.ISO_8859_1);
	}

	private static int length(String head) {
		for (String line : head.split("\r\n")) {
			if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
				return Integer.parseInt(line.substring(15).trim());
			}
		}
		return 0;
	}

	private static Thread daemon(Runnable task) {
		Thread thread = new Thread(task, "raw-keyserver");
		thread.setDaemon(true);
		thread.start();
		return thread;
	}

	@Override
	public void close() {
		try {
			kill();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
