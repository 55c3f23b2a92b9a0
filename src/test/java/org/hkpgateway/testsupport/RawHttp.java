package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Sends bytes to a port on loopback and reads until the peer closes.
 */
public final class RawHttp {

	private static final Duration DEADLINE = Duration.ofSeconds(20);

	private RawHttp() {
	}

	/**
	 * Sends an HTTP/1.0 request without headers and without a body.
	 * @param port on loopback
	 * @param method for example {@code GET}
	 * @param target octets as ISO-8859-1 characters
	 * @return what was answered, see {@link #exchange(int, byte[])}
	 */
	public static String request(int port, String method, String target) {
		return exchange(port, (method + " " + target + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
	}

	/**
	 * Sends bytes and reads the answer to its end.
	 * @param port on loopback
	 * @param request all bytes to send
	 * @return all octets answered as ISO-8859-1 characters, empty if the peer closed or
	 * reset the connection without an answer
	 */
	public static String exchange(int port, byte[] request) {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) DEADLINE.toMillis());
			socket.setSoTimeout((int) DEADLINE.toMillis());
			OutputStream out = socket.getOutputStream();
			out.write(request);
			out.flush();
			return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
		}
		catch (SocketException ex) {
			return "";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
