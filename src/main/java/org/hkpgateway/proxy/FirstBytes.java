package org.hkpgateway.proxy;

import java.util.Arrays;

import io.netty.buffer.ByteBuf;

/**
 * A copy of the beginning of a body that goes by. Not thread-safe.
 */
final class FirstBytes {

	private static final byte[] NOTHING = {};

	private final int most;

	private final BufferBudget budget;

	private byte[] bytes = NOTHING;

	private int length;

	private boolean more;

	private boolean refused;

	/**
	 * Nothing yet.
	 * @param most bytes of it
	 * @param budget where they are accounted
	 */
	FirstBytes(int most, BufferBudget budget) {
		this.most = most;
		this.budget = budget;
	}

	/**
	 * Copies what there is room for.
	 * @param part the next part, neither changed nor released
	 */
	void add(ByteBuf part) {
		int wanted = Math.min(part.readableBytes(), this.most - this.length);
		this.more |= part.readableBytes() > wanted;
		if (this.refused || wanted == 0 || !hasRoom(this.length + wanted)) {
			return;
		}
		part.getBytes(part.readerIndex(), this.bytes, this.length, wanted);
		this.length += wanted;
	}

	private boolean hasRoom(int needed) {
		if (needed > this.bytes.length) {
			int capacity = Math.min(this.most, Math.max(needed, 2 * this.bytes.length));
			this.refused = !this.budget.take(capacity - this.bytes.length);
			if (!this.refused) {
				this.bytes = Arrays.copyOf(this.bytes, capacity);
			}
		}
		return !this.refused;
	}

	/** Whether that is all that went by. */
	boolean isWhole() {
		return !this.more && !this.refused;
	}

	/** Whether there was no memory for it. */
	boolean isRefused() {
		return this.refused;
	}

	byte[] toArray() {
		return Arrays.copyOf(this.bytes, this.length);
	}

	/** Forgets it. */
	void release() {
		this.budget.giveBack(this.bytes.length);
		this.bytes = NOTHING;
		this.length = 0;
	}

}
