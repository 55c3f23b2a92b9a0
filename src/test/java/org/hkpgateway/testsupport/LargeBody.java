package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * A body of many megabytes that nobody has to keep. It comes in parts of which no two are
 * equal, so that none can be lost, doubled or misplaced unnoticed.
 */
public final class LargeBody {

	/** The size of a part in bytes. */
	public static final int PART = 64 * 1024;

	private static final int MEGABYTE = 1024 * 1024;

	private final int megabytes;

	public LargeBody(int megabytes) {
		this.megabytes = megabytes;
	}

	/** Its length in bytes. */
	public long length() {
		return (long) this.megabytes * MEGABYTE;
	}

	/**
	 * Gives all parts to somebody, who must not keep them.
	 * @param receiver of the parts
	 */
	public void forEachPart(Receiver receiver) throws IOException {
		byte[] part = new byte[PART];
		for (int i = 0; i < length() / PART; i++) {
			fill(part, i);
			receiver.take(part);
		}
	}

	/**
	 * The same to be read from.
	 * @param before called before each part
	 */
	public InputStream stream(Pause before) {
		return new InputStream() {

			private final byte[] part = new byte[PART];

			private int next;

			private int read = PART;

			@Override
			public int read() throws IOException {
				byte[] one = new byte[1];
				return (read(one, 0, 1) < 0) ? -1 : one[0] & 0xff;
			}

			@Override
			public int read(byte[] bytes, int offset, int length) throws IOException {
				if (this.read == PART) {
					if (this.next == length() / PART) {
						return -1;
					}
					before.pause();
					fill(this.part, this.next++);
					this.read = 0;
				}
				int some = Math.min(length, PART - this.read);
				System.arraycopy(this.part, this.read, bytes, offset, some);
				this.read += some;
				return some;
			}

		};
	}

	/** What {@link #checksum(InputStream, Pause)} is if nothing is missing. */
	public long checksum() throws IOException {
		CRC32 checksum = new CRC32();
		forEachPart(checksum::update);
		return checksum.getValue();
	}

	/**
	 * Reads such a body.
	 * @param in read until the body or the stream ends
	 * @param before called before each read of a part or less
	 */
	public long checksum(InputStream in, Pause before) throws IOException {
		CRC32 checksum = new CRC32();
		byte[] buffer = new byte[PART];
		long missing = length();
		while (missing > 0) {
			before.pause();
			int read = in.read(buffer, 0, (int) Math.min(PART, missing));
			if (read < 0) {
				throw new IOException("expected: " + length() + " bytes, got: " + missing + " less");
			}
			checksum.update(buffer, 0, read);
			missing -= read;
		}
		return checksum.getValue();
	}

	private static void fill(byte[] part, int number) {
		ByteBuffer bytes = ByteBuffer.wrap(part);
		while (bytes.hasRemaining()) {
			bytes.putLong(((long) number << 32 | bytes.position()) * 0x9E3779B97F4A7C15L);
		}
	}

	/** Takes parts. */
	@FunctionalInterface
	public interface Receiver {

		void take(byte[] part) throws IOException;

	}

	/** Somebody is slow. */
	@FunctionalInterface
	public interface Pause {

		void pause() throws IOException;

	}

}
