package org.hkpgateway.storage;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyQuery;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.SynchronousSink;

/**
 * One query, answered by a keyserver, key by key. The keyserver is asked when the first
 * key is. Whoever closes it, from any thread, ends a read that waits.
 */
final class Search implements AutoCloseable {

	private final Keyservers keyservers;

	private final KeyQuery query;

	private final String traceparent;

	private final int mostBytes;

	private final int longestKey;

	private @Nullable Reader reader;

	private @Nullable InputStream answer;

	private boolean closed;

	/**
	 * Asks nobody yet.
	 * @param keyservers who to ask
	 * @param query what to ask
	 * @param traceparent of whom it is asked for; empty for none
	 * @param mostBytes of the answer
	 * @param longestKey most bytes of a key in it
	 */
	Search(Keyservers keyservers, KeyQuery query, String traceparent, int mostBytes, int longestKey) {
		this.keyservers = keyservers;
		this.query = query;
		this.traceparent = traceparent;
		this.mostBytes = mostBytes;
		this.longestKey = longestKey;
	}

	/**
	 * Finds the next key. Blocks.
	 * @param sink gets the key, the end, or a {@link StorageException}
	 */
	void next(SynchronousSink<KeyInfo> sink) {
		try {
			if (this.reader == null) {
				this.reader = open();
			}
			KeyInfo key = this.reader.next();
			if (key != null) {
				sink.next(key);
			}
			else {
				sink.complete();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			sink.complete();
		}
		catch (StorageException ex) {
			fail(ex, sink);
		}
		catch (IOException ex) {
			fail(new StorageException(StorageException.Reason.UNAVAILABLE,
					"answer of the keyserver: " + ((ex.getMessage() != null) ? ex.getMessage() : ex)), sink);
		}
	}

	/** What breaks when it is closed was not the keyserver's fault. */
	private void fail(StorageException failure, SynchronousSink<KeyInfo> sink) {
		if (isClosed()) {
			sink.complete();
		}
		else {
			sink.error(failure);
		}
	}

	private Reader open() throws IOException, InterruptedException {
		if (this.query.type() == KeyQuery.Type.FETCH) {
			return keys();
		}
		InputStream index = bounded(this.keyservers.index(this.query, this.traceparent));
		if (index == null) {
			return () -> null;
		}
		IndexReader reader = new IndexReader(index);
		IndexedKey first = reader.next();
		if (first != null && first.lacksFingerprint()) {
			// Short key ids are not even unique: the keys themselves say who they are.
			index.close();
			Reader keys = keys();
			return () -> {
				KeyInfo key = keys.next();
				return (key != null) ? key.withoutData() : null;
			};
		}
		return new Index(reader, first);
	}

	private Reader keys() throws IOException, InterruptedException {
		InputStream keys = bounded(this.keyservers.keys(this.query, this.traceparent));
		return (keys != null) ? new KeyReader(keys, this.longestKey)::next : () -> null;
	}

	private @Nullable InputStream bounded(@Nullable InputStream body) throws IOException {
		if (body == null) {
			return null;
		}
		InputStream bounded = new BoundedStream(body, this.mostBytes);
		synchronized (this) {
			this.answer = bounded;
			if (!this.closed) {
				return bounded;
			}
		}
		bounded.close();
		throw new IOException("closed");
	}

	private synchronized boolean isClosed() {
		return this.closed;
	}

	@Override
	public void close() {
		InputStream open;
		synchronized (this) {
			this.closed = true;
			open = this.answer;
		}
		try {
			if (open != null) {
				open.close();
			}
		}
		catch (IOException ex) {
			// Its connection is not used again.
		}
	}

	private interface Reader {

		@Nullable KeyInfo next() throws IOException;

	}

	/** An index whose first key was read already. */
	private static final class Index implements Reader {

		private final IndexReader reader;

		private @Nullable IndexedKey ahead;

		Index(IndexReader reader, @Nullable IndexedKey first) {
			this.reader = reader;
			this.ahead = first;
		}

		@Override
		public @Nullable KeyInfo next() throws IOException {
			IndexedKey key = this.ahead;
			if (key == null) {
				return null;
			}
			this.ahead = this.reader.next();
			if (key.lacksFingerprint()) {
				throw new IOException("expected: the fingerprint of each key, as of the first, got: " + key.name());
			}
			return key.info();
		}

	}

	/** Fails beyond a number of bytes. */
	private static final class BoundedStream extends FilterInputStream {

		private final int most;

		private long count;

		BoundedStream(InputStream stream, int most) {
			super(stream);
			this.most = most;
		}

		@Override
		public int read() throws IOException {
			int octet = super.read();
			count((octet >= 0) ? 1 : 0);
			return octet;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			int read = super.read(bytes, offset, length);
			count(read);
			return read;
		}

		private void count(int read) {
			this.count += Math.max(read, 0);
			if (this.count > this.most) {
				throw new StorageException(StorageException.Reason.TOO_MUCH,
						"expected: an answer of the keyserver of at most " + this.most
								+ " bytes, got: more; ask for something more specific, or use StreamStorage; "
								+ "the operator sets hkp.storage.max-answer");
			}
		}

	}

}
