package org.hkpgateway.keyserver;

import java.io.ByteArrayOutputStream;
import java.time.Duration;

import io.netty.handler.codec.http.HttpHeaderNames;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Collects a request body up to a limit. A larger one is read and thrown away up to a
 * multiple of the limit, so that a client that reads only after it has written everything
 * (dirmngr does) still gets the answer 413.
 */
final class BoundedBody {

	private static final int DISCARD_FACTOR = 8;

	private static final Duration DEADLINE = Duration.ofSeconds(60);

	private final int limit;

	private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

	private long seen;

	private BoundedBody(int limit) {
		this.limit = limit;
	}

	/**
	 * Reads the body of a request within 60 s.
	 * @param request whose body was not read yet
	 * @param limit in bytes
	 * @return the body, or {@link RefusedException} with 413 as an error
	 */
	static Mono<byte[]> read(HttpServerRequest request, int limit) {
		String length = request.requestHeaders().get(HttpHeaderNames.CONTENT_LENGTH, "0");
		if (tooLargeToDiscard(length, limit)) {
			return Mono.error(tooLarge(limit));
		}
		return request.receive()
			.asByteArray()
			.scanWith(() -> new BoundedBody(limit), BoundedBody::add)
			.takeUntil((body) -> body.seen > (long) limit * DISCARD_FACTOR)
			.last()
			.timeout(DEADLINE)
			.flatMap((body) -> (body.seen > limit) ? Mono.error(tooLarge(limit)) : Mono.just(body.kept.toByteArray()));
	}

	private BoundedBody add(byte[] chunk) {
		this.seen += chunk.length;
		if (this.seen <= this.limit) {
			this.kept.writeBytes(chunk);
		}
		else {
			this.kept.reset();
		}
		return this;
	}

	private static boolean tooLargeToDiscard(String length, int limit) {
		try {
			return Long.parseLong(length) > (long) limit * DISCARD_FACTOR;
		}
		catch (NumberFormatException ex) {
			return true;
		}
	}

	private static RefusedException tooLarge(int limit) {
		return new RefusedException(413, "expected: a body of at most " + limit + " bytes, got: more");
	}

}
