package org.hkpgateway.sdk;

import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Credentials}, {@link GatewayCertificate} and {@link Secret}.
 */
class CredentialsTests {

	@Test
	void nothingSetIsPlaintext() throws LaunchException {
		assertThat(Credentials.parse(Map.of())).isEqualTo(Credentials.NONE);
	}

	@ParameterizedTest
	@ValueSource(strings = { "secp256r1", "secp521r1" })
	void aCertificate(String curve) throws Exception {
		GatewayIdentity gateway = GatewayIdentity.create(curve);
		assertThat(Credentials.parse(gateway.environment()).gateway()).isEqualTo(gateway.certificate());
		assertThat(GatewayCertificate.parse(gateway.pem().strip())).isEqualTo(gateway.certificate());
	}

	@ParameterizedTest
	@CsvSource({ "'',an empty value", "' ',an empty value",
			"-----BEGIN PRIVATE KEY-----,does not begin with -----BEGIN CERTIFICATE-----",
			"'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',cannot be read",
			"'-----BEGIN CERTIFICATE-----\nMIIB',cannot be read" })
	void aMalformedCertificateIsNeverPlaintext(String pem, String got) {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Credentials.parse(Map.of("PLUGIN_CLIENT_CERT", pem)))
			.withMessageStartingWith("expected: exactly one X.509 certificate in PEM in PLUGIN_CLIENT_CERT, got: ")
			.withMessageContaining(got);
	}

	@Test
	void twoCertificatesAreOneTooMany() throws GeneralSecurityException {
		String pem = GatewayIdentity.create("secp256r1").pem();
		assertThatExceptionOfType(LaunchException.class).isThrownBy(() -> GatewayCertificate.parse(pem + pem))
			.withMessageContaining("got: 2 certificates");
	}

	@Test
	void theKeyOfAProofIsTheTextAsItStands() throws LaunchException {
		// RFC 4231, test case 2.
		assertThat(HexFormat.of().formatHex(Secret.parse("Jefe").proof("what do ya want for nothing?".getBytes())))
			.isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	}

	@Test
	void onlyTheSecretItselfIsIn() throws LaunchException {
		String text = Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[32]);
		Secret secret = Secret.parse(text);
		assertThat(secret.isIn("Bearer " + text)).isTrue();
		assertThat(new String[] { null, "", text, "Bearer", "Bearer ", "Bearer " + text + "A", "Basic " + text,
				"Bearer " + text.substring(1) })
			.noneMatch(secret::isIn);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "hush hush", "h\u00fcsch", "a\n" })
	void aSecretThatNoHeaderCarriesIsRefusedAndNotQuoted(String text) {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Credentials.parse(Map.of("PLUGIN_AUTH_SECRET", text)))
			.withMessageStartingWith("expected: visible ASCII characters in PLUGIN_AUTH_SECRET, got: ")
			.satisfies((ex) -> assertThat(ex.getMessage()).doesNotContain("hush", "sch,"));
	}

}
