package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.List;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import org.hkpgateway.http.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ClientAddressResolver} and {@link ForwardedHeaders}.
 */
class ClientAddressResolverTests {

	private static final InetSocketAddress STRANGER = peer("203.0.113.9");

	private static final InetSocketAddress PROXY = peer("10.0.0.1");

	private final ClientAddressResolver resolver = resolver("", "10.0.0.0/8", "2001:db8:1::/48");

	@Test
	void aStrangerIsNeverBelieved() {
		Headers forged = Headers.of("X-Forwarded-For", "192.0.2.1", "Forwarded", "for=192.0.2.1", "X-Real-IP",
				"192.0.2.1", "X-Forwarded-Proto", "https");
		ClientAddress client = this.resolver.resolve(STRANGER, forged, false);
		assertThat(client.client()).isEqualTo(STRANGER);
		assertThat(client.tls()).isFalse();
		assertThat(rebuilt(forged, client)).isEqualTo(
				Headers.of("X-Forwarded-For", "203.0.113.9", "X-Real-IP", "203.0.113.9", "X-Forwarded-Proto", "http"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			// X-Forwarded-For | client
			"192.0.2.1 | 192.0.2.1", "6.6.6.6, 192.0.2.1 | 192.0.2.1", "6.6.6.6, 192.0.2.1, 10.1.1.1 | 192.0.2.1",
			"192.0.2.1:4711 | 192.0.2.1", "2001:db8:2::7 | 2001:db8:2::7", "[2001:db8:2::7]:4711 | 2001:db8:2::7",
			"10.1.1.1, 10.2.2.2 | 10.1.1.1", "192.0.2.1, unknown | 10.0.0.1", "192.0.2.1, 10.1.1.1.1 | 10.0.0.1",
			"'192.0.2.1,' | 10.0.0.1", "192.0.2.1, 2001:db8:1::5 | 192.0.2.1", "fe80::1%eth0 | 10.0.0.1",
			"192.0.2.1:99999 | 10.0.0.1", "localhost | 10.0.0.1" })
	void theClientIsTheRightMostUntrustedAddress(String forwardedFor, String client) {
		assertThat(address(this.resolver.resolve(PROXY, Headers.of("X-Forwarded-For", forwardedFor), false)))
			.isEqualTo(client);
	}

	@Test
	void severalHeadersAreOneChain() {
		Headers headers = Headers.of("X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "192.0.2.1");
		ClientAddress client = this.resolver.resolve(PROXY, headers, false);
		assertThat(address(client)).isEqualTo("192.0.2.1");
		assertThat(rebuilt(headers, client).first("X-Forwarded-For")).isEqualTo("6.6.6.6, 192.0.2.1, 10.0.0.1");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "for=192.0.2.1;proto=https | 192.0.2.1",
					"for=6.6.6.6, For=\"[2001:db8:2::7]:4711\" | 2001:db8:2::7",
					"proto=https;for=192.0.2.1 | 192.0.2.1", "for=_hidden | 10.0.0.1", "by=192.0.2.1 | 10.0.0.1" })
	void forwardedOfRfc7239IsReadWhenThereIsNoXForwardedFor(String forwarded, String client) {
		assertThat(address(this.resolver.resolve(PROXY, Headers.of("Forwarded", forwarded), false))).isEqualTo(client);
	}

	@Test
	void aConfiguredHeaderReplacesTheChain() {
		ClientAddressResolver cdn = resolver("CF-Connecting-IP", "10.0.0.0/8");
		Headers headers = Headers.of("CF-Connecting-IP", "192.0.2.1", "X-Forwarded-For", "6.6.6.6");
		assertThat(address(cdn.resolve(PROXY, headers, false))).isEqualTo("192.0.2.1");
		assertThat(address(cdn.resolve(STRANGER, headers, false))).isEqualTo("203.0.113.9");
		assertThat(address(cdn.resolve(PROXY, Headers.of("X-Forwarded-For", "6.6.6.6"), false))).isEqualTo("10.0.0.1");
	}

	@Test
	void aTrustedProxyTellsWhetherTheClientSpokeTls() {
		assertThat(this.resolver.resolve(PROXY, Headers.of("X-Forwarded-Proto", "https"), false).tls()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "10.0.0.0/33", "10.0.0", "::/129", "localhost", "10.0.0.0/x", "" })
	void aRangeThatIsNoneStopsTheStartAndNamesTheKey(String range) {
		assertThatIllegalArgumentException().isThrownBy(() -> resolver("", range))
			.withMessageContaining("hkp.client-address.trusted-proxies");
	}

	private static Headers rebuilt(Headers received, ClientAddress client) {
		HttpHeaders from = new DefaultHttpHeaders();
		NettyHeaders.add(received, from);
		HttpHeaders to = new DefaultHttpHeaders();
		ForwardedHeaders.add(from, client, to);
		return NettyHeaders.copy(to);
	}

	private static ClientAddressResolver resolver(String header, String... trusted) {
		return new ClientAddressResolver(
				new ClientAddressSettings(List.of(trusted), header, ClientAddressSettings.Log.FULL));
	}

	private static InetSocketAddress peer(String address) {
		return new InetSocketAddress(address, 50000);
	}

	private static String address(ClientAddress client) {
		return NetUtil.toAddressString(client.client().getAddress());
	}

}
