package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Where plugins in shadow mode see the body of one request: as it goes by on its way to
 * the keyserver, of which they are shown copies. Nothing is read for them, nothing waits
 * for them, and none of the methods fails. Thread-safe; does not block, but copies.
 */
public final class BodyTap {

	private final List<ShadowBody> bodies = new ArrayList<>(1);

	private @Nullable String closed;

	BodyTap() {
	}

	/** Shows it what comes from now on. */
	synchronized void add(ShadowBody body) {
		if (this.closed != null) {
			body.missed(this.closed);
		}
		else {
			this.bodies.add(body);
		}
	}

	/**
	 * Whether anybody still waits for more. Whoever will has begun to when the chain has
	 * decided.
	 * @return if not, nothing need be shown
	 */
	public synchronized boolean isWanted() {
		for (ShadowBody body : this.bodies) {
			if (!body.isDone()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The whole body, which is in memory.
	 * @param body neither changed nor kept
	 */
	public void whole(ByteBuffer body) {
		each((one) -> one.whole(body.duplicate()));
	}

	/**
	 * The next part of a body that streams by, from its beginning on.
	 * @param part neither changed nor kept
	 */
	public void next(ByteBuffer part) {
		each((one) -> one.next(part.duplicate()));
	}

	/** The body that streamed by is complete. */
	public void end() {
		each(ShadowBody::end);
	}

	/**
	 * No more will come. Has no effect on those that have seen what they want.
	 * @param why for the log
	 */
	public synchronized void close(String why) {
		if (this.closed == null) {
			this.closed = why;
			each((one) -> one.missed(why));
			this.bodies.clear();
		}
	}

	private synchronized void each(Consumer<ShadowBody> action) {
		for (ShadowBody body : this.bodies) {
			action.accept(body);
		}
	}

}
