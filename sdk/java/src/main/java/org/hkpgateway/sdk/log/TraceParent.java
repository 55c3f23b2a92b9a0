package org.hkpgateway.sdk.log;

/**
 * Reads the {@code traceparent} of W3C Trace Context, as far as a log line needs it.
 */
public final class TraceParent {

	private static final int ID_BEGIN = 3;

	private static final int ID_END = ID_BEGIN + 32;

	private static final int LEAST = ID_END + 1 + 16 + 1 + 2;

	private TraceParent() {
	}

	/**
	 * The trace's id.
	 * @param traceparent {@code version-trace-parent-flags}, or empty
	 * @return 32 hex digits; empty if there are none
	 */
	public static String traceId(String traceparent) {
		boolean wellFormed = traceparent.length() >= LEAST && traceparent.charAt(ID_BEGIN - 1) == '-'
				&& traceparent.charAt(ID_END) == '-';
		return wellFormed ? traceparent.substring(ID_BEGIN, ID_END) : "";
	}

}
