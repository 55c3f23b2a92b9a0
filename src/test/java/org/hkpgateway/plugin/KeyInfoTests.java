package org.hkpgateway.plugin;

import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link KeyInfo} and {@link KeyPage}.
 */
class KeyInfoTests {

	@ParameterizedTest
	@CsvSource({ "0123456789ABCDEF0123456789ABCDEF01234567, 89ABCDEF01234567",
			"FEDCBA98765432100123456789ABCDEF0123456789ABCDEF0123456789ABCDEF, FEDCBA9876543210",
			"0123456789ABCDEF0123456789ABCDEF, ''" })
	void theKeyIdIsPartOfTheFingerprint(String fingerprint, String keyId) {
		assertThat(new KeyInfo(fingerprint, List.of(), 0, 0, false, new byte[0]).keyId()).isEqualTo(keyId);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "89ABCDEF01234567", "0123456789abcdef0123456789ABCDEF01234567",
			"0123456789ABCDEF0123456789ABCDEF0123456\u0667" })
	void aFingerprintThatIsNoneIsRefused(String fingerprint) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new KeyInfo(fingerprint, List.of(), 0, 0, false, new byte[0]))
			.withMessage("fingerprint: expected: 32, 40 or 64 upper-case hex digits, got: '" + fingerprint + "'");
	}

	@ParameterizedTest
	@CsvSource({ "0, 2, 0-1", "1, 1, 1-1", "2, 5, 2-2", "3, 5, ''", "2147483647, 1000, ''", "0, 1000, 0-2" })
	void aPageShowsAPartAndSaysHowMuchThereIs(int offset, int limit, String shown) {
		List<KeyInfo> all = IntStream.range(0, 3)
			.mapToObj((number) -> new KeyInfo("0".repeat(31) + number, List.of(), 0, 0, false, new byte[0]))
			.toList();
		KeyPage page = KeyPage.of(all, offset, limit);
		assertThat(page.total()).isEqualTo(3);
		if (shown.isEmpty()) {
			assertThat(page.keys()).isEmpty();
		}
		else {
			assertThat(page.keys()).isEqualTo(all.subList(shown.charAt(0) - '0', shown.charAt(2) - '0' + 1));
		}
	}

}
