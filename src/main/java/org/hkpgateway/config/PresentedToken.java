package org.hkpgateway.config;

import java.util.List;

import org.springframework.security.authentication.AbstractAuthenticationToken;

/**
 * A bearer token that a client shows, not yet checked.
 */
final class PresentedToken extends AbstractAuthenticationToken {

	private final String token;

	PresentedToken(String token) {
		super(List.of());
		this.token = token;
	}

	@Override
	public String getCredentials() {
		return this.token;
	}

	@Override
	public String getPrincipal() {
		return "";
	}

}
