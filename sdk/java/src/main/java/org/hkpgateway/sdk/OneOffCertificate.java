package org.hkpgateway.sdk;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

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

	private static final int VERSION = 0xa0;

	private static final int EXTENSIONS = 0xa3;

	private static final int DNS_NAME = 0x82;

	/** Key usage bits digitalSignature, keyAgreement and keyCertSign, from the left. */
	private static final byte SIGN_AGREE_AND_CERTIFY = (byte) 0b1000_1100;

	private static final byte[] ECDSA_WITH_SHA256 = Der.sequence(Der.identifier(1, 2, 840, 10045, 4, 3, 2));

	private static final byte[] COMMON_NAME = Der.identifier(2, 5, 4, 3);

	private static final byte[] SERVER_AUTHENTICATION = Der.identifier(1, 3, 6, 1, 5, 5, 7, 3, 1);

	private static final byte[] CLIENT_AUTHENTICATION = Der.identifier(1, 3, 6, 1, 5, 5, 7, 3, 2);

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
		byte[] content = content(pair, now, new BigInteger(SERIAL_BITS, random).setBit(0));
		Signature signature = Signature.getInstance("SHA256withECDSA");
		signature.initSign(pair.getPrivate(), random);
		signature.update(content);
		byte[] der = Der.sequence(content, ECDSA_WITH_SHA256, Der.bits(0, signature.sign()));
		return new OneOffCertificate(pair.getPrivate(), (X509Certificate) CertificateFactory.getInstance("X.509")
			.generateCertificate(new ByteArrayInputStream(der)));
	}

	/** What is signed: the TBSCertificate of RFC 5280 section 4.1. */
	private static byte[] content(KeyPair pair, Instant now, BigInteger serial) {
		byte[] localhost = Der.sequence(Der.set(Der.sequence(COMMON_NAME, Der.text("localhost"))));
		return Der.sequence(Der.tagged(VERSION, Der.integer(BigInteger.TWO)), Der.integer(serial), ECDSA_WITH_SHA256,
				localhost, Der.sequence(Der.time(now.minus(BACK)), Der.time(now.plus(LIFE))), localhost,
				pair.getPublic().getEncoded(), Der.tagged(EXTENSIONS, extensions()));
	}

	private static byte[] extensions() {
		byte[] dnsName = Der.tagged(DNS_NAME, "localhost".getBytes(StandardCharsets.US_ASCII));
		return Der.sequence(extension(19, true, Der.sequence(Der.yes())),
				extension(15, true, Der.bits(2, new byte[] { SIGN_AGREE_AND_CERTIFY })),
				extension(37, false, Der.sequence(SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION)),
				extension(17, false, Der.sequence(dnsName)));
	}

	private static byte[] extension(int number, boolean critical, byte[] value) {
		byte[] identifier = Der.identifier(2, 5, 29, number);
		return critical ? Der.sequence(identifier, Der.yes(), Der.octets(value))
				: Der.sequence(identifier, Der.octets(value));
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
