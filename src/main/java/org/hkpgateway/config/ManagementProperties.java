package org.hkpgateway.config;

import java.util.List;
import java.util.regex.Pattern;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code hkp.management}: who may use the management port, and under which names.
 *
 * @param token a bearer token; empty for none
 * @param user a name for basic authentication; empty for none
 * @param password that user's, in plain or as {@code {bcrypt}…}
 * @param allowedHosts names that the Host header may have, beside localhost and addresses
 */
public record ManagementProperties(@DefaultValue("") String token, @DefaultValue("") String user,
		@DefaultValue("") String password, @DefaultValue List<String> allowedHosts) {

	static final String TOKEN = "hkp.management.token";

	static final String USER = "hkp.management.user";

	static final String PASSWORD = "hkp.management.password";

	static final String ALLOWED_HOSTS = "hkp.management.allowed-hosts";

	private static final Pattern TOKEN_SYNTAX = Pattern.compile("[!-~]{32,1024}");

	/** A colon would end it. */
	private static final Pattern USER_SYNTAX = Pattern.compile("[^:\\p{Cntrl}]{1,128}");

	private static final Pattern HOST_SYNTAX = Pattern.compile("[A-Za-z0-9_.-]{1,253}");

	public ManagementProperties {
		allowedHosts = List.copyOf(allowedHosts);
		// Secrets are never shown: the message goes into the log.
		SettingCheck.that(token.isEmpty() || TOKEN_SYNTAX.matcher(token).matches(), TOKEN,
				"32 to 1024 printable ASCII characters without blanks that nobody can guess; make them, for "
						+ "example with openssl rand -base64 32",
				token.length() + " characters");
		SettingCheck.that(user.isEmpty() || USER_SYNTAX.matcher(user).matches(), USER,
				"a name of at most 128 characters without a colon", user);
		SettingCheck.that(user.isEmpty() || !password.isEmpty(), PASSWORD,
				"the password of " + USER + "; set it, or take the user away", "none");
		SettingCheck.that(password.isEmpty() || !user.isEmpty(), USER,
				"the name that goes with " + PASSWORD + "; set it, or take the password away", "none");
		if (!password.isEmpty()) {
			StoredPassword.check(PASSWORD, password);
		}
		for (String host : allowedHosts) {
			SettingCheck.that(HOST_SYNTAX.matcher(host).matches(), ALLOWED_HOSTS,
					"host names without a port, for example gateway.example.org", host);
		}
	}

	/** Whether there is anything that a client can show. */
	boolean hasCredential() {
		return !this.token.isEmpty() || !this.user.isEmpty();
	}

	/** Without the secrets. */
	@Override
	public String toString() {
		return "Management[user=" + this.user + ", allowedHosts=" + this.allowedHosts + "]";
	}

}
