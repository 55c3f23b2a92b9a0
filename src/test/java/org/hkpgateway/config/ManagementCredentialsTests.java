package org.hkpgateway.config;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link ManagementCredentials} and what they are made of.
 */
@Timeout(60)
class ManagementCredentialsTests {

	private static final String TOKEN = "0123456789abcdef0123456789abcdef";

	private static final String HASH = new BCryptPasswordEncoder(4).encode("right");

	@Test
	void theTokenIsTaken() throws Exception {
		try (ManagementCredentials credentials = of(TOKEN, "", "")) {
			assertThat(credentials.authenticate(new PresentedToken(TOKEN)).block()).satisfies((operator) -> {
				assertThat(operator.getName()).isEqualTo("token");
				assertThat(operator.isAuthenticated()).isTrue();
				assertThat(operator.getCredentials()).isNull();
			});
			for (String wrong : List.of("", "wrong", TOKEN + "0", TOKEN.substring(1))) {
				assertWrong(credentials, new PresentedToken(wrong));
			}
			assertWrong(credentials, password("token", TOKEN, "192.0.2.1"));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "a plain password", "{bcrypt}" })
	void thePasswordIsTaken(String kind) throws Exception {
		boolean plain = !kind.startsWith("{");
		String right = plain ? kind : "right";
		try (ManagementCredentials credentials = of("", "op", plain ? kind : kind + HASH)) {
			assertThat(credentials.authenticate(password("op", right, "192.0.2.1")).block().getName()).isEqualTo("op");
			assertWrong(credentials, password("op", "wrong", "192.0.2.1"));
			assertWrong(credentials, password("other", right, "192.0.2.1"));
			assertWrong(credentials, password("op", "x".repeat(200), "192.0.2.1"));
			assertWrong(credentials, new PresentedToken(""));
			assertWrong(credentials, new PresentedToken(right));
		}
	}

	@Test
	void anAddressMayTryFewWrongPasswords() throws Exception {
		try (ManagementCredentials credentials = of("", "op", "{bcrypt}" + HASH)) {
			for (int i = 0; i < FailedAttempts.MOST; i++) {
				assertWrong(credentials, password("op", "wrong", "2001:db8::" + i));
			}
			Authentication right = password("op", "right", "2001:db8::ff");
			assertThatExceptionOfType(TooManyAttemptsException.class)
				.isThrownBy(() -> credentials.authenticate(right).block());
			assertThat(credentials.authenticate(password("op", "right", "2001:db8:0:1::1")).block()).isNotNull();
			assertThat(credentials.authenticate(right).block()).as("was right once").isNotNull();
			assertThatExceptionOfType(TooManyAttemptsException.class)
				.isThrownBy(() -> credentials.authenticate(password("op", "wrong", "2001:db8::1")).block());
		}
	}

	@Test
	void rightPasswordsCountForNothing() throws Exception {
		FailedAttempts attempts = new FailedAttempts(io.github.bucket4j.TimeMeter.SYSTEM_MILLISECONDS);
		InetAddress peer = InetAddress.getByName("192.0.2.1");
		for (int i = 0; i < 5 * FailedAttempts.MOST; i++) {
			assertThat(attempts.begin(peer)).isTrue();
			attempts.succeeded(peer);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "short|||hkp.management.token: expected: 32 to 1024",
			"with blanks 0123456789abcdef0123456789|||hkp.management.token: expected: 32 to 1024",
			"|op||hkp.management.password: expected: the password of hkp.management.user",
			"||a plain password|hkp.management.user: expected: the name that goes with",
			"|o:p|a plain password|hkp.management.user: expected: a name of at most 128 characters without a colon",
			"|op|short|hkp.management.password: expected: at least 12 characters",
			"|op|{bcrypt}0/abc|hkp.management.password: expected: {bcrypt} and a bcrypt hash",
			"|op|{md5}0123456789abcdef|hkp.management.password: expected: in plain, not beginning with {",
			"|op|{|hkp.management.password: expected: in plain, not beginning with {" })
	void whatCannotBeIsRefused(String token, String user, String password, String message) {
		String secret = (password != null) ? password : "";
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new ManagementProperties((token != null) ? token : "", (user != null) ? user : "", secret,
					List.of()))
			.withMessageStartingWith(message)
			.satisfies((ex) -> assertThat(ex.getMessage().replaceFirst(".*got: ", ""))
				.doesNotContain("0123456789abcdef", "short", "0/abc"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "http://gateway.example", "gateway.example:11381", "*.example", "" })
	void aHostIsAName(String host) {
		assertThatIllegalArgumentException().isThrownBy(() -> new ManagementProperties("", "", "", List.of(host)))
			.withMessageStartingWith("hkp.management.allowed-hosts: expected: host names without a port");
	}

	@Test
	void strongerHashesAreTakenToo() {
		for (String id : List.of("argon2", "scrypt", "pbkdf2")) {
			assertThatNoException()
				.isThrownBy(() -> new ManagementProperties("", "op", "{" + id + "@SpringSecurity_v5_8}x", List.of()));
		}
	}

	@Test
	void secretsAreNotShown() {
		assertThat(new ManagementProperties(TOKEN, "op", "a plain password", List.of())).asString()
			.contains("op")
			.doesNotContain(TOKEN, "plain");
	}

	private static void assertWrong(ManagementCredentials credentials, Authentication presented) {
		assertThatExceptionOfType(BadCredentialsException.class)
			.isThrownBy(() -> credentials.authenticate(presented).block(Duration.ofSeconds(30)));
	}

	private static Authentication password(String user, String password, String peer) throws Exception {
		UsernamePasswordAuthenticationToken token = UsernamePasswordAuthenticationToken.unauthenticated(user, password);
		token.setDetails(InetAddress.getByName(peer));
		return token;
	}

	private static ManagementCredentials of(String token, String user, String password) {
		return ManagementCredentials.of(new ManagementProperties(token, user, password, List.of()));
	}

}
