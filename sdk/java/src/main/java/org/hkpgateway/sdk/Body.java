package org.hkpgateway.sdk;

import java.nio.ByteBuffer;

/**
 * What a plugin is shown of a request's body.
 *
 * @param state how much of it
 * @param bytes read-only; empty unless complete or a prefix. Each call returns a view
 * with a position of its own
 * @param declaredLength bytes of the whole body as the client declared it; -1 when it did
 * not
 */
public record Body(State state, ByteBuffer bytes, long declaredLength) {

	private static final Body ABSENT = new Body(State.ABSENT, ByteBuffer.allocate(0), -1);

	public Body {
		bytes = bytes.asReadOnlyBuffer();
	}

	@Override
	public ByteBuffer bytes() {
		return this.bytes.asReadOnlyBuffer();
	}

	/**
	 * The body of a request that has none.
	 * @return the absent body
	 */
	public static Body absent() {
		return ABSENT;
	}

	/**
	 * How much of the body is here.
	 */
	public enum State {

		/** The request has no body. */
		ABSENT,

		/** All of it. */
		COMPLETE,

		/** Its first bytes; more follow, which this plugin does not see. */
		PREFIX,

		/**
		 * There is one, and this plugin does not get it: not asked for or not granted.
		 */
		WITHHELD

	}

}
