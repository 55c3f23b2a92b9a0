package org.hkpgateway.grpc;

import java.security.interfaces.ECPublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.hkpgateway.grpc.OneOffCertificate.Curve;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class OneOffCertificateTests {

	private static final Instant NOW = Instant.parse("2030-01-02T03:04:05Z");

	@ParameterizedTest
	@CsvSource({ "P256, 256, SHA256withECDSA", "P384, 384, SHA384withECDSA", "P521, 521, SHA512withECDSA" })
	void isWhatTheProtocolSays(Curve curve, int bits, String signature) throws Exception {
		X509Certificate certificate = OneOffCertificate.generate(curve, NOW).certificate();
		certificate.verify(certificate.getPublicKey());
		assertThat(((ECPublicKey) certificate.getPublicKey()).getParams().getOrder().bitLength()).isEqualTo(bits);
		assertThat(certificate.getSigAlgName()).isEqualTo(signature);
		assertThat(certificate.getSubjectX500Principal().getName()).contains("CN=localhost");
		assertThat(certificate.getIssuerX500Principal()).isEqualTo(certificate.getSubjectX500Principal());
		assertThat(certificate.getSubjectAlternativeNames()).containsExactly(List.of(2, "localhost"));
		assertThat(certificate.getBasicConstraints()).as("no CA").isEqualTo(-1);
		assertThat(certificate.getExtendedKeyUsage()).containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1",
				"1.3.6.1.5.5.7.3.2");
		assertThat(certificate.getNotBefore().toInstant()).isEqualTo(NOW.minusSeconds(30));
		assertThat(certificate.getNotAfter().toInstant()).isEqualTo(NOW.plus(Duration.ofDays(3650)));
		assertThat(certificate.getSerialNumber().signum()).isPositive();
	}

	@Test
	void pemHasLinesOf64Columns() throws Exception {
		OneOffCertificate made = OneOffCertificate.generate(Curve.P256, NOW);
		List<String> lines = made.pem().lines().toList();
		assertThat(lines.get(0)).isEqualTo("-----BEGIN CERTIFICATE-----");
		assertThat(lines.get(lines.size() - 1)).isEqualTo("-----END CERTIFICATE-----");
		List<String> body = lines.subList(1, lines.size() - 1);
		assertThat(body.subList(0, body.size() - 1)).allMatch((line) -> line.length() == 64);
		assertThat(body.get(body.size() - 1)).hasSizeBetween(1, 64);
		assertThat(TestTls.read(made.pem())).isEqualTo(made.certificate());
	}

	@Test
	void noTwoAreEqual() {
		OneOffCertificate one = OneOffCertificate.generate(Curve.P256, NOW);
		OneOffCertificate other = OneOffCertificate.generate(Curve.P256, NOW);
		assertThat(one.certificate().getPublicKey()).isNotEqualTo(other.certificate().getPublicKey());
		assertThat(one.certificate().getSerialNumber()).isNotEqualTo(other.certificate().getSerialNumber());
	}

	@Test
	void textDoesNotShowTheKey() {
		OneOffCertificate made = OneOffCertificate.generate(Curve.P256, NOW);
		assertThat(made).asString().startsWith("OneOffCertificate[").doesNotContain(made.key().toString());
	}

}
