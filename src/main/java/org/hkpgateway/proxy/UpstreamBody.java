package org.hkpgateway.proxy;

import java.nio.ByteBuffer;

import io.netty.buffer.ByteBuf;
import reactor.core.publisher.Flux;

/**
 * The request body on its way to the keyserver.
 */
sealed interface UpstreamBody {

	/** There is none. */
	record None() implements UpstreamBody {
	}

	/**
	 * It is in memory.
	 *
	 * @param body released by whoever made it, when the exchange ends
	 */
	record Held(HeldBody body) implements UpstreamBody {
	}

	/**
	 * A plugin has put it in the place of the client's.
	 *
	 * @param bytes all of it
	 */
	record Replaced(ByteBuffer bytes) implements UpstreamBody {
	}

	/**
	 * It streams by.
	 *
	 * @param bytes subscribe at most once; the reader releases each buffer
	 * @param length declared length, or -1
	 * @param held how many bytes of it are in memory; 0 if its beginning is not there yet
	 */
	record Streamed(Flux<ByteBuf> bytes, long length, long held) implements UpstreamBody {

		boolean begun() {
			return this.held > 0;
		}

	}

}
