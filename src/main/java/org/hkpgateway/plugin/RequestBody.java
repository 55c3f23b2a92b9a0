package org.hkpgateway.plugin;

import java.nio.ByteBuffer;

/**
 * What a plugin sees of a request body.
 *
 * @param state what {@code bytes} holds
 * @param bytes read-only; empty unless {@link State#COMPLETE} or {@link State#PREFIX}
 * @param length bytes of the whole body if the client declared it, else -1
 */
public record RequestBody(State state, ByteBuffer bytes, long length) {

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

	/** A request without a body. */
	public static final RequestBody ABSENT = new RequestBody(State.ABSENT, NOTHING, 0);

	public RequestBody {
		bytes = bytes.asReadOnlyBuffer();
	}

	/**
	 * All of a body.
	 * @param bytes its bytes
	 * @return the body
	 */
	public static RequestBody complete(ByteBuffer bytes) {
		return new RequestBody(State.COMPLETE, bytes, bytes.remaining());
	}

	/**
	 * There is a body, but it is not shown.
	 * @param length declared length or -1
	 * @return the description
	 */
	public static RequestBody withheld(long length) {
		return new RequestBody(State.WITHHELD, NOTHING, length);
	}

	/** What the bytes are. */
	public enum State {

		/** The request has no body. */
		ABSENT,
		/** All of it. */
		COMPLETE,
		/** Its first bytes. */
		PREFIX,
		/** There is one, which this plugin does not get. */
		WITHHELD

	}

}
