package org.hkpgateway.proxy;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.util.Collections;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;

/**
 * Whether the private key of a bundle belongs to its certificate. Java asks only in the
 * handshake, which then fails; and while a new key and a new certificate are written, one
 * after the other, they do not fit for a moment.
 */
final class KeyCheck {

	private static final byte[] SAMPLE = new byte[32];

	private KeyCheck() {
	}

	/**
	 * Checks a bundle.
	 * @param bundle for a server
	 * @throws GeneralSecurityException if it has no private key, or one that belongs to
	 * another certificate
	 */
	static void check(SslBundle bundle) throws GeneralSecurityException {
		KeyStore store = bundle.getStores().getKeyStore();
		if (store == null) {
			throw new GeneralSecurityException("it has no key store");
		}
		int keys = 0;
		for (String alias : Collections.list(store.aliases())) {
			Key key = key(bundle, store, alias);
			if (key instanceof PrivateKey privateKey) {
				keys++;
				if (!belongs(privateKey, store.getCertificate(alias).getPublicKey())) {
					throw new GeneralSecurityException("its private key does not belong to its certificate");
				}
			}
		}
		if (keys == 0) {
			throw new GeneralSecurityException("it has no private key");
		}
	}

	private static @Nullable Key key(SslBundle bundle, KeyStore store, String alias) throws GeneralSecurityException {
		String keyPassword = bundle.getKey().getPassword();
		String password = (keyPassword != null) ? keyPassword : bundle.getStores().getKeyStorePassword();
		try {
			return store.getKey(alias, (password != null) ? password.toCharArray() : new char[0]);
		}
		catch (UnrecoverableKeyException ex) {
			throw new GeneralSecurityException("its private key cannot be read with the configured password", ex);
		}
	}

	private static boolean belongs(PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
		String algorithm = switch (privateKey.getAlgorithm()) {
			case "RSA" -> "SHA256withRSA";
			case "EC" -> "SHA256withECDSA";
			default -> privateKey.getAlgorithm();
		};
		Signature signer = Signature.getInstance(algorithm);
		signer.initSign(privateKey);
		signer.update(SAMPLE);
		byte[] signature = signer.sign();
		if (!publicKey.getAlgorithm().equals(privateKey.getAlgorithm())) {
			return false;
		}
		signer.initVerify(publicKey);
		signer.update(SAMPLE);
		return signer.verify(signature);
	}

}
