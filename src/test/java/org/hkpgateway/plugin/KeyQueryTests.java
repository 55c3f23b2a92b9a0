package org.hkpgateway.plugin;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What plugins may ask for.
 */
class KeyQueryTests {

	private static final String V4 = "0123456789abcdef0123456789abcdef01234567";

	@ParameterizedTest
	@CsvSource({ "LOOKUP, deadbeef, 0xDEADBEEF", "LOOKUP, 0xdeadbeef, 0xDEADBEEF", "LOOKUP, 0Xdeadbeef, 0xDEADBEEF",
			"FETCH, 0123456789abcdef, 0x0123456789ABCDEF",
			"LOOKUP, 0123456789abcdef0123456789abcdef, 0x0123456789ABCDEF0123456789ABCDEF",
			"FETCH, " + V4 + ", 0x0123456789ABCDEF0123456789ABCDEF01234567",
			"SEARCH, 0x" + V4 + ", 0x0123456789ABCDEF0123456789ABCDEF01234567",
			"LOOKUP, 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, "
					+ "0x0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF" })
	void fingerprintsAndKeyIdsAreNames(KeyQuery.Type type, String query, String term) {
		KeyQuery read = KeyQuery.of(type, query, Map.of());
		assertThat(read).isEqualTo(new KeyQuery(type, term, false));
		assertThat(read.isName()).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "SEARCH, deadbeef", "SEARCH, " + V4, "FETCH, alice@example.org", "SEARCH, Jörg <j@example.org>",
			"SEARCH, a&op=get#x%00y+z", "FETCH, abcdef" })
	void everythingElseIsText(KeyQuery.Type type, String query) {
		KeyQuery read = KeyQuery.of(type, query, Map.of("exact", "on"));
		assertThat(read).isEqualTo(new KeyQuery(type, query, true));
		assertThat(read.isName()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "alice@example.org", "0x", "0x123", "0x0123456789", "0x" + V4 + "0", "0xdeadbeeg",
			"0xdeadbee\u0663", "deadbeef\n" })
	void aLookupNeedsAName(String query) {
		assertThatIllegalArgumentException().isThrownBy(() -> KeyQuery.of(KeyQuery.Type.LOOKUP, query, Map.of()))
			.withMessage("query: expected: a fingerprint or key id of 8, 16, 32, 40 or 64 hex digits, got: '"
					+ query.replace('\n', '?') + "'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a\r\nb", "a\u0000", "a\u0085b", "0x", "0xalice" })
	void aTextIsBlankNeverAndHasNoControlCharacters(String query) {
		assertThatIllegalArgumentException().isThrownBy(() -> KeyQuery.of(KeyQuery.Type.SEARCH, query, Map.of()))
			.withMessageStartingWith("query: expected: a fingerprint or key id of 8, 16, 32, 40 or 64 hex digits");
	}

	@Test
	void aTextHasABound() {
		assertThat(KeyQuery.of(KeyQuery.Type.SEARCH, "ä".repeat(128), Map.of()).term()).hasSize(128);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> KeyQuery.of(KeyQuery.Type.SEARCH, "ä".repeat(129), Map.of()))
			.withMessageEndingWith("got: '" + "ä".repeat(80) + "'");
	}

	@Test
	void anOptionThatIsNotUnderstoodIsNamed() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of("fuzzy", "on")))
			.withMessage("options: expected: none but 'exact', got: 'fuzzy'");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of("exact", "yes")))
			.withMessage("options: exact: expected: 'on' or 'off', got: 'yes'");
		assertThat(KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of("exact", "off")).exact()).isFalse();
	}

}
