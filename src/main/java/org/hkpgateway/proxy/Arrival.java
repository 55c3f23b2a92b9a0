package org.hkpgateway.proxy;

import java.net.InetSocketAddress;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpVersion;
import org.hkpgateway.hkp.HkpRequest;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request as it came, and where it came from: all that is needed to
 * understand it.
 */
interface Arrival {

	/**
	 * Why the request could not be read.
	 * @return null if it could
	 */
	@Nullable Refusal unreadable();

	HttpHeaders fields();

	String method();

	String target();

	/**
	 * The version of HTTP that its first line names.
	 * @return without meaning for HTTP/2
	 */
	HttpVersion version();

	boolean http2();

	/**
	 * Whether the other end of the connection speaks TLS.
	 * @return false in the clear
	 */
	boolean overTls();

	/**
	 * The other end of the connection.
	 * @return whom a trusted proxy's PROXY header names, if there was one
	 * @throws Refusal if it has gone away
	 */
	InetSocketAddress peer();

	/**
	 * The client was found out.
	 * @param client who
	 */
	void sentBy(ClientAddress client);

	/**
	 * The target was understood.
	 * @param hkp null outside HKP
	 */
	void asks(@Nullable HkpRequest hkp);

	default boolean http10() {
		return version().equals(HttpVersion.HTTP_1_0);
	}

	/**
	 * What the client speaks.
	 * @return {@code 1.0}, {@code 1.1} or {@code 2}
	 */
	default String protocolVersion() {
		return http2() ? "2" : http10() ? "1.0" : "1.1";
	}

}
