package org.hkpgateway.proxy;

/**
 * Times as the log shows them: milliseconds with one decimal.
 */
final class Millis {

	private Millis() {
	}

	static long tenths(long nanos) {
		return (nanos + 50_000) / 100_000;
	}

	static void append(StringBuilder to, long nanos) {
		long tenths = tenths(nanos);
		to.append(tenths / 10).append('.').append(tenths % 10);
	}

}
