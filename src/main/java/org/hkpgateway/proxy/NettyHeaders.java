package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;

import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.Headers;

/**
 * Copies between Netty's headers and ours.
 */
final class NettyHeaders {

	private NettyHeaders() {
	}

	/**
	 * Copies headers as received.
	 * @param received the headers
	 * @return all of them, in order
	 * @throws IllegalArgumentException if one is not a valid header field
	 */
	static Headers copy(HttpHeaders received) {
		List<HeaderField> fields = new ArrayList<>(received.size());
		received.iteratorCharSequence()
			.forEachRemaining(
					(entry) -> fields.add(new HeaderField(entry.getKey().toString(), entry.getValue().toString())));
		return Headers.of(fields);
	}

	static void add(Headers headers, HttpHeaders to) {
		for (HeaderField field : headers) {
			to.add(field.name(), field.value());
		}
	}

}
