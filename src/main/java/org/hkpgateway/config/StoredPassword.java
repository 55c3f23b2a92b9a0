package org.hkpgateway.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.DelegatingPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.crypto.password.Pbkdf2PasswordEncoder;
import org.springframework.security.crypto.scrypt.SCryptPasswordEncoder;

/**
 * A password as it stands in the configuration: hashed, which is said by {@code {bcrypt}}
 * and the like in front of it, or plain.
 */
final class StoredPassword {

	private static final String BCRYPT = "bcrypt";

	private static final int SHORTEST = 12;

	private static final DelegatingPasswordEncoder encoder = encoder();

	/** A cost beyond 14 takes seconds for each attempt. */
	private static final Pattern BCRYPT_SYNTAX = Pattern
		.compile("\\{bcrypt}\\$2[aby]?\\$(?:0[4-9]|1[0-4])\\$[./0-9A-Za-z]{53}");

	private final String stored;

	StoredPassword(String stored) {
		this.stored = stored;
	}

	/**
	 * Checks what is configured.
	 * @param key its key
	 * @param stored never shown
	 * @throws IllegalArgumentException if no password could ever match it, or any could
	 * be found
	 */
	static void check(String key, String stored) {
		if (!stored.startsWith("{")) {
			SettingCheck.that(stored.length() >= SHORTEST, key,
					"at least " + SHORTEST + " characters, or a hash as {bcrypt}$2…", stored.length() + " characters");
			return;
		}
		String id = stored.substring(1, Math.max(1, stored.indexOf('}')));
		if (id.equals(BCRYPT)) {
			SettingCheck.that(BCRYPT_SYNTAX.matcher(stored).matches(), key,
					"{bcrypt} and a bcrypt hash of 60 characters with a cost of 4 to 14; a shell replaces what "
							+ "follows a $ unless it is in single quotes",
					"{bcrypt} and something else");
			return;
		}
		SettingCheck.that(encoders().containsKey(id), key, "in plain, not beginning with {, or as a hash with one of "
				+ encoders().keySet() + " in braces before it", "{" + id + "}");
	}

	/**
	 * Compares. Takes its time, as hashes are meant to.
	 * @param presented by a client
	 * @return whether it is the one
	 */
	boolean matches(String presented) {
		try {
			return encoder.matches(presented, this.stored);
		}
		catch (IllegalArgumentException ex) {
			// Too long for its kind of hash.
			return false;
		}
	}

	private static Map<String, PasswordEncoder> encoders() {
		return Map.of(BCRYPT, new BCryptPasswordEncoder(), "argon2@SpringSecurity_v5_8",
				Argon2PasswordEncoder.defaultsForSpringSecurity_v5_8(), "scrypt@SpringSecurity_v5_8",
				SCryptPasswordEncoder.defaultsForSpringSecurity_v5_8(), "pbkdf2@SpringSecurity_v5_8",
				Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_8());
	}

	private static DelegatingPasswordEncoder encoder() {
		DelegatingPasswordEncoder made = new DelegatingPasswordEncoder(BCRYPT, encoders());
		made.setDefaultPasswordEncoderForMatches(new Plain());
		return made;
	}

	/** Takes the same time for each wrong one. */
	private static final class Plain implements PasswordEncoder {

		@Override
		public String encode(@Nullable CharSequence raw) {
			throw new UnsupportedOperationException("nothing is stored in plain by the gateway");
		}

		@Override
		public boolean matches(@Nullable CharSequence raw, @Nullable String stored) {
			return MessageDigest.isEqual(String.valueOf(raw).getBytes(StandardCharsets.UTF_8),
					String.valueOf(stored).getBytes(StandardCharsets.UTF_8));
		}

	}

}
