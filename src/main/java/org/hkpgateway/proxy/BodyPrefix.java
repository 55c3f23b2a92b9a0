package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;

/**
 * The beginning of a body that otherwise streams by. It is copied, not kept as it came:
 * tiny chunks would pin far more memory than is accounted for. What came with its last
 * bytes and does not belong to it is kept here too, because the stream behind it may
 * never be asked for. It is filled on the connection's event loop; the call of the
 * keyserver, which takes it from here, may be on another.
 */
final class BodyPrefix {

	private final HeldBody held;

	private final int size;

	private boolean full;

	private boolean released;

	private @Nullable ByteBuf overhang;

	/**
	 * A prefix.
	 * @param held where it is held, released with this
	 * @param size its size in bytes; less if the body is shorter
	 */
	BodyPrefix(HeldBody held, int size) {
		this.held = held;
		this.size = size;
	}

	HeldBody held() {
		return this.held;
	}

	/**
	 * Takes the next part of the body. Emits an empty buffer when the prefix has become
	 * full, and every part after that.
	 * @param part owned by this from now on
	 * @param sink where parts beyond the prefix go
	 * @throws Refusal if there is no memory for it
	 */
	void take(ByteBuf part, SynchronousSink<ByteBuf> sink) {
		if (this.full) {
			sink.next(part);
			return;
		}
		int bytes = Math.min(this.size - this.held.length(), part.readableBytes());
		try {
			this.held.add(part.slice(part.readerIndex(), bytes));
		}
		catch (Refusal ex) {
			part.release();
			throw ex;
		}
		part.skipBytes(bytes);
		this.full = this.held.length() == this.size;
		if (part.isReadable()) {
			this.overhang = part;
		}
		else {
			part.release();
		}
		if (this.full) {
			sink.next(Unpooled.EMPTY_BUFFER);
		}
	}

	/**
	 * How much memory it takes.
	 * @return bytes, also of what came with its last ones
	 */
	synchronized long memory() {
		return this.held.memory() + ((this.overhang != null) ? this.overhang.readableBytes() : 0);
	}

	/**
	 * The whole body.
	 * @param rest what {@link #take} emits
	 * @return prefix and rest; the reader releases each buffer, those that it discards
	 * too, as the server library's sender does. To release them here as well would
	 * release them twice
	 */
	Flux<ByteBuf> followedBy(Flux<ByteBuf> rest) {
		return rest.startWith(Flux.defer(() -> Flux.fromIterable(beginning())));
	}

	/** Empty if the exchange has ended meanwhile, on another event loop. */
	private synchronized List<ByteBuf> beginning() {
		if (this.released) {
			return List.of();
		}
		List<ByteBuf> beginning = new ArrayList<>(2);
		beginning.add(this.held.content());
		if (this.overhang != null) {
			beginning.add(this.overhang);
			this.overhang = null;
		}
		return beginning;
	}

	synchronized void release() {
		this.released = true;
		this.held.release();
		if (this.overhang != null) {
			this.overhang.release();
			this.overhang = null;
		}
	}

}
