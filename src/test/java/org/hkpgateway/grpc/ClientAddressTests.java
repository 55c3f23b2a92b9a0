package org.hkpgateway.grpc;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class ClientAddressTests {

	@ParameterizedTest
	@CsvSource({ "192.0.2.7, 192.0.2.7, 192.0.2.7:4711", "2001:db8::7, 2001:db8::7, [2001:db8::7]:4711",
			"2001:0DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1, [2001:db8::1:0:0:1]:4711", "::1, ::1, [::1]:4711",
			"::ffff:192.0.2.7, 192.0.2.7, 192.0.2.7:4711" })
	void addresses(String literal, String bare, String withPort) {
		InetSocketAddress address = TestEvents.address(literal);
		assertThat(ClientAddress.bare(address)).isEqualTo(bare);
		assertThat(ClientAddress.withPort(address)).isEqualTo(withPort);
	}

	@Test
	void scopeIdIsLeftOut() throws Exception {
		byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
		InetSocketAddress address = new InetSocketAddress(Inet6Address.getByAddress(null, linkLocal, 3), 4711);
		assertThat(ClientAddress.bare(address)).isEqualTo("fe80::1");
		assertThat(ClientAddress.withPort(address)).isEqualTo("[fe80::1]:4711");
	}

}
