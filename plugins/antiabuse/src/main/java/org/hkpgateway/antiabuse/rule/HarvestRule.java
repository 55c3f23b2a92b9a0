package org.hkpgateway.antiabuse.rule;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.ledger.Ledger;
import org.hkpgateway.antiabuse.ledger.Offence;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.jspecify.annotations.Nullable;

/**
 * {@code harvest}: many searches for different texts, as who collects addresses sends
 * them. Searches for a key, by fingerprint or key ID, never count, and neither does
 * fetching keys of one whole address, which is what clients do for each recipient of a
 * message.
 */
final class HarvestRule implements Rule {

	static final String NAME = "harvest";

	private static final String WILDCARDS = "*%?";

	private final Ledger ledger;

	private final Offence offence;

	private final int shortest;

	/**
	 * Makes the rule.
	 * @param ledger blocks
	 * @param offence counts different searches, hashed by {@link #hash}
	 * @param shortest how many characters a search must have not to be broad
	 */
	HarvestRule(Ledger ledger, Offence offence, int shortest) {
		this.ledger = ledger;
		this.offence = offence;
		this.shortest = shortest;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		HkpQuery query = request.hkp().orElse(null);
		if (query == null || !mayHarvest(query)) {
			return Verdict.PASSED;
		}
		String term = normalized(query.search());
		boolean broad = isBroad(term);
		if (term.isEmpty() || (!broad && !isList(query.operation()))) {
			return Verdict.PASSED;
		}
		return StandingBlocks.verdict(this.ledger.count(this.offence, client, hash(term, broad), request.dryRun()),
				client);
	}

	private static boolean mayHarvest(HkpQuery query) {
		boolean byText = switch (query.operation()) {
			case LOOKUP_INDEX, LOOKUP_VINDEX, LOOKUP_GET, V2_INDEX, V2_CERTS_BY_IDENTITY -> true;
			default -> false;
		};
		return byText && query.fingerprint().isEmpty() && query.keyId().isEmpty();
	}

	private static boolean isList(@Nullable Operation operation) {
		return operation == Operation.LOOKUP_INDEX || operation == Operation.LOOKUP_VINDEX
				|| operation == Operation.V2_INDEX;
	}

	/** What keyservers do not tell apart is one search. */
	static String normalized(String search) {
		StringBuilder term = new StringBuilder(search.length());
		for (int i = 0; i < search.length(); i++) {
			char c = search.charAt(i);
			boolean blank = c == ' ' || c == '\t' || c == '\u00A0';
			if (!blank) {
				term.append(c);
			}
			else if (!term.isEmpty() && term.charAt(term.length() - 1) != ' ') {
				term.append(' ');
			}
		}
		if (!term.isEmpty() && term.charAt(term.length() - 1) == ' ') {
			term.setLength(term.length() - 1);
		}
		return term.toString().toLowerCase(Locale.ROOT);
	}

	/** Whether it finds what it does not name: a wildcard, a domain, a few letters. */
	private boolean isBroad(String term) {
		for (int i = 0; i < WILDCARDS.length(); i++) {
			if (term.indexOf(WILDCARDS.charAt(i)) >= 0) {
				return true;
			}
		}
		int at = term.indexOf('@');
		boolean domain = at == 0 || (at < 0 && term.indexOf('.') > 0 && term.indexOf(' ') < 0);
		return domain || term.codePointCount(0, term.length()) < this.shortest;
	}

	/**
	 * Makes a number of a term, so that nothing keeps what was searched for.
	 * @return 63 bits of SHA-256, and the lowest bit set for a broad one
	 */
	private static long hash(String term, boolean broad) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(term.getBytes(StandardCharsets.UTF_8));
			return (ByteBuffer.wrap(digest).getLong() & ~1L) | (broad ? 1 : 0);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("every Java has SHA-256", ex);
		}
	}

}
