package org.hkpgateway.antiabuse.rule;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.sdk.Request;

/**
 * {@code user-agent}: programs that call themselves by a name that the operator does not
 * like. A request without the header, as dirmngr sends them, fits no pattern.
 */
final class UserAgentRule implements Rule {

	static final String NAME = "user-agent";

	/** What comes behind is not compared: with the bounds of patterns a bound on work. */
	static final int MOST_CHARACTERS = 256;

	private final List<Glob> patterns;

	UserAgentRule(List<Glob> patterns) {
		this.patterns = patterns;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		String name = request.headers().first("User-Agent").orElse("");
		if (name.isEmpty()) {
			return Verdict.PASSED;
		}
		String lower = name.substring(0, Math.min(name.length(), MOST_CHARACTERS)).toLowerCase(Locale.ROOT);
		for (Glob pattern : this.patterns) {
			if (pattern.matches(lower)) {
				return Verdict.refused(NAME, 403, "Requests of this program are not accepted here.",
						"User-Agent fits " + pattern);
			}
		}
		return Verdict.PASSED;
	}

}
