package org.hkpgateway;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.testsupport.LargeBody;

/**
 * Answers each GET with a large body, and counts the uploads that have come whole.
 */
final class LargeBodyKeyserver implements AutoCloseable {

	private final ServerSocket listening = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());

	private final ExecutorService threads;

	private final LargeBody upload;

	private final AtomicInteger whole = new AtomicInteger();

	private volatile LargeBody answer = new LargeBody(1);

	LargeBodyKeyserver(ExecutorService threads, LargeBody upload) throws IOException {
		this.threads = threads;
		this.upload = upload;
		threads.submit(this::accept);
	}

	String uri() {
		return "http://127.0.0.1:" + this.listening.getLocalPort();
	}

	void answerWith(LargeBody body) {
		this.answer = body;
	}

	/** How many uploads have come whole since this was last asked. */
	int takeWhole() {
		return this.whole.getAndSet(0);
	}

	private void accept() {
		while (!this.listening.isClosed()) {
			try {
				Socket socket = this.listening.accept();
				this.threads.submit((Callable<Void>) () -> serve(socket));
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private Void serve(Socket socket) throws IOException {
		try (socket) {
			InputStream in = socket.getInputStream();
			if (head(in).startsWith("GET ")) {
				LargeBody body = this.answer;
				// Else the gateway may take it for one that can be used again.
				write(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n");
				body.forEachPart(socket.getOutputStream()::write);
			}
			else if (this.upload.checksum(in, () -> {
			}) == this.upload.checksum()) {
				this.whole.incrementAndGet();
				write(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
			}
			return null;
		}
	}

	static void write(Socket socket, String text) throws IOException {
		socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
	}

	static String head(InputStream in) throws IOException {
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			int next = in.read();
			if (next < 0) {
				throw new IOException("expected: the end of a head, got: the end of the connection after " + head);
			}
			head.append((char) next);
		}
		return head.toString();
	}

	@Override
	public void close() throws IOException {
		this.listening.close();
	}

}
