package org.hkpgateway.process;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class UidRangeTests {

	@Test
	void firstAndLastBelongToIt() {
		UidRange range = UidRange.parse(" 20000-20002 ");
		assertThat(range).isEqualTo(new UidRange(20000, 20002)).hasToString("20000-20002");
		assertThat(range.contains(19999)).isFalse();
		assertThat(range.contains(20000)).isTrue();
		assertThat(range.contains(20002)).isTrue();
		assertThat(range.contains(20003)).isFalse();
	}

	@Test
	void mayBeOneUser() {
		assertThat(UidRange.parse("20000-20000").contains(20000)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "20000", "20000-", "-20000", "20000-19999", "0-10", "60000-70000", "65534-65534",
			"1-2147483648", "9999999999-9999999999", "a-b", "20000..20999" })
	void refused(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> UidRange.parse(text))
			.withMessageStartingWith(
					"hkp.plugins.uid-range: expected: first-last, for example 20000-20999, from 1 (0 is "
							+ "root) to 2147483647 and without 65534 (nobody), got: '" + text + "'");
	}

}
