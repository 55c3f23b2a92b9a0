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

import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
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

	/**
	 * Byte for byte: a lenient reader must not hide an encoding that a strict one
	 * refuses.
	 */
	@Test
	void bouncyCastleWritesTheSame() throws Exception {
		for (int i = 0; i < 20; i++) {
			byte[] encoded = OneOffCertificate.create(NOW).certificate().getEncoded();
			assertThat(ASN1Primitive.fromByteArray(encoded).getEncoded(ASN1Encoding.DER)).isEqualTo(encoded);
			X509CertificateHolder read = new X509CertificateHolder(encoded);
			assertThat(read.toASN1Structure().getEncoded(ASN1Encoding.DER)).isEqualTo(encoded);
			assertThat(read.getExtensions().getEncoded(ASN1Encoding.DER)).isEqualTo(new Extensions(new Extension[] {
					new Extension(Extension.basicConstraints, true, new BasicConstraints(true).getEncoded()),
					new Extension(Extension.keyUsage, true,
							new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyAgreement | KeyUsage.keyCertSign)
								.getEncoded()),
					new Extension(Extension.extendedKeyUsage, false,
							new ExtendedKeyUsage(
									new KeyPurposeId[] { KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth })
								.getEncoded()),
					new Extension(Extension.subjectAlternativeName, false,
							new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")).getEncoded()) })
				.getEncoded(ASN1Encoding.DER));
		}
	}

	@Test
	void lengthsAndNumbersOfEverySize() throws Exception {
		for (int length : new int[] { 0, 1, 127, 128, 255, 256, 65535 }) {
			byte[] content = new byte[length];
			assertThat(Der.octets(content)).isEqualTo(new DEROctetString(content).getEncoded(ASN1Encoding.DER));
		}
		assertThat(Der.identifier(1, 2, 840, 10045, 4, 3, 2))
			.isEqualTo(new ASN1ObjectIdentifier("1.2.840.10045.4.3.2").getEncoded(ASN1Encoding.DER));
		assertThat(Der.identifier(2, 5, 127, 128, 16384, 2097152))
			.isEqualTo(new ASN1ObjectIdentifier("2.5.127.128.16384.2097152").getEncoded(ASN1Encoding.DER));
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
