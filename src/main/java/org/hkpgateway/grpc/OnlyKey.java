package org.hkpgateway.grpc;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

import org.jspecify.annotations.Nullable;

/**
 * The one key of one side, shown to whoever asks. In place of a key store in memory: to
 * encrypt the key in it, and decrypt it at once, takes longer than all else that a
 * connection costs.
 */
final class OnlyKey extends X509ExtendedKeyManager {

	private static final String ALIAS = "only";

	private final OneOffCertificate own;

	OnlyKey(OneOffCertificate own) {
		this.own = own;
	}

	@Override
	public @Nullable String chooseEngineClientAlias(String[] keyTypes, Principal @Nullable [] issuers,
			SSLEngine engine) {
		return alias(keyTypes);
	}

	@Override
	public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
		return alias(keyTypes);
	}

	@Override
	public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
		return alias(keyType);
	}

	@Override
	public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
		return alias(keyType);
	}

	@Override
	public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
		return (alias(keyType) != null) ? new String[] { ALIAS } : null;
	}

	@Override
	public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
		return getClientAliases(keyType, issuers);
	}

	@Override
	public X509Certificate @Nullable [] getCertificateChain(String alias) {
		return ALIAS.equals(alias) ? new X509Certificate[] { this.own.certificate() } : null;
	}

	@Override
	public @Nullable PrivateKey getPrivateKey(String alias) {
		return ALIAS.equals(alias) ? this.own.key() : null;
	}

	/** "EC_EC" is what TLS 1.2 calls a key that is also signed by one of its kind. */
	private @Nullable String alias(String... keyTypes) {
		List<String> fit = List.of(this.own.key().getAlgorithm(), "EC_EC");
		return Stream.of(keyTypes).anyMatch(fit::contains) ? ALIAS : null;
	}

}
