package org.hkpgateway.sdk;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/**
 * As much of the Distinguished Encoding Rules (X.690) as one certificate takes. In place
 * of Bouncy Castle, whose jars would make a plugin's start take twice as long.
 */
final class Der {

	private static final int FIRST_YEAR_OF_GENERALIZED_TIME = 2050;

	private static final DateTimeFormatter UTC_TIME = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'");

	private static final DateTimeFormatter GENERALIZED_TIME = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");

	private Der() {
	}

	static byte[] sequence(byte[]... elements) {
		return tagged(0x30, elements);
	}

	static byte[] set(byte[]... elements) {
		return tagged(0x31, elements);
	}

	static byte[] integer(BigInteger value) {
		return tagged(0x02, value.toByteArray());
	}

	static byte[] yes() {
		return tagged(0x01, new byte[] { (byte) 0xff });
	}

	static byte[] text(String value) {
		return tagged(0x0c, value.getBytes(StandardCharsets.UTF_8));
	}

	static byte[] octets(byte[] content) {
		return tagged(0x04, content);
	}

	/** Bits from the left, of which the last few of the last byte do not count. */
	static byte[] bits(int unused, byte[] content) {
		return tagged(0x03, new byte[] { (byte) unused }, content);
	}

	/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
	static byte[] time(Instant instant) {
		ZonedDateTime time = instant.atZone(ZoneOffset.UTC);
		boolean utc = time.getYear() < FIRST_YEAR_OF_GENERALIZED_TIME;
		return tagged(utc ? 0x17 : 0x18,
				(utc ? UTC_TIME : GENERALIZED_TIME).format(time).getBytes(StandardCharsets.US_ASCII));
	}

	static byte[] identifier(int... arcs) {
		ByteArrayOutputStream content = new ByteArrayOutputStream();
		content.write(arcs[0] * 40 + arcs[1]);
		for (int arc : Arrays.copyOfRange(arcs, 2, arcs.length)) {
			for (int shift = 28; shift > 0; shift -= 7) {
				if (arc >>> shift != 0) {
					content.write(0x80 | ((arc >>> shift) & 0x7f));
				}
			}
			content.write(arc & 0x7f);
		}
		return tagged(0x06, content.toByteArray());
	}

	/** Contents of at most 65535 bytes behind a tag and their length. */
	static byte[] tagged(int tag, byte[]... contents) {
		int length = Arrays.stream(contents).mapToInt((content) -> content.length).sum();
		ByteArrayOutputStream encoded = new ByteArrayOutputStream(length + 4);
		encoded.write(tag);
		if (length > 0xff) {
			encoded.write(0x82);
			encoded.write(length >>> 8);
		}
		else if (length > 0x7f) {
			encoded.write(0x81);
		}
		encoded.write(length & 0xff);
		for (byte[] content : contents) {
			encoded.writeBytes(content);
		}
		return encoded.toByteArray();
	}

}
