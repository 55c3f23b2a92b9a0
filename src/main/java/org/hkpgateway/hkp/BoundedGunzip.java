package org.hkpgateway.hkp;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * The beginning of something that was compressed.
 */
final class BoundedGunzip {

	private final byte[] bytes;

	private final boolean whole;

	private BoundedGunzip(byte[] bytes, boolean whole) {
		this.bytes = bytes;
		this.whole = whole;
	}

	/** Decompressed. Not a copy. */
	byte[] bytes() {
		return this.bytes;
	}

	/** Whether that is all of it. */
	boolean isWhole() {
		return this.whole;
	}

	/**
	 * Decompresses no more than is wanted, so that a bomb costs no more than anything
	 * else.
	 * @param compressed its beginning
	 * @param whole whether that is all of it
	 * @param most bytes of the result
	 * @return its beginning
	 * @throws IOException if it is damaged, or ends too early
	 */
	static BoundedGunzip of(byte[] compressed, boolean whole, int most) throws IOException {
		byte[] plain = new byte[most];
		int length = 0;
		try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
			int read = in.read(plain, 0, most);
			while (read >= 0 && length + read < most) {
				length += read;
				read = in.read(plain, length, most - length);
			}
			if (read < 0) {
				return new BoundedGunzip(Arrays.copyOf(plain, length), whole);
			}
			return new BoundedGunzip(plain, whole && in.read() < 0);
		}
		catch (EOFException ex) {
			if (whole) {
				throw new IOException("the end in the midst of it", ex);
			}
			return new BoundedGunzip(Arrays.copyOf(plain, length), false);
		}
	}

}
