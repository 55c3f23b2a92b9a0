package org.hkpgateway.antiabuse.rule;

import java.net.InetAddress;
import java.util.List;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.sdk.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AddressSet} and {@link ClientKey}.
 */
class AddressSetTests {

	@ParameterizedTest
	@CsvSource({ "192.0.2.7,192.0.2.7,true", "192.0.2.7,192.0.2.8,false", "192.0.2.0/24,192.0.2.255,true",
			"192.0.2.0/24,192.0.3.0,false", "192.0.2.99/24,192.0.2.1,true", "0.0.0.0/0,203.0.113.1,true",
			"0.0.0.0/0,2001:db8::1,false", "::/0,2001:db8::1,true", "::/0,192.0.2.1,false",
			"128.0.0.0/1,200.1.1.1,true", "2001:db8::/32,2001:db8:ffff::1,true", "2001:db8::/32,2001:db9::1,false",
			"2001:db8::/64,2001:db8::ffff:0:0:1,true", "2001:db8::/65,2001:db8:0:0:8000::,false",
			"2001:db8::/65,2001:db8:0:0:7fff::,true", "2001:db8::1,2001:db8::1,true", "2001:db8::1,2001:db8::2,false",
			"::ffff:192.0.2.0/120,192.0.2.9,true", "192.0.2.9,::ffff:192.0.2.9,true", "::1,::1,true" })
	void contains(String network, String address, boolean contained) throws Exception {
		assertThat(AddressSet.parse("allow", List.of("198.51.100.1", network)).contains(InetAddress.getByName(address)))
			.isEqualTo(contained);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "localhost", "dead", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/33", "1.2.3.4/-1",
			"1.2.3.4/", "1.2.3.4/x", "::/129", ":::", "1.2.3.4/24/1", "::ffff:1.2.3.4/24", "fe80::1%eth0" })
	void whatIsNoAddressIsRefusedAndNeverLookedUp(String text) {
		assertThatExceptionOfType(ConfigException.class)
			.isThrownBy(() -> AddressSet.parse("block", List.of("192.0.2.1", text)))
			.withMessageStartingWith("configuration key 'block[1]': expected: an address or network")
			.withMessageEndingWith("got: '" + text + "'");
	}

	@ParameterizedTest
	@CsvSource({ "192.0.2.1,192.0.2.1,true", "192.0.2.1,192.0.2.2,false", "192.0.2.1,::ffff:192.0.2.1,true",
			"2001:db8::1,2001:db8::ffff:1:1:1,true", "2001:db8::1,2001:db8:0:1::1,false", "::1,0.0.0.1,false" })
	void clientsAreAddressesOrNetworksOfIpv6(String one, String other, boolean same) throws Exception {
		assertThat(ClientKey.of(InetAddress.getByName(one)).equals(ClientKey.of(InetAddress.getByName(other))))
			.isEqualTo(same);
	}

	@Test
	void clientsAreShownAsOperatorsWriteThem() throws Exception {
		assertThat(ClientKey.AGGREGATE).hasToString("aggregate");
		assertThat(ClientKey.of(InetAddress.getByName("203.0.113.250"))).hasToString("203.0.113.250");
		assertThat(ClientKey.of(InetAddress.getByName("2001:db8:1:2:3:4:5:6"))).hasToString("2001:db8:1:2:0:0:0:0/64");
	}

}
