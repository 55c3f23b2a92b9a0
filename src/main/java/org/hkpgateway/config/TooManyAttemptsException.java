package org.hkpgateway.config;

import org.springframework.security.core.AuthenticationException;

/**
 * A password was not checked, because too many wrong ones came before it or too many wait
 * to be checked.
 */
final class TooManyAttemptsException extends AuthenticationException {

	TooManyAttemptsException() {
		super("too many passwords to check");
	}

}
