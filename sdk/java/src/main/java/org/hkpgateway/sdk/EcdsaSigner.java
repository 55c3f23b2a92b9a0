package org.hkpgateway.sdk;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;

import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.RuntimeOperatorException;

/**
 * Signs one certificate with ECDSA and SHA-256 of the JDK. In place of Bouncy Castle's
 * JcaContentSignerBuilder, which first loads the tables of all algorithms there are: some
 * tens of milliseconds of a start for one signature.
 */
final class EcdsaSigner implements ContentSigner {

	private static final String ALGORITHM = "SHA256withECDSA";

	private final ByteArrayOutputStream content = new ByteArrayOutputStream();

	private final PrivateKey key;

	private final SecureRandom random;

	EcdsaSigner(PrivateKey key, SecureRandom random) {
		this.key = key;
		this.random = random;
	}

	@Override
	public AlgorithmIdentifier getAlgorithmIdentifier() {
		return new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
	}

	@Override
	public OutputStream getOutputStream() {
		return this.content;
	}

	@Override
	public byte[] getSignature() {
		try {
			Signature signature = Signature.getInstance(ALGORITHM);
			signature.initSign(this.key, this.random);
			signature.update(this.content.toByteArray());
			return signature.sign();
		}
		catch (GeneralSecurityException ex) {
			throw new RuntimeOperatorException("expected: to sign with " + ALGORITHM + ", got: " + ex.getMessage(), ex);
		}
	}

}
