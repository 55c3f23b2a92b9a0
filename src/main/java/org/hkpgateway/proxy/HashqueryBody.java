package org.hkpgateway.proxy;

import io.netty.buffer.ByteBuf;

/**
 * The body of a hashquery, by which keyservers fetch keys from each other: a count, and
 * that many MD5 hashes, each behind its length; numbers are four octets, the highest
 * first. Keyservers believe the lengths: eight octets make one allocate 4 GiB. So the
 * gateway reads all of it before it forwards any.
 */
final class HashqueryBody {

	/**
	 * Most hashes in one query. SKS ({@code http_fetch_size}) and Hockeypuck ask for 100
	 * at a time unless told otherwise.
	 */
	static final int MAX_HASHES = 1000;

	private static final String PATH = "/pks/hashquery";

	private static final int COUNT_BYTES = 4;

	private static final int HASH_BYTES = 16;

	private static final int ENTRY_BYTES = 4 + HASH_BYTES;

	/** Of the largest body. */
	static final int MAX_BYTES = COUNT_BYTES + MAX_HASHES * ENTRY_BYTES;

	private static final String EXPECTED = "Expected a hashquery of a count and that many MD5 hashes, each behind"
			+ " its length, 16; got ";

	private HashqueryBody() {
	}

	/**
	 * Whether a request must have such a body.
	 * @param method its method; other methods than POST have no business there, but what
	 * a keyserver makes of their bodies is unknown
	 * @param target its target, known to be canonical
	 * @param length declared length of its body, -1 if unknown
	 * @return true if the body must be checked
	 */
	static boolean isExpected(String method, String target, long length) {
		boolean path = target.startsWith(PATH)
				&& (target.length() == PATH.length() || target.charAt(PATH.length()) == '?');
		return path && (method.equals("POST") || length != 0);
	}

	/**
	 * Checks what is known before the body has come.
	 * @param length declared length, -1 if unknown
	 * @throws Refusal if no valid body has this length
	 */
	static void checkLength(long length) {
		if (length > MAX_BYTES) {
			throw Refusal.tooLarge(MAX_BYTES);
		}
		if (length >= 0 && (length < COUNT_BYTES || (length - COUNT_BYTES) % ENTRY_BYTES != 0)) {
			throw Refusal.badRequest(EXPECTED + length + " bytes.");
		}
	}

	/**
	 * Checks a body.
	 * @param body all of it, neither changed nor released
	 * @throws Refusal if it is anything else
	 */
	static void check(ByteBuf body) {
		checkLength(body.readableBytes());
		int start = body.readerIndex();
		long count = body.getUnsignedInt(start);
		int entries = (body.readableBytes() - COUNT_BYTES) / ENTRY_BYTES;
		if (count != entries) {
			throw Refusal.badRequest(EXPECTED + "the count " + count + " in " + body.readableBytes() + " bytes.");
		}
		for (int i = 0; i < entries; i++) {
			long length = body.getUnsignedInt(start + COUNT_BYTES + i * ENTRY_BYTES);
			if (length != HASH_BYTES) {
				throw Refusal.badRequest(EXPECTED + "the length " + length + ".");
			}
		}
	}

}
