package org.hkpgateway.sdk;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

import org.jspecify.annotations.Nullable;

/**
 * The one key of a TLS server. In place of a key store in memory, whose encryption of the
 * key would be much of the time that setting up TLS takes.
 */
final class OneKey extends X509ExtendedKeyManager {

	private static final String ALIAS = "plugin";

	private final OneOffCertificate own;

	OneKey(OneOffCertificate own) {
		this.own = own;
	}

	@Override
	public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
		return fits(keyType) ? new String[] { ALIAS } : null;
	}

	@Override
	public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
		return fits(keyType) ? ALIAS : null;
	}

	@Override
	public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
		return fits(keyType) ? ALIAS : null;
	}

	@Override
	public X509Certificate @Nullable [] getCertificateChain(String alias) {
		return ALIAS.equals(alias) ? new X509Certificate[] { this.own.certificate() } : null;
	}

	@Override
	public @Nullable PrivateKey getPrivateKey(String alias) {
		return ALIAS.equals(alias) ? this.own.key() : null;
	}

	@Override
	public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
		return null;
	}

	@Override
	public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
		return null;
	}

	private boolean fits(String keyType) {
		// "EC_EC" is what TLS 1.2 calls a key that is also signed by one of its kind.
		return List.of(this.own.key().getAlgorithm(), "EC_EC").contains(keyType);
	}

}
