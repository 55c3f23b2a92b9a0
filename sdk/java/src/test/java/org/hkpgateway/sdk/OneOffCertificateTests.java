package org.hkpgateway.sdk;

import java.io.ByteArrayInputStream;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OneOffCertificate}.
 */
class OneOffCertificateTests {

	private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

	@Test
	void whatItSays() throws Exception {
		X509Certificate certificate = OneOffCertificate.create(NOW).certificate();
		certificate.verify(certificate.getPublicKey());
		assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=localhost");
		assertThat(certificate.getIssuerX500Principal()).isEqualTo(certificate.getSubjectX500Principal());
		assertThat(certificate.getSubjectAlternativeNames()).containsExactly(List.of(2, "localhost"));
		assertThat(certificate.getBasicConstraints()).isEqualTo(Integer.MAX_VALUE);
		assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
		// digitalSignature, keyAgreement, keyCertSign
		assertThat(certificate.getKeyUsage()).containsExactly(true, false, false, false, true, true, false, false,
				false);
		assertThat(certificate.getNotBefore()).isEqualTo(Date.from(NOW.minusSeconds(30)));
		assertThat(certificate.getNotAfter()).isAfter(Date.from(NOW.plusSeconds(20L * 365 * 24 * 3600)));
		assertThat(((ECPublicKey) certificate.getPublicKey()).getParams().getOrder().bitLength()).isEqualTo(256);
	}

	@Test
	void eachIsAnother() throws Exception {
		X509Certificate first = OneOffCertificate.create(NOW).certificate();
		X509Certificate second = OneOffCertificate.create(NOW).certificate();
		assertThat(first.getSerialNumber()).isPositive().isNotEqualTo(second.getSerialNumber());
		assertThat(first.getPublicKey()).isNotEqualTo(second.getPublicKey());
	}

	@Test
	void theHandshakeCarriesItWithoutPadding() throws Exception {
		OneOffCertificate own = OneOffCertificate.create(NOW);
		assertThat(own.forHandshake()).matches("[A-Za-z0-9+/]{51,}");
		assertThat(CertificateFactory.getInstance("X.509")
			.generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(own.forHandshake()))))
			.isEqualTo(own.certificate());
	}

	@Test
	void itRegistersNoProviderAndHidesItsKey() throws Exception {
		OneOffCertificate own = OneOffCertificate.create(NOW);
		assertThat(Security.getProvider("BC")).isNull();
		assertThat(own).hasToString("OneOffCertificate[CN=localhost]");
	}

}
