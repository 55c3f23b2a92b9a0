package org.hkpgateway.proxy;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * A request body, or its beginning, held in memory for the length of one exchange. Bytes
 * are copied into one buffer, so that tiny chunks cost no more than large ones. Not
 * thread-safe, but for {@link #content} and {@link #release}: filled on the connection's
 * event loop, while the call of the keyserver may be on another.
 */
final class HeldBody {

	private final BufferBudget budget;

	private final int limit;

	private final ByteBuf bytes;

	private long taken;

	private long copied;

	private boolean dropped;

	private boolean released;

	/**
	 * Holds a body.
	 * @param declared declared length, or -1
	 * @param most bytes, beyond which {@link #add} refuses with 413; as well beyond what
	 * the budget has when nobody else uses it, for to come again would not help
	 * @param budget where the memory is accounted
	 * @param allocator where it comes from
	 * @throws Refusal if the declared length is more
	 */
	HeldBody(long declared, int most, BufferBudget budget, ByteBufAllocator allocator) {
		int limit = (int) Math.min(most, budget.limit());
		if (declared > limit) {
			throw Refusal.tooLarge(limit);
		}
		this.budget = budget;
		this.limit = limit;
		// Nothing of what is declared: whoever declares much and sends nothing would use
		// up the budget for nothing.
		this.bytes = allocator.buffer(0, limit);
	}

	/**
	 * Copies bytes in.
	 * @param more the bytes; not released here
	 * @throws Refusal if they are too many
	 */
	void add(ByteBuf more) {
		if (this.dropped) {
			return;
		}
		int needed = this.bytes.readableBytes() + more.readableBytes();
		if (needed > this.limit || needed < 0) {
			throw Refusal.tooLarge(this.limit);
		}
		if (needed > this.bytes.capacity()) {
			takeUpTo(this.bytes.alloc().calculateNewCapacity(needed, this.limit));
		}
		this.bytes.writeBytes(more, more.readerIndex(), more.readableBytes());
	}

	private void takeUpTo(long capacity) {
		long more = capacity - this.taken;
		if (!this.budget.take(more)) {
			throw Refusal.tooManyUploads();
		}
		this.taken = capacity;
	}

	/**
	 * What it takes of the budget.
	 * @return bytes, at least {@link #length}
	 */
	long memory() {
		return this.taken;
	}

	int length() {
		return this.bytes.readableBytes();
	}

	/**
	 * The bytes for a plugin. They are accounted, too, until this is released.
	 * @param most how many at most, from the first
	 * @return a copy that stays valid when this is released
	 * @throws Refusal if there is no memory for it
	 */
	ByteBuffer copy(int most) {
		int length = Math.min(most, this.bytes.readableBytes());
		if (!this.budget.take(length)) {
			throw Refusal.tooManyUploads();
		}
		this.copied += length;
		byte[] copy = new byte[length];
		this.bytes.getBytes(this.bytes.readerIndex(), copy);
		return ByteBuffer.wrap(copy);
	}

	/**
	 * Shows the bytes without copying them.
	 * @param reader neither changes, keeps nor releases what it is given
	 */
	void inspect(Consumer<ByteBuf> reader) {
		reader.accept(this.bytes);
	}

	/**
	 * The bytes for the keyserver.
	 * @return a buffer that its reader releases; an empty one if the exchange has ended
	 */
	synchronized ByteBuf content() {
		return this.dropped ? Unpooled.EMPTY_BUFFER : this.bytes.retainedDuplicate();
	}

	/** Lets the bytes go before the exchange ends, but not what plugins were given. */
	synchronized void drop() {
		if (!this.dropped) {
			this.dropped = true;
			this.bytes.release();
			this.budget.giveBack(this.taken);
		}
	}

	synchronized void release() {
		drop();
		if (!this.released) {
			this.released = true;
			this.budget.giveBack(this.copied);
		}
	}

}
