package org.hkpgateway.hkp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for {@link UploadAnswer}.
 */
class UploadAnswerTests {

	private static final String A = "A".repeat(40);

	private static final String B = "0123456789abcdef0123456789abcdef01234567";

	private static final String V6 = "6".repeat(64);

	private static final String ONE = "{\"inserted\":[{\"version\":4,\"fingerprint\":\"" + A + "\"}]}\n";

	/** The template that comes with Hockeypuck, filled in. */
	private static final String PAGE = """
			<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" >
			<html xmlns="http://www.w3.org/1999/xhtml">
			<head>
			<title>Submission results</title>
			<style type="text/css">
			 .warn { color: red; font-weight: bold; }
			</style></head><body><h1>Submission Results</h1>

			%s
			</body></html>
			""";

	private static final String SKS = "<html><body>%s</html></body>";

	private static final String TAKEN = "Key block added to key server database.\n  New public keys added: <br>"
			+ "%d key(s) added successfully.<br>";

	private static final String FAILED = "Add failed: Malformed Key --- unexpected packet type and/or order of "
			+ "packets<br>";

	static Stream<Arguments> named() {
		return Stream.of(arguments(ONE, List.of(key(A, 4, KeyChange.INSERTED))),
				arguments("  " + ONE, List.of(key(A, 4, KeyChange.INSERTED))), arguments("{}", List.of()),
				arguments("{\"inserted\":null,\"updated\":[]}", List.of()),
				arguments(
						"{\"updated\":[{\"fingerprint\":\"" + B + "\",\"version\":4},{\"version\":6,\"fingerprint\":\""
								+ V6 + "\",\"more\":{\"fingerprint\":[1]}}],\"ignored\":[{\"fingerprint\":\"" + A
								+ "\"}],\"invalid\":[{\"version\":4,\"fingerprint\":\"" + A
								+ "\",\"comment\":\"no \\\"self\\\" signature\"}],\"deleted\":[{\"version\":3,"
								+ "\"fingerprint\":\"" + "3".repeat(32) + "\"}],\"took\":{\"ms\":[1,2]}}",
						List.of(key(B, 4, KeyChange.UPDATED), key(V6, 6, KeyChange.UPDATED),
								key(A, 0, KeyChange.IGNORED), key(A, 4, KeyChange.INVALID),
								key("3".repeat(32), 3, KeyChange.DELETED))),
				arguments(PAGE.formatted(""), List.of()),
				arguments(PAGE.formatted("<strong>Inserted:</strong> (4)" + B), List.of(key(B, 4, KeyChange.INSERTED))),
				// The template leaves no blank between lines of a kind.
				arguments(
						PAGE.formatted("<strong>Updated:</strong> (4)" + A + "<strong>Updated:</strong> (6)" + V6
								+ "\n<strong>Ignored:</strong> (4)" + B + "\n<strong>Deleted:</strong> (4)" + B),
						List.of(key(A, 4, KeyChange.UPDATED), key(V6, 6, KeyChange.UPDATED),
								key(B, 4, KeyChange.IGNORED), key(B, 4, KeyChange.DELETED))),
				// What a remark says about other keys is not what the keyserver says.
				arguments(
						PAGE.formatted("<strong>Invalid:</strong> (4)" + A + " \"Inserted: (4)" + B + "\""
								+ "<strong>Invalid:</strong> (4)" + V6 + " \"&#34;Inserted: (4)" + B + "&#34;\""),
						List.of(key(A, 4, KeyChange.INVALID), key(V6, 4, KeyChange.INVALID))),
				// As an operator may write it.
				arguments("<p>Inserted:\n\t" + A + "</p>", List.of(key(A, 0, KeyChange.INSERTED))));
	}

	@ParameterizedTest
	@MethodSource
	void named(String text, List<UploadedKey> keys) {
		assertThat(read(text)).isEqualTo(new UploadAnswer.Named(keys, true));
	}

	static Stream<Arguments> answersOfSks() {
		return Stream.of(arguments(TAKEN.formatted(1), new UploadAnswer.Counted(1, false)),
				arguments(TAKEN.formatted(23), new UploadAnswer.Counted(23, false)),
				arguments(FAILED + TAKEN.formatted(2), new UploadAnswer.Counted(2, true)),
				arguments(FAILED, new UploadAnswer.Refused()), arguments(FAILED + FAILED, new UploadAnswer.Refused()),
				// To paths that it does not know.
				arguments("<h1>Unexpected POST request</h1>", new UploadAnswer.Refused()));
	}

	@ParameterizedTest
	@MethodSource
	void answersOfSks(String text, UploadAnswer expected) {
		assertThat(read(SKS.formatted(text))).isEqualTo(expected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "OK", "[1]", "{", "{\"inserted\":", "{\"inserted\":[", "{\"inserted\":[{]}",
			"{\"inserted\":\"x\"}", "{\"inserted\":[1]}", "{\"inserted\":[[]]}", "{\"inserted\":[{}]}",
			"{\"inserted\":[{\"fingerprint\":7}]}", "{\"inserted\":[{\"fingerprint\":\"xyz\"}]}",
			"{\"inserted\":[{\"fingerprint\":\"A\",\"version\":99999999999999999999}]}", "{\"error\":\"no\"}",
			"{\"inserted\":[]} and more", "<html>Thank you</html>", "<", "<html><body>0 key(s) added successfully",
			"<p>Inserted: 012345</p>", "<p Inserted: (4)AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			"<p>Inserted: (4)AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</p>", "\0\0\0\0" })
	void notUnderstood(String text) {
		assertUnreadable(read(text), Unread.NOT_UNDERSTOOD);
	}

	@Test
	void digitsAreThoseOfAscii() {
		assertUnreadable(read(ONE.replace("AAAA", "\u0661\u0662\u0663\u0664")), Unread.NOT_UNDERSTOOD);
	}

	@Test
	void ofWhatBreaksOffTheBeginningHolds() {
		String two = "{\"inserted\":[{\"version\":4,\"fingerprint\":\"" + A + "\"},{\"version\":4,\"fingerprint\":\""
				+ B + "\"}]}";
		UploadAnswer first = new UploadAnswer.Named(List.of(key(A, 4, KeyChange.INSERTED)), false);
		for (int length = two.indexOf("},") + 1; length < two.length() - 3; length++) {
			assertThat(UploadAnswer.read(bytes(two.substring(0, length)), false, "")).isEqualTo(first);
		}
		assertThat(UploadAnswer.read(bytes(two), false, "")).isEqualTo(
				new UploadAnswer.Named(List.of(key(A, 4, KeyChange.INSERTED), key(B, 4, KeyChange.INSERTED)), false));
		// A fingerprint of 64 digits, cut, looks like one of 40 or 32.
		String page = "<p>Inserted: (4)" + A + "<br>Inserted: (6)" + V6;
		for (int length = page.indexOf("<br>") + 1; length <= page.length(); length++) {
			assertThat(UploadAnswer.read(bytes(page.substring(0, length)), false, "")).isEqualTo(first);
		}
		assertThat(UploadAnswer.read(bytes("<p>1 key(s) added successfully"), false, ""))
			.isEqualTo(new UploadAnswer.Counted(1, true));
	}

	@ParameterizedTest
	@ValueSource(strings = { "gzip", "x-gzip", " GZIP " })
	void gzip(String coding) throws IOException {
		UploadAnswer expected = new UploadAnswer.Named(List.of(key(A, 4, KeyChange.INSERTED)), true);
		assertThat(UploadAnswer.read(gzip(bytes(ONE)), true, coding)).isEqualTo(expected);
		assertThat(UploadAnswer.read(bytes(ONE), true, "identity")).isEqualTo(expected);
	}

	@Test
	void aCodingThatIsUnknownOrDamaged() throws IOException {
		byte[] gzip = gzip(bytes(ONE));
		assertUnreadable(UploadAnswer.read(gzip, true, "br"), Unread.CODING);
		assertUnreadable(UploadAnswer.read(gzip, true, "gzip, gzip"), Unread.CODING);
		assertUnreadable(UploadAnswer.read(bytes(ONE), true, "gzip"), Unread.CODING);
		assertUnreadable(UploadAnswer.read(new byte[0], true, "gzip"), Unread.CODING);
		for (int length = 1; length < gzip.length; length++) {
			assertUnreadable(UploadAnswer.read(Arrays.copyOf(gzip, length), true, "gzip"), Unread.CODING);
		}
		gzip[gzip.length - 6] ^= 1;
		assertUnreadable(UploadAnswer.read(gzip, true, "gzip"), Unread.CODING);
		UploadAnswer long_ = UploadAnswer.read(gzip, true, "x".repeat(10_000));
		assertThat(((UploadAnswer.Unreadable) long_).detail()).hasSizeLessThan(200);
	}

	@Test
	void compressedTextThatBreaksOff() throws IOException {
		Random random = new Random(1);
		StringBuilder text = new StringBuilder("{\"inserted\":[{\"fingerprint\":\"" + A + "\"}],\"noise\":\"");
		random.ints(200_000, 'a', 'z').forEach((letter) -> text.append((char) letter));
		byte[] gzip = gzip(bytes(text + "\"}"));
		assertThat(gzip).hasSizeGreaterThan(UploadAnswer.MOST_BYTES);
		assertThat(UploadAnswer.read(Arrays.copyOf(gzip, UploadAnswer.MOST_BYTES), false, "gzip"))
			.isEqualTo(new UploadAnswer.Named(List.of(key(A, 0, KeyChange.INSERTED)), false));
		// Cut before there is anything to read.
		assertThat(UploadAnswer.read(Arrays.copyOf(gzip, 5), false, "gzip"))
			.isInstanceOf(UploadAnswer.Unreadable.class);
	}

	@Test
	void aBombCostsNoMoreThanAnythingElse() throws IOException {
		byte[] bomb = gzip(bytes("{\"inserted\":[{\"fingerprint\":\"" + A + "\"}]"), 8 * 1024 * 1024);
		assertThat(bomb).hasSizeLessThan(2 * UploadAnswer.MOST_BYTES);
		assertThat(BoundedGunzip.of(bomb, true, 1000).bytes()).hasSize(1000);
		assertThat(UploadAnswer.read(bomb, true, "gzip"))
			.isEqualTo(new UploadAnswer.Named(List.of(key(A, 0, KeyChange.INSERTED)), false));
	}

	@ParameterizedTest
	@ValueSource(strings = { "[", "{\"a\":", "\"", " ", "<", "9", "Inserted: ", "key(s) ", "0" })
	void repetitionIsNoTrap(String part) {
		String many = part.repeat(UploadAnswer.MOST_BYTES / part.length() - 20);
		for (String text : List.of("{\"a\":" + many, "{\"inserted\":" + many, "{\"inserted\":[{\"version\":" + many,
				"<p>" + many, "<p>Inserted:" + many + A)) {
			assertThat(read(text)).isNotNull();
		}
	}

	@Test
	void whateverComesIsAnAnswer() throws IOException {
		Random random = new Random(7);
		List<byte[]> seeds = List.of(bytes(ONE), bytes(PAGE.formatted("<strong>Inserted:</strong> (4)" + A)),
				bytes(SKS.formatted(TAKEN.formatted(1))), gzip(bytes(ONE)), new byte[64]);
		for (int i = 0; i < 2000; i++) {
			byte[] text = seeds.get(i % seeds.size()).clone();
			for (int flips = random.nextInt(1, 8); flips > 0; flips--) {
				text[random.nextInt(text.length)] = (byte) random.nextInt(256);
			}
			byte[] cut = Arrays.copyOf(text, random.nextInt(text.length + 1));
			assertThat(UploadAnswer.read(cut, random.nextBoolean(), random.nextBoolean() ? "gzip" : "")).isNotNull();
		}
	}

	private static void assertUnreadable(UploadAnswer answer, Unread why) {
		assertThat(answer).isInstanceOfSatisfying(UploadAnswer.Unreadable.class, (unreadable) -> {
			assertThat(unreadable.why()).isEqualTo(why);
			assertThat(unreadable.detail()).startsWith("expected: ").contains(", got: ");
		});
	}

	private static UploadedKey key(String fingerprint, int version, @Nullable KeyChange change) {
		return new UploadedKey(fingerprint, version, change);
	}

	private static UploadAnswer read(String text) {
		return UploadAnswer.read(bytes(text), true, "");
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] gzip(byte[] text) throws IOException {
		return gzip(text, 0);
	}

	private static byte[] gzip(byte[] text, int blanks) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
			out.write(text);
			byte[] block = bytes(" ".repeat(64 * 1024));
			for (int i = 0; i < blanks; i += block.length) {
				out.write(block);
			}
		}
		return bytes.toByteArray();
	}

}
