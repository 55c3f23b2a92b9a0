package org.hkpgateway.storage;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.hkpgateway.keyserver.TestKeys;
import org.hkpgateway.plugin.KeyInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Armored keys as keyservers send them, and damaged ones.
 */
class KeyReaderTests {

	private static final int LONGEST = 64 * 1024;

	private final TestKeys alice = new TestKeys();

	private final TestKeys bob = new TestKeys();

	private final byte[] alicesKey = TestKeys.packets(this.alice.withUserIds("Älice <alice@b.example>", "A"));

	private final byte[] bobsKey = TestKeys.packets(this.bob.withUserIds("Bob"));

	@Test
	void keysAreReadOctetByOctet() throws IOException {
		// A marker packet of RFC 9580, 5.8.
		byte[] marker = { (byte) 0xca, 3, 'P', 'G', 'P' };
		assertThat(read(block(joined(marker, this.alicesKey, this.bobsKey)))).containsExactly(
				new KeyInfo(this.alice.fingerprint(), List.of("Älice <alice@b.example>", "A"),
						TestKeys.CREATED.getEpochSecond(), 0, false, this.alicesKey),
				new KeyInfo(this.bob.fingerprint(), List.of("Bob"), TestKeys.CREATED.getEpochSecond(), 0, false,
						this.bobsKey));
	}

	@Test
	void aKeyThatNobodyUnderstandsIsLeftOut() throws IOException {
		// A public key packet of a version that does not exist.
		byte[] unknown = { (byte) 0xc6, 6, 99, 0, 0, 0, 0, 1 };
		assertThat(read(TestKeys.armor(joined(unknown, this.bobsKey)))).extracting(KeyInfo::fingerprint)
			.containsExactly(this.bob.fingerprint());
		assertThat(read(TestKeys.armor(joined(this.bobsKey, unknown)))).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "<html>not found</html>",
			"-----BEGIN PGP MESSAGE-----\n\nyA==\n=abcd\n-----END PGP MESSAGE-----\n" })
	void whatIsNoBlockOfKeysIsRefused(String page) {
		assertThatIOException().isThrownBy(() -> read(page))
			.withMessageStartingWith("expected: -----BEGIN PGP PUBLIC KEY BLOCK-----, got: ");
	}

	@Test
	void aBlockThatBreaksOffIsNoneThatIsShort() {
		String armor = TestKeys.armor(joined(this.alicesKey, this.bobsKey));
		for (int length : List.of(armor.length() / 4, armor.length() / 2, armor.length() * 3 / 4)) {
			assertThatIOException().isThrownBy(() -> read(armor.substring(0, length)));
		}
	}

	@Test
	void aBlockWithAWrongSumIsRefused() {
		String armor = TestKeys.armor(this.bobsKey);
		int middle = armor.length() / 2;
		char other = (armor.charAt(middle) == 'A') ? 'B' : 'A';
		assertThatIOException()
			.isThrownBy(() -> read(armor.substring(0, middle) + other + armor.substring(middle + 1)));
	}

	@Test
	void packetsThatSayTheyAreEndlessAreRefused() {
		byte[][] endless = { { (byte) 0xc6, (byte) 0xff, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff },
				{ (byte) 0xc6, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff },
				// Partial and indeterminate lengths.
				{ (byte) 0xc6, (byte) 0xe1, 0, 0, 0 }, { (byte) 0x9b, 0, 0, 0 } };
		for (byte[] packet : endless) {
			assertThatIOException().isThrownBy(() -> read(TestKeys.armor(packet)))
				.withMessage("expected: keys of at most " + LONGEST + " bytes, got: a longer one");
		}
	}

	@Test
	void aKeyOfManyPacketsHasABoundToo() {
		byte[] trust = { (byte) 0xcc, (byte) 0xbf };
		byte[] packet = Arrays.copyOf(trust, trust.length + 0xbf);
		byte[] key = joined(this.bobsKey);
		while (key.length <= LONGEST) {
			key = joined(key, packet);
		}
		String armor = TestKeys.armor(joined(this.alicesKey, key));
		assertThatIOException().isThrownBy(() -> read(armor)).withMessageContaining("got: a longer one");
	}

	@Test
	void whatAreNoPacketsIsRefused() {
		assertThatIOException().isThrownBy(() -> read(block("hello".getBytes(StandardCharsets.US_ASCII))))
			.withMessage("expected: OpenPGP packets, got: something else");
	}

	private static List<KeyInfo> read(String armor) throws IOException {
		KeyReader reader = new KeyReader(new ByteArrayInputStream(armor.getBytes(StandardCharsets.US_ASCII)), LONGEST);
		List<KeyInfo> keys = new ArrayList<>();
		for (KeyInfo key = reader.next(); key != null; key = reader.next()) {
			keys.add(key);
		}
		return keys;
	}

	/** Whatever is in it. */
	private static String block(byte[] packets) {
		return TestKeys.armor(packets).replaceAll("(BEGIN|END) PGP [A-Z ]+-", "$1 PGP PUBLIC KEY BLOCK-");
	}

	private static byte[] joined(byte[]... parts) {
		ByteArrayOutputStream joined = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			joined.writeBytes(part);
		}
		return joined.toByteArray();
	}

}
