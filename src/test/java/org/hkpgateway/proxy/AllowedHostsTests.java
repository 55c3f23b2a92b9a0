package org.hkpgateway.proxy;

import java.util.List;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link AllowedHosts}.
 */
class AllowedHostsTests {

	private final AllowedHosts hosts = new AllowedHosts(List.of("Keys.example.org", "*.pool.example", "192.0.2.1",
			"[2001:db8::1]", "2001:DB8:0:0::2", "local_host"));

	@ParameterizedTest
	@ValueSource(strings = { "keys.example.org", "KEYS.EXAMPLE.ORG", "keys.example.org:11371", "keys.example.org.",
			"keys.example.org.:443", "keys.example.org:", "a.pool.example", "A.B.Pool.Example:80", "192.0.2.1",
			"192.0.2.1:11371", "[2001:db8::1]", "[2001:0DB8:0::0:1]:11371", "[2001:db8::2]", "local_host" })
	void servesItsNamesHoweverTheyAreWritten(String host) {
		assertThat(this.hosts.serves(host, null)).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "example.org", "xkeys.example.org", "keys.example.org.evil.example", "pool.example", ".pool.example",
			"evilpool.example", "a.pool.example.evil.example", "192.0.2.2", "[2001:db8::3]", "[::ffff:192.0.2.2]",
			"keys%2eexample.org", "keys.example.org..", "127.0.0.1", "''" })
	void servesNoOther(String host) {
		assertThat(this.hosts.serves(host, null)).isFalse();
	}

	@Test
	void aRequestWithoutHostNamesNoHost() {
		assertThat(this.hosts.serves(null, HkpRequest.of(Operation.LOOKUP_GET))).isFalse();
		assertThat(this.hosts.serves(null, null)).isFalse();
	}

	@ParameterizedTest
	@EnumSource
	void onlyHashqueryAndHealthAreExempt(Operation operation) {
		boolean exempt = operation == Operation.HASHQUERY || operation == Operation.HEALTH;
		for (@Nullable
		String host : new String[] { null, "evil.example" }) {
			assertThat(this.hosts.serves(host, HkpRequest.of(operation))).isEqualTo(exempt);
		}
	}

	@Test
	void withoutNamesEveryHostIsServed() {
		AllowedHosts any = new AllowedHosts(List.of());
		assertThat(any.serves("evil.example", null)).isTrue();
		assertThat(any.serves(null, null)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "keys.example.org:11371", "https://keys.example.org", "keys.example.org/pks", "*",
			"*.", "keys.*.org", "*keys.example", "-keys.example", "keys-.example", "keys..example", "192.0.2",
			"192.0.2.256", "[2001:db8::1", "2001:db8::g", "fe80::1%eth0", "[2001:db8::1]:80", "schl\u00fcssel.example",
			"a b", "*.192.0.2.1" })
	void whatIsNoNameStopsTheStartAndNamesTheKey(String entry) {
		assertThatIllegalArgumentException().isThrownBy(() -> new AllowedHosts(List.of("keys.example.org", entry)))
			.withMessageStartingWith("hkp.edge.allowed-hosts: expected: host names without a port")
			.withMessageEndingWith("got: " + entry);
	}

	@Test
	void aNameHasAtMost253Characters() {
		String longest = "a.".repeat(126) + "a";
		assertThat(new AllowedHosts(List.of(longest)).serves(longest, null)).isTrue();
		assertThatIllegalArgumentException().isThrownBy(() -> new AllowedHosts(List.of("a" + longest)));
	}

}
