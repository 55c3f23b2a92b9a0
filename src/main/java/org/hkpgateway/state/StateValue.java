package org.hkpgateway.state;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;

/**
 * A value as it is stored.
 */
public final class StateValue {

	private final byte[] bytes;

	private final long version;

	private final Duration remaining;

	/**
	 * What a store has found or has just stored.
	 * @param bytes the value; not copied, so nobody may change it
	 * @param version differs from that of every other write to this namespace; never 0
	 * @param remaining until it expires; zero: never
	 */
	StateValue(byte[] bytes, long version, Duration remaining) {
		this.bytes = bytes;
		this.version = version;
		this.remaining = remaining;
	}

	/** The value; not a copy, so not to be changed. */
	public byte[] bytes() {
		return this.bytes;
	}

	/** Differs from that of every other write to this namespace; never 0. */
	public long version() {
		return this.version;
	}

	/** Until it expires, at least a millisecond; zero: it never does. */
	public Duration remaining() {
		return this.remaining;
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof StateValue that && Arrays.equals(this.bytes, that.bytes) && this.version == that.version
				&& this.remaining.equals(that.remaining);
	}

	@Override
	public int hashCode() {
		return Objects.hash(this.version, this.remaining);
	}

	@Override
	public String toString() {
		return this.bytes.length + " bytes, version " + this.version + ", remaining " + this.remaining;
	}

}
