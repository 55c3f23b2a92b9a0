package org.hkpgateway.antiabuse.rule;

import java.nio.ByteBuffer;

import org.hkpgateway.sdk.Body;

import org.jspecify.annotations.Nullable;

/**
 * Looks for a key in an upload: for the frame of its armor, not into it. The beginning
 * and the end of a body are looked at, {@value #LOOK} characters each, however long it
 * is. What is not shown is not missed.
 */
final class KeyText {

	static final int LOOK = 4096;

	private static final String FIELD = "keytext";

	private static final String BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

	private static final String END = "-----END PGP PUBLIC KEY BLOCK-----";

	private KeyText() {
	}

	/**
	 * Says what is wrong with an upload.
	 * @param type its media type in lower case
	 * @param body what is shown of it
	 * @return what is missing; null if nothing is, or nobody can tell
	 */
	static @Nullable String problem(String type, Body body) {
		if (body.state() == Body.State.WITHHELD) {
			return null;
		}
		ByteBuffer bytes = body.bytes();
		boolean whole = body.state() != Body.State.PREFIX;
		if (whole && !bytes.hasRemaining()) {
			return "no body";
		}
		return switch (type) {
			case "application/x-www-form-urlencoded" -> form(bytes, whole);
			case "multipart/form-data" -> multipart(bytes, whole);
			case "application/pgp", "application/pgp-keys", "application/octet-stream" -> packets(bytes, whole);
			default -> null;
		};
	}

	/** As keyservers do: names are decoded, and the first field of the name counts. */
	private static @Nullable String form(ByteBuffer bytes, boolean whole) {
		int shown = Math.min(bytes.remaining(), LOOK);
		int at = 0;
		while (at < shown) {
			int nameEnd = find(bytes, at, shown, "=&");
			// A name that goes on behind what is looked at is none that can be told.
			boolean known = nameEnd < shown || (whole && shown == bytes.remaining());
			if (known && decoded(bytes, at, nameEnd).equals(FIELD)) {
				boolean hasValue = nameEnd < shown && bytes.get(bytes.position() + nameEnd) == '=';
				return value(bytes, hasValue ? nameEnd + 1 : nameEnd, whole);
			}
			at = find(bytes, nameEnd, shown, "&") + 1;
		}
		return (whole || shown == LOOK) ? "no keytext" : null;
	}

	private static @Nullable String value(ByteBuffer bytes, int from, boolean whole) {
		int end = find(bytes, from, bytes.remaining(), "&");
		String key = decoded(bytes, from, end);
		if (!key.contains(BEGIN)) {
			boolean enough = whole || end < bytes.remaining() || key.length() >= LOOK;
			return enough ? "no armored key in keytext" : null;
		}
		return (whole && !decoded(bytes, Math.max(from, end - LOOK), end).contains(END)) ? "the armor does not end"
				: null;
	}

	private static @Nullable String multipart(ByteBuffer bytes, boolean whole) {
		String beginning = text(bytes, 0, LOOK);
		boolean enough = whole || beginning.length() == LOOK;
		if (enough && !beginning.contains("name=\"keytext\"") && !beginning.contains("name=keytext")) {
			return "no keytext";
		}
		return (enough && !beginning.contains(BEGIN)) ? "no armored key in keytext" : end(bytes, whole);
	}

	/** Packets begin with a byte of which the highest bit is set (RFC 9580, 4.2). */
	private static @Nullable String packets(ByteBuffer bytes, boolean whole) {
		if (!bytes.hasRemaining() || bytes.get(bytes.position()) < 0) {
			return null;
		}
		String beginning = text(bytes, 0, LOOK);
		if (!beginning.contains(BEGIN)) {
			return (whole || beginning.length() == LOOK) ? "neither packets nor armor" : null;
		}
		return end(bytes, whole);
	}

	private static @Nullable String end(ByteBuffer bytes, boolean whole) {
		return (whole && !text(bytes, Math.max(0, bytes.remaining() - LOOK), LOOK).contains(END))
				? "the armor does not end" : null;
	}

	private static String text(ByteBuffer bytes, int from, int most) {
		StringBuilder text = new StringBuilder();
		int end = Math.min(bytes.remaining(), from + most);
		for (int i = from; i < end; i++) {
			text.append((char) (bytes.get(bytes.position() + i) & 0xFF));
		}
		return text.toString();
	}

	/** Finds one of some characters; the end if there is none. */
	private static int find(ByteBuffer bytes, int from, int end, String characters) {
		for (int i = from; i < end; i++) {
			if (characters.indexOf(bytes.get(bytes.position() + i)) >= 0) {
				return i;
			}
		}
		return end;
	}

	/** Undoes the encoding of a form, up to {@value #LOOK} characters. */
	private static String decoded(ByteBuffer bytes, int from, int end) {
		StringBuilder text = new StringBuilder();
		int at = bytes.position() + from;
		int limit = bytes.position() + end;
		while (at < limit && text.length() < LOOK) {
			char c = (char) (bytes.get(at) & 0xFF);
			int high = (c == '%' && at + 2 < limit) ? Character.digit(bytes.get(at + 1), 16) : -1;
			int low = (high >= 0) ? Character.digit(bytes.get(at + 2), 16) : -1;
			if (low >= 0) {
				text.append((char) (high * 16 + low));
				at += 3;
			}
			else {
				text.append((c == '+') ? ' ' : c);
				at++;
			}
		}
		return text.toString();
	}

}
