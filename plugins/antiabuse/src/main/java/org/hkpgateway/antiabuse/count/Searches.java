package org.hkpgateway.antiabuse.count;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

import org.jspecify.annotations.Nullable;

/**
 * The different terms that a client has searched for, as 64-bit hashes of which the
 * lowest bit is set for a broad one: what was searched for cannot be read from it.
 * Immutable.
 */
final class Searches {

	static final Searches NONE = new Searches(new long[0]);

	private final long[] terms;

	private Searches(long[] terms) {
		this.terms = terms;
	}

	boolean contains(long term) {
		for (long each : this.terms) {
			if (each == term) {
				return true;
			}
		}
		return false;
	}

	Searches with(long term) {
		long[] more = Arrays.copyOf(this.terms, this.terms.length + 1);
		more[this.terms.length] = term;
		return new Searches(more);
	}

	/**
	 * Compares with limits.
	 * @param different how many terms are allowed
	 * @param broad how many broad ones
	 * @return the limit that is exceeded, or null
	 */
	@Nullable Excess excess(Limit different, Limit broad) {
		if (broad() > broad.max()) {
			return WindowCounter.excess(broad);
		}
		return (size() > different.max()) ? WindowCounter.excess(different) : null;
	}

	int size() {
		return this.terms.length;
	}

	private int broad() {
		int broad = 0;
		for (long term : this.terms) {
			broad += (int) (term & 1);
		}
		return broad;
	}

	/** For the gateway: what an operator may read, and the hashes in Base64. */
	byte[] toBytes() {
		ByteBuffer bytes = ByteBuffer.allocate(this.terms.length * Long.BYTES);
		bytes.asLongBuffer().put(this.terms);
		String text = size() + " different, " + broad() + " broad; "
				+ Base64.getEncoder().encodeToString(bytes.array());
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Reads what {@link #toBytes()} wrote.
	 * @param bytes the bytes
	 * @return none if it is anything else
	 */
	static Searches of(byte[] bytes) {
		String text = new String(bytes, StandardCharsets.US_ASCII);
		try {
			ByteBuffer hashes = ByteBuffer
				.wrap(Base64.getDecoder().decode(text.substring(text.indexOf(';') + 1).strip()));
			long[] terms = new long[hashes.remaining() / Long.BYTES];
			hashes.asLongBuffer().get(terms);
			return new Searches(terms);
		}
		catch (IllegalArgumentException ex) {
			return NONE;
		}
	}

}
