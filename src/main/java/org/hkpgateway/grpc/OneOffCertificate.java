package org.hkpgateway.grpc;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
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
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A key of one side of one connection and the self-signed certificate for it. The key
 * never leaves this process. Its text form shows nothing of it.
 */
final class OneOffCertificate {

	/** For clocks that disagree. */
	private static final Duration BEFORE = Duration.ofSeconds(30);

	/**
	 * A connection may have to be made again as long as the plugin's process lives, so
	 * the certificate outlives any process; what ends it is that the key is forgotten.
	 */
	private static final Duration AFTER = Duration.ofDays(3650);

	private static final SecureRandom RANDOM = new SecureRandom();

	private final PrivateKey key;

	private final X509Certificate certificate;

	private OneOffCertificate(PrivateKey key, X509Certificate certificate) {
		this.key = key;
		this.certificate = certificate;
	}

	/**
	 * Makes a key and its certificate. Takes a few milliseconds.
	 * @param curve the kind of key
	 * @param now when it is made
	 * @return new each time
	 * @throws IllegalStateException if this JVM cannot do elliptic curves
	 */
	static OneOffCertificate generate(Curve curve, Instant now) {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(new ECGenParameterSpec(curve.standardName), RANDOM);
			KeyPair pair = generator.generateKeyPair();
			X500Name name = new X500Name("CN=localhost,O=hkp-gateway");
			X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(name, new BigInteger(127, RANDOM),
					Date.from(now.minus(BEFORE)), Date.from(now.plus(AFTER)), name, pair.getPublic());
			addExtensions(builder);
			X509Certificate certificate = new JcaX509CertificateConverter()
				.getCertificate(builder.build(new JcaContentSignerBuilder(curve.signature).build(pair.getPrivate())));
			return new OneOffCertificate(pair.getPrivate(), certificate);
		}
		catch (GeneralSecurityException | OperatorCreationException | CertIOException ex) {
			throw new IllegalStateException("one-off certificate: expected: a JVM with " + curve.standardName + " and "
					+ curve.signature + ", got: " + ex.getMessage(), ex);
		}
	}

	private static void addExtensions(X509v3CertificateBuilder builder) throws CertIOException {
		// Not a CA: rustls refuses one that is shown as the certificate of an end.
		builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
		builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
		builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(
				new KeyPurposeId[] { KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_serverAuth }));
		builder.addExtension(Extension.subjectAlternativeName, false,
				new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")));
	}

	PrivateKey key() {
		return this.key;
	}

	X509Certificate certificate() {
		return this.certificate;
	}

	/**
	 * The certificate as text.
	 * @return PEM with lines of 64 columns and a newline at the end
	 */
	String pem() {
		try {
			Base64.Encoder encoder = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
			return "-----BEGIN CERTIFICATE-----\n" + encoder.encodeToString(this.certificate.getEncoded())
					+ "\n-----END CERTIFICATE-----\n";
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("a certificate made here has no encoding", ex);
		}
	}

	@Override
	public String toString() {
		return "OneOffCertificate[" + CertificateText.describe(this.certificate) + "]";
	}

	/** Elliptic curves that TLS 1.3 can sign with. */
	enum Curve {

		/** What every TLS library verifies. */
		P256("secp256r1", "SHA256withECDSA"),
		/** Not the gateway's own choice. */
		P384("secp384r1", "SHA384withECDSA"),
		/** What go-plugin makes; BoringSSL and some others refuse it. */
		P521("secp521r1", "SHA512withECDSA");

		private final String standardName;

		private final String signature;

		Curve(String standardName, String signature) {
			this.standardName = standardName;
			this.signature = signature;
		}

	}

}
