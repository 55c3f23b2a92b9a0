package org.hkpgateway.storage;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Indexes as keyservers write them, and as nobody should.
 */
class IndexReaderTests {

	private static final String FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String OTHER = "FEDCBA9876543210FEDCBA9876543210FEDCBA98";

	static Stream<Arguments> indexes() {
		return Stream.of(
				// Hockeypuck, which escapes nothing but colons.
				Arguments.of("info:1:1\npub:" + FPR + ":22:256:1700000000::\nuid:Älice%3a <a@b.example>:1700000000::\n",
						List.of(key(FPR, 1700000000, 0, false, "Älice: <a@b.example>"))),
				Arguments.of("info:1:1\npub:" + FPR + ":1:4096:1700000000:1800000000:r\nuid:100% A:1:2:r\n",
						List.of(key(FPR, 1700000000, 1800000000, true, "100% A"))),
				// SKS: short key ids, a dash for no time, bytes in hex, attributes.
				Arguments.of(
						"info:1:2\npub:01234567:17:1024:1000000000:-:r\nuid:J%C3%B6rg <j@b.example>:1::\nuat::::\n"
								+ "pub:DEADBEEF:1:2048:1000000001::\nuid:B:1::\n\r\n",
						List.of(key("01234567", 1000000000, 0, true, "Jörg <j@b.example>"),
								key("DEADBEEF", 1000000001, 0, false, "B"))),
				// Others: lower case, no information, ends of lines as in HTTP, expired.
				Arguments.of(
						"pub:" + FPR.toLowerCase(java.util.Locale.ROOT) + ":1:2048:1:2:e\r\nuid:A%20B+C:::\r\n" + "pub:"
								+ OTHER + ":1:2048:7::e",
						List.of(key(FPR, 1, 2, false, "A B+C"), key(OTHER, 7, 7, false))),
				Arguments.of("info:1:0\n", List.of()),
				// Too few fields, and too many.
				Arguments.of("pub:" + FPR + "\nuid\nuid:\nuid:A\npub:" + OTHER + ":1:1:1:1:r:x:y\nuid:B:1:1:1:1:1",
						List.of(key(FPR, 0, 0, false, "A"), key(OTHER, 1, 1, true, "B"))),
				// Times that are none.
				Arguments.of("pub:" + FPR + ":1:1:-5:99999999999999999999:\npub:" + OTHER + ":1:1:\u0661:1e9:e\n",
						List.of(key(FPR, 0, 0, false), key(OTHER, 0, 1, false))),
				// Names that are none take their user ids along.
				Arguments.of("info:1:3\npub:\nuid:A:::\npub:../../x:1:1:1::\nuid:B:::\npub:" + FPR
						+ "00:1:1:1::\nuid:C:::\n" + "pub:" + OTHER + ":1:1:1::\nuid:D:::\n",
						List.of(key(OTHER, 1, 0, false, "D"))),
				// A user id with an end of line cannot look like a key: its colons are
				// escaped.
				Arguments.of("pub:" + FPR + ":1:1:1::\nuid:evil\npub%3a" + OTHER + "%3a1%3a1%3a1%3a%3a:1::\n",
						List.of(key(FPR, 1, 0, false, "evil"))),
				// Bytes that are no UTF-8, escapes that are none.
				Arguments.of("pub:" + FPR + ":1:1:1::\nuid:%FF%zz%4:::\n",
						List.of(key(FPR, 1, 0, false, "\ufffd%zz%4"))));
	}

	@ParameterizedTest
	@MethodSource("indexes")
	void keysAreRead(String index, List<IndexedKey> keys) throws IOException {
		assertThat(read(index)).isEqualTo(keys);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "\n\n", "<html>info:1:1\n", "uid:A:::\n", "\0pub:" + FPR + ":1:1:1::" })
	void whatIsNoIndexIsRefused(String page) {
		assertThatIOException().isThrownBy(() -> read(page))
			.withMessageStartingWith("expected: a machine-readable index, got: ");
	}

	@Test
	void aLongLineIsCutAndHidesNobody() throws IOException {
		String index = "pub:" + FPR + ":1:1:1::\nuid:" + "x".repeat(1 << 20) + ":::\nuid:A:::\n";
		assertThat(read(index))
			.containsExactly(key(FPR, 1, 0, false, "x".repeat(BoundedLines.LONGEST - "uid:".length()), "A"));
	}

	@Test
	void ofManyUserIdsTheFirstAreRead() throws IOException {
		String index = "pub:" + FPR + ":1:1:1::\n" + "uid:A:::\n".repeat(IndexReader.MOST_USER_IDS + 1) + "pub:" + OTHER
				+ ":1:1:1::\n";
		assertThat(read(index)).containsExactly(
				key(FPR, 1, 0, false, Collections.nCopies(IndexReader.MOST_USER_IDS, "A").toArray(String[]::new)),
				key(OTHER, 1, 0, false));
	}

	private static List<IndexedKey> read(String index) throws IOException {
		IndexReader reader = new IndexReader(new ByteArrayInputStream(index.getBytes(StandardCharsets.UTF_8)));
		List<IndexedKey> keys = new ArrayList<>();
		for (IndexedKey key = reader.next(); key != null; key = reader.next()) {
			keys.add(key);
		}
		return keys;
	}

	private static IndexedKey key(String name, long created, long expires, boolean revoked, String... userIds) {
		return new IndexedKey(name, List.of(userIds), created, expires, revoked);
	}

}
