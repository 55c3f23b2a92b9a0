package org.hkpgateway.resilience;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.hkpgateway.http.FieldNames;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.ReservedHeaders;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.ResponseDecision;

/**
 * What a decision may contain: the operator's grants, and the headers that belong to the
 * gateway. A pure function; one violation condemns the whole decision.
 * <p>
 * Adding to the keyserver's response on the way through needs {@code http.respond}, not
 * {@code http.response}: it tells the client something, as answering does, and older
 * plugins, which are granted {@code http.request} and {@code http.respond}, do it. The
 * other grant is for seeing that response.
 */
final class Grants {

	private static final FieldNames CREDENTIALS = FieldNames.of("authorization", "cookie", "proxy-authorization");

	private static final FieldNames COOKIES = FieldNames.of("set-cookie");

	private Grants() {
	}

	/**
	 * Checks a decision. The headers of a {@link Decision.Respond} are not looked at:
	 * those that a plugin may not set are dropped when its answer is sent.
	 * @param granted what is in force
	 * @param decision what the plugin wants
	 * @return what it may not do, or empty if all is well
	 */
	static Optional<String> violation(Set<Capability> granted, Decision decision) {
		if (decision == Decision.Continue.UNCHANGED) {
			return Optional.empty();
		}
		if (decision instanceof Decision.Continue next) {
			return rewrite(granted, next)
				.or(() -> violation(granted, Capability.HTTP_REQUEST_MODIFY, "request", next.requestHeaders()))
				.or(() -> credentials(granted, "request", CREDENTIALS, next.requestHeaders()))
				.or(() -> violation(granted, Capability.HTTP_RESPOND, "response", next.responseHeaders()))
				.or(() -> cookies(granted, next.responseHeaders()));
		}
		return granted.contains(Capability.HTTP_RESPOND) ? Optional.empty()
				: Optional.of("answered the request without the grant " + Capability.HTTP_RESPOND);
	}

	private static Optional<String> rewrite(Set<Capability> granted, Decision.Continue decision) {
		if (decision.rewrite() == null && decision.body() == null) {
			return Optional.empty();
		}
		String what = (decision.rewrite() != null) ? "rewrote the request" : "replaced the body";
		if (!granted.contains(Capability.HTTP_REQUEST_REWRITE)) {
			return Optional.of(what + " without the grant " + Capability.HTTP_REQUEST_REWRITE);
		}
		return (decision.body() == null || granted.contains(Capability.HTTP_REQUEST_BODY)) ? Optional.empty()
				: Optional.of("replaced the body without the grant " + Capability.HTTP_REQUEST_BODY);
	}

	/**
	 * Checks what a plugin wants done with the keyserver's answer. That it was granted
	 * {@code http.response} is why it was asked.
	 * @param granted what is in force
	 * @param decision what the plugin wants
	 * @return what it may not do, or empty if all is well
	 */
	static Optional<String> violation(Set<Capability> granted, ResponseDecision decision) {
		return reserved("response", decision.headers()).or(() -> cookies(granted, decision.headers()));
	}

	private static Optional<String> cookies(Set<Capability> granted, List<HeaderMutation> mutations) {
		return credentials(granted, "response", COOKIES, mutations);
	}

	/** Who may not see credentials may not write them either. */
	private static Optional<String> credentials(Set<Capability> granted, String what, FieldNames secret,
			List<HeaderMutation> mutations) {
		if (granted.contains(Capability.HTTP_CREDENTIALS)) {
			return Optional.empty();
		}
		return mutations.stream()
			.map(HeaderMutation::name)
			.filter(secret::contains)
			.findFirst()
			.map((name) -> "changed the " + what + " header " + name + " without the grant "
					+ Capability.HTTP_CREDENTIALS);
	}

	private static Optional<String> violation(Set<Capability> granted, Capability needed, String what,
			List<HeaderMutation> mutations) {
		if (!mutations.isEmpty() && !granted.contains(needed)) {
			return Optional.of("changed " + what + " headers without the grant " + needed);
		}
		return reserved(what, mutations);
	}

	private static Optional<String> reserved(String what, List<HeaderMutation> mutations) {
		return mutations.stream()
			.map(HeaderMutation::name)
			.filter(ReservedHeaders::contains)
			.findFirst()
			.map((name) -> "changed the " + what + " header " + name + ", which no plugin may write");
	}

}
