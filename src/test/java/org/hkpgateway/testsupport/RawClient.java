package org.hkpgateway.testsupport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A client that sends bytes and shows the bytes that come back.
 */
public final class RawClient implements AutoCloseable {

	private final Socket socket;

	public RawClient(int port) throws IOException {
		this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
		this.socket.setSoTimeout(60_000);
		this.socket.setTcpNoDelay(true);
	}

	/** Sends one request and reads until the server closes. */
	public static Answer exchange(int port, String request) throws IOException {
		try (RawClient client = new RawClient(port)) {
			return client.send(request).readToEnd();
		}
	}

	public RawClient send(String bytes) throws IOException {
		return send(bytes.getBytes(StandardCharsets.ISO_8859_1));
	}

	public RawClient send(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		this.socket.getOutputStream().flush();
		return this;
	}

	/** Ends sending; the answer can still be read. */
	public RawClient shutdownOutput() throws IOException {
		this.socket.shutdownOutput();
		return this;
	}

	/** Ends the connection as a client that crashed does. */
	public void reset() throws IOException {
		this.socket.setSoLinger(true, 0);
		this.socket.close();
	}

	/** Reads a head and as much body as Content-Length says; the connection stays. */
	public Answer read() throws IOException {
		Answer answer = readHead();
		String length = answer.header("content-length");
		byte[] body = (length != null) ? this.socket.getInputStream().readNBytes(Integer.parseInt(length))
				: new byte[0];
		return new Answer(answer.bytes() + new String(body, StandardCharsets.ISO_8859_1), false);
	}

	/** Reads an answer that has no body, whatever Content-Length says. */
	public Answer readHead() throws IOException {
		InputStream in = this.socket.getInputStream();
		ByteArrayOutputStream head = new ByteArrayOutputStream();
		while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
			int next = in.read();
			if (next < 0) {
				throw new IOException("expected: an answer, got: the end after: " + head);
			}
			head.write(next);
		}
		return new Answer(head.toString(StandardCharsets.ISO_8859_1), false);
	}

	public Answer readToEnd() throws IOException {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		byte[] buffer = new byte[8192];
		try {
			InputStream in = this.socket.getInputStream();
			for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
				all.write(buffer, 0, read);
			}
			return new Answer(all.toString(StandardCharsets.ISO_8859_1), false);
		}
		catch (SocketException ex) {
			return new Answer(all.toString(StandardCharsets.ISO_8859_1), true);
		}
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * What came back.
	 *
	 * @param bytes all of it, as ISO-8859-1
	 * @param reset whether the connection ended by a reset
	 */
	public record Answer(String bytes, boolean reset) {

		public int status() {
			return this.bytes.isEmpty() ? 0 : Integer.parseInt(this.bytes.split(" ", 3)[1]);
		}

		public String body() {
			return this.bytes.substring(this.bytes.indexOf("\r\n\r\n") + 4);
		}

		public List<String> headers() {
			return List.of(this.bytes.substring(0, this.bytes.indexOf("\r\n\r\n")).split("\r\n"))
				.stream()
				.skip(1)
				.toList();
		}

		public @Nullable String header(String name) {
			return headers().stream()
				.filter((line) -> line.toLowerCase(java.util.Locale.ROOT).startsWith(name + ":"))
				.map((line) -> line.substring(name.length() + 1).trim())
				.findFirst()
				.orElse(null);
		}

	}

}
