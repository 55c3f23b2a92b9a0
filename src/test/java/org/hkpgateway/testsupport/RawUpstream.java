package org.hkpgateway.testsupport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import com.google.common.util.concurrent.Uninterruptibles;

/**
 * A keyserver's end of the wire, byte by byte: records each request exactly as it came
 * and plays a scripted answer. Once it is closed nobody else listens on its port for a
 * while.
 */
public final class RawUpstream implements AutoCloseable {

	private final ServerSocket server = new ServerSocket(FreePorts.next(), 50, InetAddress.getLoopbackAddress());

	private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();

	private final List<Socket> open = new CopyOnWriteArrayList<>();

	private final AtomicLong octets = new AtomicLong();

	private final Thread acceptor = new Thread(this::accept, "raw-upstream");

	private volatile Script script;

	public RawUpstream(Script script) throws IOException {
		this.script = script;
		this.acceptor.setDaemon(true);
		this.acceptor.start();
	}

	/** An upstream that gives every request the same answer and then closes. */
	public static RawUpstream answering(String answer) throws IOException {
		return new RawUpstream((socket, request) -> {
			socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		});
	}

	public URI uri() {
		return URI.create("http://127.0.0.1:" + this.server.getLocalPort());
	}

	/** Waits for the next request. */
	public Received take() throws InterruptedException {
		Received next = this.received.poll(60, TimeUnit.SECONDS);
		if (next == null) {
			throw new AssertionError("expected: a request within 60 s, got: none");
		}
		return next;
	}

	/** How many requests have come and were not taken. */
	public int waiting() {
		return this.received.size();
	}

	/** How many octets have been read of all requests, whole or not. */
	public long octets() {
		return this.octets.get();
	}

	private void accept() {
		while (!this.server.isClosed()) {
			try {
				Socket socket = this.server.accept();
				this.open.add(socket);
				Thread thread = new Thread(() -> serve(socket), "raw-upstream-connection");
				thread.setDaemon(true);
				thread.start();
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private void serve(Socket socket) {
		try {
			InputStream in = socket.getInputStream();
			ByteArrayOutputStream head = new ByteArrayOutputStream();
			while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
				int next = in.read();
				if (next < 0) {
					return;
				}
				this.octets.incrementAndGet();
				head.write(next);
			}
			String text = head.toString(StandardCharsets.ISO_8859_1);
			int length = contentLength(text);
			byte[] body = in.readNBytes(length);
			this.octets.addAndGet(body.length);
			if (body.length < length) {
				// Cut short, which every keyserver can see: no request.
				return;
			}
			Received request = new Received(text, body);
			this.received.add(request);
			this.script.answer(socket, request);
		}
		catch (IOException ex) {
			// The gateway went away: what a test looks for shows elsewhere.
		}
	}

	private static int contentLength(String head) {
		for (String line : head.split("\r\n")) {
			if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
				return Integer.parseInt(line.substring(15).trim());
			}
		}
		return 0;
	}

	/**
	 * As long as its thread is about to accept, the kernel goes on to take connections.
	 */
	@Override
	public void close() throws IOException {
		this.server.close();
		Uninterruptibles.joinUninterruptibly(this.acceptor, Duration.ofSeconds(60));
		for (Socket socket : this.open) {
			socket.close();
		}
	}

	/** What to do when a request has come. */
	@FunctionalInterface
	public interface Script {

		void answer(Socket socket, Received request) throws IOException;

	}

	/**
	 * A request as it came.
	 *
	 * @param head request line and headers with their line ends, as ISO-8859-1
	 * @param body as many bytes as Content-Length says
	 */
	public record Received(String head, byte[] body) {

		public String requestLine() {
			return this.head.substring(0, this.head.indexOf("\r\n"));
		}

		public List<String> headers() {
			return List.of(this.head.split("\r\n")).stream().skip(1).toList();
		}

	}

}
