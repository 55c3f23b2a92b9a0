package org.hkpgateway.keyserver;

/**
 * What bounds the memory of the keyserver.
 *
 * @param keys how many keys are stored at most
 * @param keyBytes size of all their packets at most, in bytes
 * @param keyPackets of how many packets one key may consist. Merging compares each with
 * each, so that a key of many small packets would take minutes
 * @param bodyBytes size of a request body at most, in bytes
 * @param results how many keys a search may find
 */
record Limits(int keys, long keyBytes, int keyPackets, int bodyBytes, int results) {

	static final Limits DEFAULT = new Limits(10_000, 64L * 1024 * 1024, 5_000, 8 * 1024 * 1024, 100);

	Limits {
		if (keys < 1 || keyBytes < 1 || keyPackets < 1 || bodyBytes < 1 || results < 1) {
			throw new IllegalArgumentException("expected: limits of at least 1, got: " + keys + ", " + keyBytes + ", "
					+ keyPackets + ", " + bodyBytes + ", " + results);
		}
	}

}
