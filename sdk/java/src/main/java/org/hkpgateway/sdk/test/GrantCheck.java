package org.hkpgateway.sdk.test;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.Body;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.HeaderChange;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.ResponseDecision;

/**
 * Refuses decisions that the gateway would refuse for what was not granted.
 */
final class GrantCheck {

	private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie", "proxy-authorization");

	private static final Set<String> COOKIES = Set.of("set-cookie");

	private GrantCheck() {
	}

	static boolean isCredential(String name) {
		return CREDENTIALS.contains(name.toLowerCase(Locale.ROOT));
	}

	static void check(Request request, Decision decision) {
		Set<String> grants = request.grants();
		if (!(decision instanceof Allow allow)) {
			require(grants, "http.respond", "answered the request");
			return;
		}
		List<String> changed = allow.requestHeaders().stream().map(HeaderChange::name).toList();
		if (!changed.isEmpty()) {
			require(grants, "http.request.modify", "changed request headers");
		}
		requireFor(grants, changed, CREDENTIALS);
		if (allow.rewrittenPath().isPresent() || allow.rewrittenQuery().isPresent()) {
			require(grants, "http.request.rewrite", "rewrote the request");
		}
		if (allow.replacedBody().isPresent()) {
			require(grants, "http.request.rewrite", "replaced the body");
			require(grants, "http.request.body", "replaced the body");
			if (request.body().state() != Body.State.COMPLETE || request.is(Operation.HASHQUERY)) {
				throw new IllegalStateException("the gateway would refuse this decision: expected: to replace a body "
						+ "that is COMPLETE, and not of a hashquery, got: " + request.body().state());
			}
		}
		List<String> added = decision.notes().responseChanges().stream().map(HeaderChange::name).toList();
		if (!added.isEmpty()) {
			require(grants, "http.respond", "changed response headers");
		}
		requireFor(grants, added, COOKIES);
	}

	static void check(Set<String> grants, ResponseDecision decision) {
		requireFor(grants, decision.headers().stream().map(HeaderChange::name).toList(), COOKIES);
	}

	private static void requireFor(Set<String> grants, List<String> names, Set<String> secret) {
		Optional<String> found = names.stream()
			.filter((name) -> secret.contains(name.toLowerCase(Locale.ROOT)))
			.findFirst();
		found.ifPresent((name) -> require(grants, "http.credentials", "changed the header " + name));
	}

	static void require(Set<String> grants, String grant, String what) {
		if (!grants.contains(grant)) {
			throw new IllegalStateException("the gateway would refuse this decision: it " + what
					+ ", expected: the grant " + grant + ", got: only " + grants);
		}
	}

}
