package org.hkpgateway.sdk;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/**
 * A self-signed certificate for {@code localhost} that lives as long as the process, with
 * its key. The key never leaves the process.
 *
 * <p>
 * The curve is P-256: every TLS implementation accepts it, while some, BoringSSL and so
 * Netty's OpenSSL provider among them, cannot verify P-521; and in a cold JVM such a key
 * and its first signature take less than half the time, which counts while a gateway
 * waits for the handshake. For a key that lives as long as a process its strength is
 * ample.
 *
 * @param key the private key
 * @param certificate the certificate
 */
record OneOffCertificate(PrivateKey key, X509Certificate certificate) {

	/**
	 * Clocks of two processes of one machine agree; this is for one set back a little.
	 */
	private static final Duration BACK = Duration.ofSeconds(30);

	/** Longer than any process runs; the pin, not the date, is what ends its use. */
	private static final Duration LIFE = Duration.ofDays(30 * 365);

	private static final int SERIAL_BITS = 127;

	/**
	 * Makes a key and a certificate. Takes more than a tenth of a second in a cold JVM,
	 * most of it for loading classes, and does not wait for entropy.
	 * @param now the present
	 * @return the certificate
	 * @throws GeneralSecurityException if this Java lacks elliptic curves
	 */
	static OneOffCertificate create(Instant now) throws GeneralSecurityException {
		// Not getInstanceStrong, which may block.
		SecureRandom random = new SecureRandom();
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
		generator.initialize(new ECGenParameterSpec("secp256r1"), random);
		KeyPair pair = generator.generateKeyPair();
		X500Name localhost = new X500Name("CN=localhost");
		try {
			byte[] der = new X509v3CertificateBuilder(localhost, new BigInteger(SERIAL_BITS, random).setBit(0),
					Date.from(now.minus(BACK)), Date.from(now.plus(LIFE)), localhost,
					SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()))
				.addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
				.addExtension(Extension.keyUsage, true,
						new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyAgreement | KeyUsage.keyCertSign))
				.addExtension(Extension.extendedKeyUsage, false,
						new ExtendedKeyUsage(
								new KeyPurposeId[] { KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth }))
				.addExtension(Extension.subjectAlternativeName, false,
						new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
				.build(new EcdsaSigner(pair.getPrivate(), random))
				.getEncoded();
			return new OneOffCertificate(pair.getPrivate(), (X509Certificate) CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(der)));
		}
		catch (IOException ex) {
			throw new GeneralSecurityException("expected: to encode a certificate, got: " + ex.getMessage(), ex);
		}
	}

	/**
	 * The certificate as the handshake carries it.
	 * @return DER in standard base64 without padding
	 */
	String forHandshake() {
		try {
			return Base64.getEncoder().withoutPadding().encodeToString(this.certificate.getEncoded());
		}
		catch (CertificateEncodingException ex) {
			throw new IllegalStateException("a certificate that was parsed from DER has no DER", ex);
		}
	}

	/**
	 * Keeps the key out of logs.
	 */
	@Override
	public String toString() {
		return "OneOffCertificate[" + this.certificate.getSubjectX500Principal() + "]";
	}

}
