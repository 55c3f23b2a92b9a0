package org.hkpgateway.sdk;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A gateway's key and certificate for AutoMTLS.
 *
 * @param key the private key
 * @param certificate the certificate
 */
record GatewayIdentity(PrivateKey key, X509Certificate certificate) {

	/**
	 * Makes one that signs itself.
	 * @param curve {@code secp256r1} or {@code secp521r1}
	 * @return a new identity
	 */
	static GatewayIdentity create(String curve) throws GeneralSecurityException {
		KeyPair pair = keys(curve);
		return signed(pair, pair.getPrivate());
	}

	/**
	 * Makes another one that this one has signed.
	 * @return a new identity with the same name
	 */
	GatewayIdentity issue() throws GeneralSecurityException {
		return signed(keys("secp256r1"), this.key);
	}

	String pem() throws GeneralSecurityException {
		return "-----BEGIN CERTIFICATE-----\n"
				+ Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(this.certificate.getEncoded())
				+ "\n-----END CERTIFICATE-----\n";
	}

	Map<String, String> environment() throws GeneralSecurityException {
		return Map.of("PLUGIN_CLIENT_CERT", pem());
	}

	private static KeyPair keys(String curve) throws GeneralSecurityException {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
		generator.initialize(new ECGenParameterSpec(curve));
		return generator.generateKeyPair();
	}

	private static GatewayIdentity signed(KeyPair pair, PrivateKey signer) throws GeneralSecurityException {
		X500Name name = new X500Name("CN=localhost");
		Instant now = Instant.now();
		try {
			return new GatewayIdentity(pair.getPrivate(),
					new JcaX509CertificateConverter()
						.getCertificate(new X509v3CertificateBuilder(name, BigInteger.valueOf(System.nanoTime()),
								Date.from(now.minusSeconds(30)), Date.from(now.plusSeconds(3600)), name,
								SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()))
							.addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
							.build(new JcaContentSignerBuilder("SHA512withECDSA").build(signer))));
		}
		catch (OperatorCreationException | IOException ex) {
			throw new GeneralSecurityException(ex);
		}
	}

}
