package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.List;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import org.hkpgateway.http.ForwardedNames;
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
		assertThat(rebuilt(this.resolver, forged, client)).isEqualTo(
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
		assertThat(rebuilt(this.resolver, headers, client).first("X-Forwarded-For"))
			.isEqualTo("6.6.6.6, 192.0.2.1, 10.0.0.1");
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

	/** What a client can have written to the left of what its proxy wrote. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			value = { "for=\"6.6.6.6, for=192.0.2.1 | 192.0.2.1",
					"for=6.6.6.6;host=\"x, for=192.0.2.1;host=keys | 192.0.2.1",
					"for=192.0.2.1;host=\"evil;for=6.6.6.6\" | 192.0.2.1",
					"for=192.0.2.1;host=\"evil, for=6.6.6.6\" | 192.0.2.1",
					"for=192.0.2.1;host=\"evil\\\", for=6.6.6.6\" | 192.0.2.1",
					"for=192.0.2.1;host=\"a\\\\\";proto=https | 192.0.2.1", "for=192.0.2.1;for=6.6.6.6 | 10.0.0.1",
					"for=192.0.2.1;xfor=6.6.6.6 | 192.0.2.1", "for=\"192.0.2.1:4711\";by=10.0.0.9 | 192.0.2.1",
					"for=192.0.2.1, for=\"[2001:db8:1::9]\" | 192.0.2.1", "for=\"[2001:db8:2::7\" | 10.0.0.1",
					"for=unknown | 10.0.0.1", "for= | 10.0.0.1", "for | 10.0.0.1", ", | 10.0.0.1",
					";;, for=192.0.2.1;; | 192.0.2.1", "FOR = 192.0.2.1 | 192.0.2.1", "for='192.0.2.1' | 10.0.0.1" })
	void whatAClientWroteIntoForwardedDoesNotCount(String forwarded, String client) {
		assertThat(address(this.resolver.resolve(PROXY, Headers.of("Forwarded", forwarded), false))).isEqualTo(client);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', value = {
			// header | its values, one for each line | client
			"CF-Connecting-IP | 192.0.2.1 | 192.0.2.1", "cf-connecting-ip | 6.6.6.6;192.0.2.1 | 192.0.2.1",
			"CF-Connecting-IP | 6.6.6.6, 192.0.2.1 | 10.0.0.1", "CF-Connecting-IP | ; | 10.0.0.1",
			"CF-Connecting-IP | unknown | 10.0.0.1", "CF-Connecting-IP | 192.0.2.1/32 | 10.0.0.1",
			"CF-Connecting-IP | fe80::1%eth0 | 10.0.0.1", "CF-Connecting-IP | ::ffff:192.0.2.1 | 192.0.2.1",
			"CF-Connecting-IP | [2001:db8:2::7]:443 | 2001:db8:2::7", "CF-Connecting-IP | [2001:db8:2::7]x | 10.0.0.1",
			"CF-Connecting-IP | [192.0.2.1] | 192.0.2.1", "CF-Connecting-IP | 10.1.1.1 | 10.1.1.1",
			"CF_Connecting_IP | 6.6.6.6 | 10.0.0.1" })
	void theConfiguredHeaderIsReadFromItsLastLine(String name, String values, String client) {
		Headers headers = Headers.empty();
		for (String value : values.split(";")) {
			headers = headers.with(name, value);
		}
		assertThat(address(resolver("CF-Connecting-IP", "10.0.0.0/8").resolve(PROXY, headers, false)))
			.isEqualTo(client);
	}

	@Test
	void whoeverConfiguresForwardedIsNotToldOtherwiseByXForwardedFor() {
		Headers headers = Headers.of("X-Forwarded-For", "6.6.6.6", "Forwarded", "for=6.6.6.7", "Forwarded",
				"for=192.0.2.1, for=10.2.2.2");
		ClientAddressResolver forwarded = resolver("Forwarded", "10.0.0.0/8");
		ClientAddress client = forwarded.resolve(PROXY, headers, false);
		assertThat(address(client)).isEqualTo("192.0.2.1");
		assertThat(rebuilt(forwarded, headers, client).first("X-Forwarded-For")).isEqualTo("192.0.2.1, 10.0.0.1");
		assertThat(address(forwarded.resolve(PROXY, Headers.of("X-Forwarded-For", "6.6.6.6"), false)))
			.isEqualTo("10.0.0.1");
		assertThat(address(resolver("X-Forwarded-For", "10.0.0.0/8").resolve(PROXY,
				Headers.of("Forwarded", "for=6.6.6.6"), false)))
			.isEqualTo("10.0.0.1");
	}

	@Test
	void aChainThatClientsMayHaveWrittenIsNotPassedOn() {
		ClientAddressResolver cdn = resolver("CF-Connecting-IP", "10.0.0.0/8");
		Headers headers = Headers.of("CF-Connecting-IP", "192.0.2.1", "X-Forwarded-For", "6.6.6.6");
		ClientAddress client = cdn.resolve(PROXY, headers, false);
		assertThat(rebuilt(cdn, headers, client).first("X-Forwarded-For")).isEqualTo("192.0.2.1, 10.0.0.1");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			// X-Forwarded-For | client
			"::ffff:192.0.2.1 | 192.0.2.1", "::ffff:10.1.1.1 | 10.1.1.1", "192.0.2.1, ::ffff:10.1.1.1 | 192.0.2.1",
			"[::ffff:192.0.2.1]:80 | 192.0.2.1", "::FFFF:C000:0201 | 192.0.2.1", "2001:DB8:2:0:0:0:0:7 | 2001:db8:2::7",
			"[2001:db8:2::7 | 10.0.0.1", "2001:db8:2::7]:80 | 10.0.0.1", "[fe80::1%25eth0] | 10.0.0.1",
			"192.0.2.1:0x50 | 10.0.0.1", "192.0.2.1:-1 | 10.0.0.1", "192.0.2.1: | 10.0.0.1", "0xc0.0.2.1 | 10.0.0.1",
			"3221225985 | 10.0.0.1", "192.0.2 | 10.0.0.1", "192.0.2.256 | 10.0.0.1", "'\"192.0.2.1\"' | 10.0.0.1",
			"for=192.0.2.1 | 10.0.0.1", "'' | 10.0.0.1", "' , ,' | 10.0.0.1", "'6.6.6.6,,192.0.2.1' | 192.0.2.1",
			"'6.6.6.6, 192.0.2.1,,' | 10.0.0.1", "2001:db8:2::g | 10.0.0.1", "::ffff:1:2:3:4:5:6:7:8 | 10.0.0.1",
			"'\t192.0.2.1\t' | 192.0.2.1" })
	void onlyWholeAddressesCount(String forwardedFor, String client) {
		assertThat(address(this.resolver.resolve(PROXY, Headers.of("X-Forwarded-For", forwardedFor), false)))
			.isEqualTo(client);
	}

	@Test
	void aPeerIsKnownHoweverItsAddressIsWritten() {
		Headers headers = Headers.of("X-Forwarded-For", "192.0.2.1");
		assertThat(address(this.resolver.resolve(peer("::ffff:10.0.0.1"), headers, false))).isEqualTo("192.0.2.1");
		assertThat(address(this.resolver.resolve(peer("2001:db8:1::5"), headers, false))).isEqualTo("192.0.2.1");
		assertThat(address(this.resolver.resolve(peer("2001:db8:2::5"), headers, false))).isEqualTo("2001:db8:2::5");
		assertThat(address(resolver("", "fe80::/10").resolve(peer("fe80::1%1"), headers, false)))
			.isEqualTo("192.0.2.1");
		assertThat(address(this.resolver.resolve(peer("fe80::1%1"), headers, false))).isEqualTo("fe80::1");
	}

	@Test
	void ofAnEndlessChainOnlyTheEndIsLookedAt() {
		String trusted = ", 10.9.9.9".repeat(1000);
		assertThat(address(this.resolver.resolve(PROXY, Headers.of("X-Forwarded-For", "6.6.6.6" + trusted), false)))
			.isEqualTo("10.9.9.9");
		assertThat(address(this.resolver.resolve(PROXY,
				Headers.of("X-Forwarded-For", "6.6.6.6, ".repeat(1000) + "192.0.2.1"), false)))
			.isEqualTo("192.0.2.1");
		assertThat(address(this.resolver.resolve(PROXY,
				Headers.of("Forwarded", "for=\"".repeat(3000) + ", for=192.0.2.1"), false)))
			.isEqualTo("192.0.2.1");
	}

	@ParameterizedTest
	@ValueSource(strings = { "X-Forwarded-For", "x_forwarded_for", "X-Forwarded_For", "Forwarded", "X-Real-IP",
			"X_Real_IP", "X-Forwarded-Client-Cert", "X_FORWARDED_ANYTHING" })
	void everyFormOfAForwardedHeaderIsMadeAnew(String name) {
		assertThat(ForwardedNames.contains(name)).isTrue();
	}

	@Test
	void theConfiguredHeaderPassesOnlyAsTheProxyWroteIt() {
		ClientAddressResolver cdn = resolver("CF-Connecting-IP", "10.0.0.0/8");
		assertThat(cdn.isForged("cf-connecting-ip", true)).isFalse();
		assertThat(cdn.isForged("CF_Connecting-IP", true)).isTrue();
		assertThat(cdn.isForged("CF-Connecting-IP", false)).isTrue();
		assertThat(cdn.isForged("CF_Connecting_IP", false)).isTrue();
		assertThat(cdn.isForged("X-Connecting-IP", false)).isFalse();
		assertThat(this.resolver.isForged("CF-Connecting-IP", false)).isFalse();
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', value = { "https;true", "HTTPS;true", "http;false", "http, https;true",
			"https, http;false", "https|http;false", "http|https;true", "'';false", "wss;false" })
	void theNearestTrustedProxyTellsWhetherTheClientSpokeTls(String schemes, boolean tls) {
		Headers headers = Headers.empty();
		for (String scheme : schemes.split("\\|")) {
			headers = headers.with("X-Forwarded-Proto", scheme);
		}
		assertThat(this.resolver.resolve(PROXY, headers, false).tls()).isEqualTo(tls);
		assertThat(this.resolver.resolve(PROXY, headers, true).tls()).isEqualTo(tls);
		assertThat(this.resolver.resolve(PROXY, Headers.empty(), true).tls()).isTrue();
		assertThat(this.resolver.resolve(STRANGER, headers, false).tls()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "10.0.0.0/33", "10.0.0", "::/129", "localhost", "10.0.0.0/x", "" })
	void aRangeThatIsNoneStopsTheStartAndNamesTheKey(String range) {
		assertThatIllegalArgumentException().isThrownBy(() -> resolver("", range))
			.withMessageContaining("hkp.client-address.trusted-proxies");
	}

	private static Headers rebuilt(ClientAddressResolver resolver, Headers received, ClientAddress client) {
		HttpHeaders from = new DefaultHttpHeaders();
		NettyHeaders.add(received, from);
		HttpHeaders to = new DefaultHttpHeaders();
		ForwardedHeaders.add(from, client, resolver.believesForwardedFor(from), to);
		return NettyHeaders.copy(to);
	}

	private static ClientAddressResolver resolver(String header, String... trusted) {
		return new ClientAddressResolver(new ClientAddressSettings(List.of(trusted), header,
				ClientAddressSettings.ProxyProtocol.OFF, ClientAddressSettings.Log.FULL));
	}

	private static InetSocketAddress peer(String address) {
		return new InetSocketAddress(address, 50000);
	}

	private static String address(ClientAddress client) {
		return NetUtil.toAddressString(client.client().getAddress());
	}

}
