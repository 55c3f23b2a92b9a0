package org.hkpgateway.config;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import io.github.bucket4j.TimeMeter;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.ReactiveAuthenticationManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;

/**
 * What a client of the management port may show: the token or the password that is
 * configured, or, if nothing is, the token that was made for this start.
 * <p>
 * Tokens are compared at once. Passwords may be hashed, which takes long on purpose: they
 * are checked one at a time on a thread of their own, few wait, and each address may try
 * few wrong ones. The last right one is recognized without that, so that who has shown it
 * once is never kept out by others.
 */
final class ManagementCredentials implements ReactiveAuthenticationManager, AutoCloseable {

	static final String OPERATOR = "ROLE_OPERATOR";

	private static final int MOST_WAITING = 16;

	private static final String HMAC = "HmacSHA256";

	private final String user;

	private final StoredPassword password;

	private final @Nullable ManagementToken made;

	private final byte[] token;

	private final FailedAttempts attempts = new FailedAttempts(TimeMeter.SYSTEM_MILLISECONDS);

	private final Scheduler checks = Schedulers.newBoundedElastic(1, MOST_WAITING, "management-password", 60, true);

	private final SecretKeySpec key;

	private volatile byte[] accepted = new byte[0];

	private ManagementCredentials(ManagementProperties properties, @Nullable ManagementToken made) {
		this.user = properties.user();
		this.password = new StoredPassword(properties.password());
		this.token = properties.token().getBytes(StandardCharsets.US_ASCII);
		this.made = made;
		byte[] random = new byte[32];
		new SecureRandom().nextBytes(random);
		this.key = new SecretKeySpec(random, HMAC);
	}

	/** Those that are configured. */
	static ManagementCredentials of(ManagementProperties properties) {
		return new ManagementCredentials(properties, null);
	}

	/** A token made for this start. */
	static ManagementCredentials of(ManagementToken made) {
		return new ManagementCredentials(new ManagementProperties("", "", "", List.of()), made);
	}

	/** Whether basic authentication can succeed. */
	boolean takesPasswords() {
		return !this.user.isEmpty();
	}

	/** Whether a bearer token can. */
	boolean takesTokens() {
		return this.made != null || this.token.length > 0;
	}

	/**
	 * Checks what a client shows.
	 * @param presented a {@link PresentedToken}, or a name and a password; the details
	 * are the client's address
	 * @return the operator, or an error
	 */
	@Override
	public Mono<Authentication> authenticate(Authentication presented) {
		String secret = String.valueOf(presented.getCredentials());
		if (presented instanceof PresentedToken) {
			String name = ofToken(secret);
			return name.isEmpty() ? Mono.error(new BadCredentialsException("wrong token")) : Mono.just(operator(name));
		}
		return (takesPasswords() && presented.getDetails() instanceof InetAddress peer)
				? ofPassword(presented.getName(), secret, peer)
				: Mono.error(new BadCredentialsException("no password is configured"));
	}

	private String ofToken(String presented) {
		if (this.made != null && this.made.matches(presented)) {
			return "token-file";
		}
		boolean right = MessageDigest.isEqual(this.token, presented.getBytes(StandardCharsets.UTF_8));
		return (right && this.token.length > 0) ? "token" : "";
	}

	private Mono<Authentication> ofPassword(String name, String presented, InetAddress peer) {
		byte[] digest = digest(name, presented);
		if (MessageDigest.isEqual(digest, this.accepted)) {
			return Mono.just(operator(name));
		}
		if (!this.attempts.begin(peer)) {
			return Mono.error(new TooManyAttemptsException());
		}
		return Mono.fromCallable(() -> {
			// The password is checked whatever the name is, so that nobody learns names.
			boolean sameUser = sameText(this.user, name);
			boolean right = this.password.matches(presented) && sameUser;
			if (!right) {
				throw new BadCredentialsException("wrong name or password");
			}
			this.attempts.succeeded(peer);
			this.accepted = digest;
			return operator(name);
		})
			.subscribeOn(this.checks)
			.onErrorMap(RejectedExecutionException.class, (ex) -> new TooManyAttemptsException());
	}

	private static boolean sameText(String one, String other) {
		return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
	}

	private byte[] digest(String name, String presented) {
		try {
			Mac mac = Mac.getInstance(HMAC);
			mac.init(this.key);
			mac.update(name.getBytes(StandardCharsets.UTF_8));
			mac.update((byte) 0);
			return mac.doFinal(presented.getBytes(StandardCharsets.UTF_8));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("expected: " + HMAC + " in every Java, got: " + ex, ex);
		}
	}

	private static Authentication operator(String name) {
		return UsernamePasswordAuthenticationToken.authenticated(name, null,
				AuthorityUtils.createAuthorityList(OPERATOR));
	}

	@Override
	public void close() throws IOException {
		this.checks.dispose();
		if (this.made != null) {
			this.made.close();
		}
	}

}
