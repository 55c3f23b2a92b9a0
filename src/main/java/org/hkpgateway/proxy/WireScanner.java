package org.hkpgateway.proxy;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bytes of one connection as HTTP/1 requests, by the letter of RFC 9112. The
 * decoder behind it is kinder: it joins folded lines, takes any control character for a
 * space between the words of a request line, skips them before it. What two programs
 * could read differently must not reach it.
 * <p>
 * Holds no more than the line it is at. Not thread-safe: used on the connection's event
 * loop.
 */
final class WireScanner {

	/** Most fields of a header section, and of a trailer section. */
	static final int MAX_FIELDS = 100;

	/** A longer line is not worth keeping its array for the next one. */
	private static final int KEPT_LINE = 512;

	private static final byte[] NO_LINE = {};

	private final int maxHead;

	private State state = State.REQUEST_LINE;

	private byte[] line = NO_LINE;

	private int searched;

	/** Of the head, of the trailers, or of all chunk extensions of the body. */
	private int sectionBytes;

	private int fields;

	private boolean emptyLineSeen;

	private @Nullable RequestLine requestLine;

	private Framing framing = new Framing();

	private long remaining;

	private long heads;

	private long ends;

	private long bodyBytes;

	/**
	 * A scanner for a new connection.
	 * @param maxHead most bytes of a head, line ends included, of the trailers of a
	 * request, and of all its chunk extensions
	 */
	WireScanner(int maxHead) {
		this.maxHead = maxHead;
	}

	private enum State {

		REQUEST_LINE, FIELDS, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILERS

	}

	/**
	 * Reads on until something is missing or wrong. Call it again with what was not
	 * taken, and more.
	 * @param in its readable bytes follow what was taken before; what is good is taken by
	 * moving its reader index
	 * @throws Refusal if what follows the reader index is malformed; then the connection
	 * cannot be read any further
	 */
	void scan(ByteBuf in) {
		while (in.isReadable()) {
			boolean progress = switch (this.state) {
				case BODY, CHUNK -> skip(in);
				case CHUNK_END -> chunkEnd(in);
				default -> line(in);
			};
			if (!progress) {
				return;
			}
		}
	}

	/**
	 * Whether the head of a request has begun and not ended.
	 * @return false between requests, and in a body
	 */
	boolean inHead() {
		return this.state == State.FIELDS || (this.state == State.REQUEST_LINE && this.searched > 0);
	}

	/** How many heads of requests were taken. */
	long heads() {
		return this.heads;
	}

	/** How many requests were taken to their end. */
	long ends() {
		return this.ends;
	}

	/** How many bytes of bodies were taken, without what frames chunks. */
	long bodyBytes() {
		return this.bodyBytes;
	}

	private boolean skip(ByteBuf in) {
		int skipped = (int) Math.min(this.remaining, in.readableBytes());
		in.skipBytes(skipped);
		this.remaining -= skipped;
		this.bodyBytes += skipped;
		if (this.remaining == 0) {
			if (this.state == State.BODY) {
				nextRequest();
			}
			else {
				this.state = State.CHUNK_END;
			}
		}
		return true;
	}

	private boolean chunkEnd(ByteBuf in) {
		int index = in.readerIndex();
		if (in.getByte(index) != '\r' || (in.readableBytes() > 1 && in.getByte(index + 1) != '\n')) {
			throw Refusal.badRequest("Expected CR LF behind a chunk, got something else.");
		}
		if (in.readableBytes() < 2) {
			return false;
		}
		in.skipBytes(2);
		this.state = State.CHUNK_SIZE;
		return true;
	}

	private boolean line(ByteBuf in) {
		int start = in.readerIndex();
		int end = in.indexOf(start + this.searched, in.writerIndex(), (byte) '\n');
		this.searched = ((end < 0) ? in.writerIndex() : end + 1) - start;
		checkLength();
		if (end < 0) {
			return false;
		}
		if (end == start || in.getByte(end - 1) != '\r') {
			throw Refusal.badRequest("Expected lines that end in CR LF, got one that ends in LF alone.");
		}
		int length = end - 1 - start;
		if (this.line.length < length) {
			this.line = new byte[Math.max(length, Math.min(KEPT_LINE, this.maxHead))];
		}
		in.getBytes(start, this.line, 0, length);
		read(this.line, length);
		if (this.line.length > KEPT_LINE) {
			this.line = NO_LINE;
		}
		in.skipBytes(this.searched);
		this.searched = 0;
		return true;
	}

	private void checkLength() {
		if (this.searched <= this.maxHead - this.sectionBytes) {
			return;
		}
		throw switch (this.state) {
			case REQUEST_LINE -> Refusal.targetTooLong(this.maxHead);
			case FIELDS, TRAILERS -> Refusal.headTooLong(this.maxHead);
			default -> Refusal.badRequest("Expected at most " + this.maxHead + " bytes of chunk extensions, got more.");
		};
	}

	private void read(byte[] bytes, int length) {
		switch (this.state) {
			case REQUEST_LINE -> requestLine(bytes, length);
			case FIELDS -> field(bytes, length);
			case CHUNK_SIZE -> chunkSize(bytes, length);
			default -> trailer(bytes, length);
		}
	}

	private void requestLine(byte[] bytes, int length) {
		if (length == 0 && !this.emptyLineSeen) {
			// RFC 9112 section 2.2: old clients send one behind a body.
			this.emptyLineSeen = true;
			return;
		}
		this.requestLine = RequestLine.read(bytes, length);
		this.sectionBytes = this.searched;
		this.state = State.FIELDS;
	}

	private void field(byte[] bytes, int length) {
		if (length == 0) {
			headEnd();
			return;
		}
		countField();
		this.framing.add(FieldLine.read(bytes, length));
	}

	private void countField() {
		this.sectionBytes += this.searched;
		this.fields++;
		if (this.fields > MAX_FIELDS) {
			throw Refusal.tooManyFields(MAX_FIELDS);
		}
	}

	private void headEnd() {
		if (this.requestLine != null) {
			this.framing.check(this.requestLine);
		}
		this.heads++;
		this.sectionBytes = 0;
		this.fields = 0;
		this.remaining = this.framing.length();
		if (this.framing.isChunked()) {
			this.state = State.CHUNK_SIZE;
		}
		else if (this.remaining > 0) {
			this.state = State.BODY;
		}
		else {
			nextRequest();
		}
	}

	private void chunkSize(byte[] bytes, int length) {
		ChunkLine chunk = ChunkLine.read(bytes, length);
		this.sectionBytes += chunk.extensions();
		this.remaining = chunk.size();
		if (chunk.size() > 0) {
			this.state = State.CHUNK;
		}
		else {
			this.sectionBytes = 0;
			this.state = State.TRAILERS;
		}
	}

	private void trailer(byte[] bytes, int length) {
		if (length == 0) {
			nextRequest();
			return;
		}
		countField();
		if (Framing.isFraming(FieldLine.read(bytes, length))) {
			throw Refusal.badRequest("Expected no field about the message itself behind the last chunk, got one.");
		}
	}

	private void nextRequest() {
		this.ends++;
		this.state = State.REQUEST_LINE;
		this.emptyLineSeen = false;
		this.sectionBytes = 0;
		this.fields = 0;
		this.framing = new Framing();
	}

}
