package org.hkpgateway.proxy;

import java.net.InetAddress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HiddenAddress}.
 */
class HiddenAddressTests {

	@ParameterizedTest
	@CsvSource({ "192.0.2.7, 192.0.2.7", "192.0.2.7, 192.0.2.7:4711", "192.0.2.7, ::ffff:192.0.2.7",
			"192.0.2.7, ::FFFF:c000:207", "192.0.2.7, %3A%3affff%3Ac000%3A207", "192.0.2.7, ::ffff:c000:0207",
			"192.0.2.7, 0:0:0:0:0:ffff:c000:207", "192.0.2.7, 0000:0000:0000:0000:0000:FFFF:C000:0207",
			"2001:db8::a7, 2001:db8::a7", "2001:db8::a7, [2001:DB8::A7]:4711", "2001:db8::a7, 2001:db8:0:0:0:0:0:a7",
			"2001:db8::a7, 2001:0db8:0000:0000:0000:0000:0000:00a7", "2001:db8::a7, 2001%3Adb8%3A%3Aa7" })
	void noSpellingIsLeft(String address, String spelling) throws Exception {
		HiddenAddress hidden = new HiddenAddress(InetAddress.getByName(address), "$0");
		String text = hidden.in("peer=" + spelling + ", and " + spelling + ".");
		assertThat(HiddenAddress.mayBeIn(spelling)).isTrue();
		assertThat(text).contains("$0")
			.doesNotContainIgnoringCase("2.7")
			.doesNotContainIgnoringCase("207")
			.doesNotContainIgnoringCase("a7");
	}

	@Test
	void otherAddressesStay() throws Exception {
		HiddenAddress four = new HiddenAddress(InetAddress.getByName("192.0.2.7"), "x");
		assertThat(four.in("192.0.2.77 1192.0.2.7 192.0.2.0/24")).isEqualTo("192.0.2.77 1192.0.2.7 192.0.2.0/24");
		HiddenAddress six = new HiddenAddress(InetAddress.getByName("2001:db8::7"), "x");
		assertThat(six.in("2001:db8::77 2001:db8::8")).isEqualTo("2001:db8::77 2001:db8::8");
	}

}
