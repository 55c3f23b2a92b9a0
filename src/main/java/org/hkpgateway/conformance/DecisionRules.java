package org.hkpgateway.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.hkpgateway.grpc.ProbeAnswer;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.ReservedHeaders;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestChanges;
import org.hkpgateway.plugin.RequestEvent;

/**
 * What is wrong with decisions, sorted by the check that it fails.
 */
final class DecisionRules {

	private static final Set<Integer> HARMFUL = Set.of(502, 503, 504);

	private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie", "proxy-authorization",
			"set-cookie");

	private final PluginSpec spec;

	private final Map<Check, List<String>> problems = new TreeMap<>();

	DecisionRules(PluginSpec spec) {
		this.spec = spec;
	}

	/** What was found of one check. */
	List<String> problems(Check check) {
		return this.problems.getOrDefault(check, List.of());
	}

	/** Notes an answer that did not come. */
	void missing(String name, String why) {
		note(Check.DECISIONS_VALID, name, why);
	}

	/** Looks at an answer. */
	void look(String name, RequestEvent event, ProbeAnswer answer) {
		Decision decision = answer.decision();
		if (decision == null) {
			note(Check.DECISIONS_VALID, name, String.valueOf(answer.violation()));
		}
		else if (decision instanceof Decision.Continue next) {
			look(name, event, next);
		}
		else {
			look(name, event, (Decision.Respond) decision);
		}
	}

	private void look(String name, RequestEvent event, Decision.Continue next) {
		grant(name, !next.requestHeaders().isEmpty(), Capability.HTTP_REQUEST_MODIFY, "request_headers");
		grant(name, next.rewrite() != null || next.body() != null, Capability.HTTP_REQUEST_REWRITE,
				"rewrite or body_replacement");
		grant(name, next.body() != null, Capability.HTTP_REQUEST_BODY, "body_replacement");
		grant(name, !next.responseHeaders().isEmpty(), Capability.HTTP_RESPOND, "headers of the response");
		mutations(name, next.requestHeaders());
		mutations(name, next.responseHeaders());
		try {
			if (next.body() == null || event.body().state() == RequestBody.State.COMPLETE) {
				RequestChanges.DEFAULTS.apply(next, event, event);
			}
			else {
				note(Check.DECISIONS_VALID, name, "body_replacement of a body of which it was not shown all");
			}
		}
		catch (IllegalArgumentException ex) {
			note(Check.DECISIONS_VALID, name, String.valueOf(ex.getMessage()));
		}
	}

	private void look(String name, RequestEvent event, Decision.Respond answer) {
		grant(name, true, Capability.HTTP_RESPOND, "a response");
		int status = answer.head().status();
		if (HARMFUL.contains(status)) {
			note(Check.DECISIONS_STATUS, name, "status " + status);
		}
		if ((status == 204 || status == 304) && answer.body().hasRemaining()) {
			note(Check.DECISIONS_STATUS, name, "status " + status + " with a body, which HTTP does not allow");
		}
		if (status < 300 && event.hkp() != null && event.hkp().operation().isUpload()) {
			note(Check.DECISIONS_UPLOADS, name, "status " + status);
		}
		for (HeaderField field : answer.head().headers()) {
			reserved(name, field.name());
		}
	}

	private void mutations(String name, List<HeaderMutation> mutations) {
		for (HeaderMutation mutation : mutations) {
			reserved(name, mutation.name());
			grant(name, CREDENTIALS.contains(mutation.name().toLowerCase(Locale.ROOT)), Capability.HTTP_CREDENTIALS,
					mutation.name());
		}
	}

	private void reserved(String name, String header) {
		if (ReservedHeaders.contains(header)) {
			note(Check.DECISIONS_HEADERS, name, header);
		}
	}

	private void grant(String name, boolean used, Capability needed, String what) {
		if (used && !this.spec.granted().contains(needed)) {
			note(Check.DECISIONS_GRANTED, name, what + " without the capability " + needed);
		}
	}

	private void note(Check check, String name, String problem) {
		this.problems.computeIfAbsent(check, (any) -> new ArrayList<>()).add(name + ": " + problem);
	}

}
