package org.hkpgateway.hkp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.hkpgateway.testsupport.LargeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UploadedKeys}.
 */
class UploadedKeysTests {

	private static final String FORM = "application/x-www-form-urlencoded";

	private static final LargeKey ONE = LargeKey.ofAtLeast(1);

	private static final LargeKey OTHER = LargeKey.ofAtLeast(1);

	@Test
	void aForm() {
		assertThat(UploadedKeys.read(FORM, form(ONE.armored())))
			.containsExactly(new UploadedKey(ONE.fingerprint(), 4, null));
		byte[] more = ("options=mr&" + new String(form(ONE.armored()), StandardCharsets.US_ASCII) + "&keysig=x")
			.getBytes(StandardCharsets.US_ASCII);
		assertThat(fingerprints("", more)).containsExactly(ONE.fingerprint());
	}

	/** Keyservers decode names before they look for the first. */
	@Test
	void aFormWithAnEncodedName() {
		byte[] trap = concat("%6beyte%78t".getBytes(StandardCharsets.US_ASCII),
				Arrays.copyOfRange(form(ONE.armored()), "keytext".length(), form(ONE.armored()).length),
				"&".getBytes(StandardCharsets.US_ASCII), form(OTHER.armored()));
		assertThat(fingerprints(FORM, trap)).containsExactly(ONE.fingerprint());
	}

	@ParameterizedTest
	@ValueSource(strings = { "application/pgp", "application/pgp-keys", "Application/PGP-Keys; charset=utf-8",
			" application/pgp ;x=y" })
	void packetsOrArmor(String contentType) {
		assertThat(fingerprints(contentType, ONE.packets())).containsExactly(ONE.fingerprint());
		assertThat(fingerprints(contentType, ONE.armored().getBytes(StandardCharsets.US_ASCII)))
			.containsExactly(ONE.fingerprint());
		// It is no form, whatever is in it.
		byte[] trap = concat(ONE.packets(), "&".getBytes(StandardCharsets.US_ASCII), form(OTHER.armored()));
		assertThat(fingerprints(contentType, trap)).containsExactly(ONE.fingerprint());
	}

	/** What only begins alike is as any other type: a field counts if there is one. */
	@ParameterizedTest
	@ValueSource(strings = { "application/pgp-signature", "application/pgp-encrypted", "application/pgpx",
			"application/pgp-keys2", "text/plain; application/pgp" })
	void anotherType(String contentType) {
		byte[] trap = concat(ONE.packets(), "&".getBytes(StandardCharsets.US_ASCII), form(OTHER.armored()));
		assertThat(fingerprints(contentType, trap)).containsExactly(OTHER.fingerprint());
		assertThat(fingerprints(contentType, ONE.packets())).containsExactly(ONE.fingerprint());
	}

	@Test
	void severalInOneBlock() throws IOException {
		String block = armor(concat(ONE.packets(), OTHER.packets()));
		assertThat(fingerprints(FORM, form(block))).containsExactly(ONE.fingerprint(), OTHER.fingerprint());
		assertThat(fingerprints(FORM, form("Here it is:\r\n\r\n" + block))).hasSize(2);
		// Keyservers read the first.
		assertThat(fingerprints(FORM, form(ONE.armored() + OTHER.armored()))).containsExactly(ONE.fingerprint());
	}

	@Test
	void theBeginningOfALargeKeyIsEnough() {
		LargeKey large = LargeKey.ofAtLeast(200_000);
		byte[] form = form(large.armored());
		assertThat(form.length).isGreaterThan(200_000);
		for (int length : new int[] { 1000, 1001, 1002, 65_536, 200_000 }) {
			assertThat(fingerprints(FORM, Arrays.copyOf(form, length))).containsExactly(large.fingerprint());
			assertThat(fingerprints("application/pgp", Arrays.copyOf(large.packets(), length)))
				.containsExactly(large.fingerprint());
		}
		assertThat(fingerprints(FORM, Arrays.copyOf(form, 60))).isEmpty();
	}

	/** The certificate of RFC 9580, appendix A.3: its first packet. */
	@Test
	void version6() {
		byte[] packet = Arrays
			.copyOf(Base64.getDecoder().decode("xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laPC"), 44);
		assertThat(UploadedKeys.read("application/pgp", packet)).containsExactly(
				new UploadedKey("CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9", 6, null));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "c6", "c600", "c6ff", "c6ffffffffff", "c6ff7fffffff04", "c6e004", "8604", "9a7fff04",
			"99", "9900", "990001", "99000103", "99000102", "9900019a", "c60106c60105ff", "04", "0000", "860100",
			"c6ff000000020607", "8700" })
	void packetsThatAreNone(String hex) {
		byte[] packets = HexFormat.of().parseHex(hex);
		for (UploadedKey key : UploadedKeys.read("application/pgp", packets)) {
			assertThat(key.version()).isIn(4, 5, 6);
		}
		assertThat(fingerprints("application/pgp", concat(ONE.packets(), packets))).startsWith(ONE.fingerprint());
	}

	@Test
	void aLengthThatIsNotThereTakesNoMemory() {
		// A key of version 6 that says it has 2 GB of material.
		byte[] packet = ByteBuffer.allocate(13)
			.put(new byte[] { (byte) 0xc6, 11, 6, 0, 0, 0, 0, 99 })
			.putInt(Integer.MAX_VALUE)
			.put((byte) 0)
			.array();
		assertThat(UploadedKeys.read("application/pgp", packet)).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "nothing", "keytext", "keytext=", "keytext=%", "keytext=%2", "keytext=abc",
			"keytext=-----BEGIN+PGP+PUBLIC+KEY+BLOCK-----", "keytext=-----BEGIN+PGP+MESSAGE-----%0A%0AxioGY4d%0A",
			"keytext=-----BEGIN+PGP+PUBLIC+KEY+BLOCK-----%0A%0A%ff%ff%ff%0A" })
	void textThatIsNone(String text) {
		assertThat(fingerprints(FORM, text.getBytes(StandardCharsets.US_ASCII))).isEmpty();
	}

	@Test
	void whateverComesIsRead() {
		Random random = new Random(3);
		for (int i = 0; i < 500; i++) {
			byte[] body = (i % 2 == 0) ? form(ONE.armored()) : ONE.packets().clone();
			for (int flips = random.nextInt(1, 20); flips > 0; flips--) {
				body[random.nextInt(body.length)] = (byte) random.nextInt(256);
			}
			assertThat(UploadedKeys.read((i % 3 == 0) ? FORM : "application/pgp", body)).isNotNull();
		}
	}

	private static List<String> fingerprints(String contentType, byte[] body) {
		return UploadedKeys.read(contentType, body).stream().map(UploadedKey::fingerprint).toList();
	}

	private static byte[] form(String armored) {
		return ("keytext=" + URLEncoder.encode(armored, StandardCharsets.US_ASCII)).getBytes(StandardCharsets.US_ASCII);
	}

	private static String armor(byte[] packets) throws IOException {
		ByteArrayOutputStream armored = new ByteArrayOutputStream();
		try (ArmoredOutputStream armor = ArmoredOutputStream.builder().build(armored)) {
			armor.write(packets);
		}
		return armored.toString(StandardCharsets.US_ASCII);
	}

	private static byte[] concat(byte[]... parts) {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			all.writeBytes(part);
		}
		return all.toByteArray();
	}

}
