package org.hkpgateway.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AddressRange}.
 */
class AddressRangeTests {

	@ParameterizedTest
	@CsvSource({
			// range, first and last address of it, the ones next to it
			"192.0.2.1, 192.0.2.1, 192.0.2.1, 192.0.2.0, 192.0.2.2",
			"192.0.2.1/32, 192.0.2.1, 192.0.2.1, 192.0.2.0, 192.0.2.2",
			"192.0.2.77/24, 192.0.2.0, 192.0.2.255, 192.0.1.255, 192.0.3.0",
			"10.0.0.0/8, 10.0.0.0, 10.255.255.255, 9.255.255.255, 11.0.0.0",
			"172.16.0.0/12, 172.16.0.0, 172.31.255.255, 172.15.255.255, 172.32.0.0",
			"192.0.2.128/25, 192.0.2.128, 192.0.2.255, 192.0.2.127, 192.0.3.0",
			"128.0.0.0/1, 128.0.0.0, 255.255.255.255, 127.255.255.255, 0.0.0.0",
			"0.0.0.0/0, 0.0.0.0, 255.255.255.255, ::, ::ffff",
			"2001:db8::7, 2001:db8::7, 2001:db8::7, 2001:db8::6, ::7",
			"2001:db8::/32, 2001:db8::, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff, 2001:db7:ffff::, 2001:db9::",
			"2001:db8:8000::/33, 2001:db8:8000::, 2001:db8:ffff::1, 2001:db8:7fff::, 2001:db9::",
			"fe80::/10, fe80::, febf:ffff::, fe7f:ffff::, fec0::", "::/0, ::, ffff::, 0.0.0.0, 192.0.2.1",
			"::1/128, ::1, ::1, ::, ::2", "::ffff:192.0.2.0/120, 192.0.2.0, 192.0.2.255, 192.0.1.255, 192.0.3.0",
			"::ffff:c000:201, 192.0.2.1, 192.0.2.1, 192.0.2.2, ::192.0.2.1",
			"::ffff:0:0/96, 0.0.0.0, 255.255.255.255, ::, ::1" })
	void holdsTheAddressesFromTheFirstToTheLast(String text, String first, String last, String before, String after)
			throws Exception {
		AddressRange range = range(text);
		assertThat(range.contains(InetAddress.getByName(first))).as("first").isTrue();
		assertThat(range.contains(InetAddress.getByName(last))).as("last").isTrue();
		assertThat(range.contains(InetAddress.getByName(before))).as("before").isFalse();
		assertThat(range.contains(InetAddress.getByName(after))).as("after").isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "192.0.2.0/24, 192.0.2.9, true", "192.0.2.0/24, 192.0.3.9, false", "::/0, 192.0.2.9, false" })
	void anAddressThatIsMappedIntoIpv6IsTheIpv4Address(String text, String address, boolean contained)
			throws Exception {
		assertThat(range(text).contains(mapped(address))).isEqualTo(contained);
	}

	@Test
	void theZoneOfAnAddressDoesNotMatter() throws Exception {
		byte[] bytes = InetAddress.getByName("fe80::7").getAddress();
		assertThat(range("fe80::/10").contains(Inet6Address.getByAddress(null, bytes, 3))).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
			"10.0.0.0/0x8", "10.0.0.0/99999999999", "10.0.0.0/255.0.0.0", "10.0.0", "10.0", "10", "010.0.0.1",
			"10.0.0.256", "10.0.0.0.0", "10.0.0.x", " 10.0.0.1", "10.0.0.1 ", "::/129", ":::", "1::2::3", "12345::",
			"2001:db8", "1:2:3:4:5:6:7:8:9", "::ffff:10.0.0.0/95", "::ffff:10.0.0.0/8", "[::1]", "fe80::1%eth0",
			"fe80::1%1/64", "localhost", "a.b:c", ".:1", "1.2.3:", "fade", "keys.example", "\u0661.0.0.1" })
	void whatIsNoRangeIsNull(String text) {
		assertThat(AddressRange.parse(text)).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "192.0.2.77/24, 192.0.2.0/24", "192.0.2.1, 192.0.2.1/32", "::ffff:10.9.0.0/104, 10.0.0.0/8",
			"2001:DB8:0::1/32, 2001:db8::/32", "0:0::1, ::1/128", "ffff::/0, ::/0", "1:0:0:2:0:0:0:3, 1:0:0:2::3/128",
			"1:0:0:2:0:0:3:4, 1::2:0:0:3:4/128", "10:0:0:f0:1:2:3:4, 10::f0:1:2:3:4/128",
			"1:2:3:4:5:6:7:0, 1:2:3:4:5:6:7:0/128" })
	void equalsWhateverHoldsTheSameAddresses(String one, String other) {
		assertThat(range(one)).isEqualTo(range(other)).hasSameHashCodeAs(range(other)).hasToString(other);
	}

	@ParameterizedTest
	@CsvSource({ "10.0.0.0/8, 10.0.0.0/9", "10.0.0.0/8, 11.0.0.0/8", "0.0.0.0/0, ::/0" })
	void differsFromWhatHoldsOthers(String one, String other) {
		assertThat(range(one)).isNotEqualTo(range(other));
	}

	private static AddressRange range(String text) {
		AddressRange range = AddressRange.parse(text);
		assertThat(range).as(text).isNotNull();
		return range;
	}

	/** As a socket may give it; {@link InetAddress} itself would make IPv4 of it. */
	private static InetAddress mapped(String address) throws UnknownHostException {
		byte[] bytes = new byte[16];
		bytes[10] = -1;
		bytes[11] = -1;
		System.arraycopy(InetAddress.getByName(address).getAddress(), 0, bytes, 12, 4);
		InetAddress mapped = Inet6Address.getByAddress(null, bytes, -1);
		assertThat(mapped).isInstanceOf(Inet6Address.class);
		return mapped;
	}

}
