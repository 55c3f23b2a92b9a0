package org.hkpgateway.hkp;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * What a keyserver answered to an upload that it did not refuse by a status. Hockeypuck
 * names each key and what became of it, as JSON or in HTML. SKS counts those that it has
 * taken, the same for new and known ones; with status 200 it also says that it took none.
 */
public sealed interface UploadAnswer {

	/** More than this is not read of an answer, before and after it is decompressed. */
	int MOST_BYTES = 64 * 1024;

	/**
	 * It names keys.
	 *
	 * @param keys each with what became of it
	 * @param whole whether these are all; if not, the answer goes on beyond what was read
	 */
	record Named(List<UploadedKey> keys, boolean whole) implements UploadAnswer {

		public Named {
			keys = List.copyOf(keys);
		}

	}

	/**
	 * It says how many keys were taken.
	 *
	 * @param taken how many, at least 1
	 * @param others whether others were not
	 */
	record Counted(int taken, boolean others) implements UploadAnswer {
	}

	/** It says that nothing was taken. */
	record Refused() implements UploadAnswer {
	}

	/**
	 * It cannot be read.
	 *
	 * @param why for metrics
	 * @param detail for the log: what was expected, what came
	 */
	record Unreadable(Unread why, String detail) implements UploadAnswer {

		static Unreadable notUnderstood(String got) {
			return new Unreadable(Unread.NOT_UNDERSTOOD,
					"expected: what Hockeypuck (JSON, HTML) or SKS answers to an upload, got: " + got);
		}

	}

	/**
	 * Reads an answer. Takes CPU time and memory in proportion to {@link #MOST_BYTES},
	 * whatever the bytes are.
	 * @param bytes its beginning, as sent
	 * @param whole whether that is all of it
	 * @param coding its Content-Encoding, empty for none
	 * @return what it says
	 */
	static UploadAnswer read(byte[] bytes, boolean whole, String coding) {
		return switch (coding.trim().toLowerCase(Locale.ROOT)) {
			case "", "identity" -> plain(bytes, whole);
			case "gzip", "x-gzip" -> gunzipped(bytes, whole);
			default -> new Unreadable(Unread.CODING, "expected: gzip or no Content-Encoding, got: "
					+ coding.substring(0, Math.min(coding.length(), 40)));
		};
	}

	private static UploadAnswer gunzipped(byte[] bytes, boolean whole) {
		try {
			BoundedGunzip plain = BoundedGunzip.of(bytes, whole, MOST_BYTES);
			return plain(plain.bytes(), plain.isWhole());
		}
		catch (IOException ex) {
			return new Unreadable(Unread.CODING, "expected: gzip, got: " + ex.getMessage());
		}
	}

	private static UploadAnswer plain(byte[] text, boolean whole) {
		for (byte octet : text) {
			if (octet == '{') {
				return JsonUploadAnswer.read(text, whole);
			}
			if (octet == '<') {
				return HtmlUploadAnswer.read(text, whole);
			}
			if (octet != ' ' && octet != '\r' && octet != '\n' && octet != '\t') {
				break;
			}
		}
		return Unreadable.notUnderstood(text.length == 0 ? "nothing" : "text of another kind");
	}

}
