package org.hkpgateway.state;

import java.time.Duration;

import io.lettuce.core.RedisURI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link RedisAddress}.
 */
class RedisAddressTests {

	@ParameterizedTest
	@CsvSource({ "redis://redis.example, redis.example, 6379, 0, false",
			"redis://:s%40cret@redis.example:7000/3, redis.example, 7000, 3, false",
			"rediss://me:s%40cret@10.0.0.1/, 10.0.0.1, 6379, 0, true",
			"rediss://10.0.0.1?verifyPeer=none, 10.0.0.1, 6379, 0, true" })
	void urlsAreRead(String url, String host, int port, int database, boolean tls) {
		RedisURI uri = RedisAddress.parse("key", url).uri(Duration.ofSeconds(2));
		assertThat(uri.getHost()).isEqualTo(host);
		assertThat(uri.getPort()).isEqualTo(port);
		assertThat(uri.getDatabase()).isEqualTo(database);
		assertThat(uri.isSsl()).isEqualTo(tls);
		assertThat(uri.isVerifyPeer()).isEqualTo(!url.endsWith("none"));
		assertThat(uri.getTimeout()).isEqualTo(Duration.ofSeconds(2));
		if (url.contains("@")) {
			assertThat(uri.getCredentialsProvider().resolveCredentials().block().getPassword())
				.isEqualTo("s@cret".toCharArray());
		}
	}

	@Test
	void thePasswordIsNotShown() {
		assertThat(RedisAddress.parse("key", "redis://me:secret@redis.example:7000/3"))
			.hasToString("redis://***@redis.example:7000/3");
		assertThat(RedisAddress.parse("key", "rediss://redis.example?verifyPeer=CA"))
			.hasToString("rediss://redis.example");
	}

	@ParameterizedTest
	@ValueSource(strings = { "redis.example:6379", "http://redis.example", "redis://", "redis://h:0", "redis://h:99999",
			"redis://h/one", "redis://h/1/2", "redis://h#x", "redis://h?timeout=5s", "redis://h?verifyPeer=none",
			"rediss://h?verifyPeer=maybe", "redis-sentinel://h#m", " " })
	void whatIsSomethingElseIsRefusedWithItsKey(String url) {
		assertThatIllegalArgumentException().isThrownBy(() -> RedisAddress.parse("the.key", url))
			.withMessageStartingWith(
					"the.key: expected: redis://[[user]:password@]host[:port][/database], or rediss://")
			.withMessageContaining(", got: ");
	}

	@ParameterizedTest
	@ValueSource(strings = { "redis://:se/cret@h", "redis://:se@cret@h x", "redis:secret@h", "secret@h",
			"http://me:secret@h", "redis://:se cret@h", "redis://:s?ecret@h", "redis://h?password=secret" })
	void norIsThePasswordOfWhatIsRefused(String url) {
		assertThatIllegalArgumentException().isThrownBy(() -> RedisAddress.parse("the.key", url))
			.satisfies((ex) -> assertThat(ex).hasNoCause())
			.satisfies((ex) -> assertThat(ex.getMessage().substring(ex.getMessage().indexOf("got: ")))
				.doesNotContain("se", "cret"));
	}

}
