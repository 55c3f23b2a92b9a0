package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.util.Arrays;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;

import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * What one plugin in shadow mode wants of one body, copied as it goes by. Grows with what
 * has come, not with what was declared. Thread-safe; tells its reader once at most.
 */
final class ShadowBody implements Disposable {

	private static final int FIRST_BYTES = 8 * 1024;

	private final boolean prefix;

	/** Most bytes that are shown. */
	private final int most;

	private final ShadowMemory memory;

	private final ShadowMemory.Lease lease;

	private final Reader reader;

	/** Of the whole body; -1 while nobody knows. */
	private long length;

	/** What was copied so far; null when all was said. */
	private byte @Nullable [] bytes = new byte[0];

	private int size;

	/**
	 * A copy that is empty.
	 * @param spec the plugin, which wants a prefix, or all
	 * @param length declared length, or -1
	 * @param memory bounds it
	 * @param lease where its bytes are accounted; closed by others
	 * @param reader told of the outcome
	 */
	ShadowBody(PluginSpec spec, long length, ShadowMemory memory, ShadowMemory.Lease lease, Reader reader) {
		this.prefix = spec.body() == BodyMode.PREFIX;
		this.most = this.prefix ? spec.bodyPrefixBytes() : BodyDemand.full(spec);
		this.memory = memory;
		this.lease = lease;
		this.reader = reader;
		this.length = length;
	}

	/**
	 * Why a plugin cannot be shown a body.
	 * @param spec the plugin
	 * @param length bytes of the whole body, or -1
	 * @return null if it can
	 */
	static @Nullable String tooLarge(PluginSpec spec, long length) {
		int most = BodyDemand.full(spec);
		return (spec.body() == BodyMode.FULL && length > most) ? tooLarge(most) : null;
	}

	private static String tooLarge(int most) {
		return "the body has more than the " + most + " bytes that it can take";
	}

	static String noMemory(ShadowMemory memory) {
		return "bodies of " + memory.mostBytes() + " bytes are kept for shadows already, and there is no more room";
	}

	/** The whole body. */
	synchronized void whole(ByteBuffer body) {
		this.length = body.remaining();
		next(body);
	}

	/** The next part of it. */
	synchronized void next(ByteBuffer part) {
		if (isDone()) {
			return;
		}
		int wanted = wanted();
		int more = Math.min(part.remaining(), wanted - this.size);
		if (!this.prefix && (more < part.remaining() || this.length > this.most)) {
			missed(tooLarge(this.most));
			return;
		}
		byte[] copied = room(this.size + more, wanted);
		if (copied == null) {
			missed(noMemory(this.memory));
			return;
		}
		part.get(copied, this.size, more);
		this.bytes = copied;
		this.size += more;
		if (this.size == wanted && (this.prefix || this.length >= 0)) {
			shown((this.size == this.length) ? RequestBody.State.COMPLETE : RequestBody.State.PREFIX);
		}
	}

	private int wanted() {
		return (this.length < 0) ? this.most : (int) Math.min(this.most, this.length);
	}

	private byte @Nullable [] room(int needed, int wanted) {
		byte[] old = this.bytes;
		if (old == null || needed <= old.length) {
			return old;
		}
		int capacity = (int) Math.min(Math.max(Math.max(needed, FIRST_BYTES), old.length * 2L), wanted);
		return this.lease.take(capacity - old.length) ? Arrays.copyOf(old, capacity) : null;
	}

	/** There was no more of it. */
	synchronized void end() {
		if (!isDone()) {
			this.length = this.size;
			shown(RequestBody.State.COMPLETE);
		}
	}

	private void shown(RequestBody.State state) {
		ByteBuffer copy = ByteBuffer.wrap((this.bytes != null) ? this.bytes : new byte[0], 0, this.size);
		this.bytes = null;
		this.reader.shown(new RequestBody(state, copy, this.length));
	}

	/** It does not get what it wants. */
	synchronized void missed(String why) {
		if (!isDone()) {
			this.bytes = null;
			this.reader.missed(why);
		}
	}

	synchronized boolean isDone() {
		return this.bytes == null;
	}

	/** Nobody wants to know any more. */
	@Override
	public synchronized void dispose() {
		this.bytes = null;
	}

	@Override
	public boolean isDisposed() {
		return isDone();
	}

	/** Told how it ended. Called with a lock held: must return at once. */
	interface Reader {

		/** What was wanted is there. */
		void shown(RequestBody body);

		/** It will not come. */
		void missed(String why);

	}

}
