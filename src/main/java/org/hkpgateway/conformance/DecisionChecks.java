package org.hkpgateway.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.grpc.ProbeAnswer;
import org.hkpgateway.grpc.ProbeReply;

/**
 * What it decides about the corpus.
 */
final class DecisionChecks {

	private final Trial trial;

	DecisionChecks(Trial trial) {
		this.trial = trial;
	}

	/**
	 * Asks for a decision about each request.
	 * @return the answers, by name
	 */
	Map<String, ProbeReply<ProbeAnswer>> run(Session session, Asker asker, List<CorpusItem> corpus)
			throws InterruptedException {
		Map<String, ProbeReply<ProbeAnswer>> replies = asker.askAll(corpus);
		DecisionRules rules = new DecisionRules(session.spec());
		for (CorpusItem item : corpus) {
			ProbeReply<ProbeAnswer> reply = replies.get(item.name());
			if (reply == null) {
				continue;
			}
			if (reply.isOk()) {
				rules.look(item.name(), item.event(), reply.answer());
			}
			else {
				rules.missing(item.name(), reply.detail());
			}
		}
		List<String> invalid = new ArrayList<>(rules.problems(Check.DECISIONS_VALID));
		String ended = session.ended();
		if (ended != null) {
			invalid.add(ended);
		}
		if (invalid.isEmpty()) {
			this.trial.pass(Check.DECISIONS_VALID,
					replies.size() + " requests" + (asker.older() ? ", by the name HandleHTTPRequest" : ""));
		}
		this.trial.judge(Check.DECISIONS_VALID, "a valid decision", invalid);
		this.trial.judge(Check.DECISIONS_GRANTED, "decisions within the manifest's capabilities",
				rules.problems(Check.DECISIONS_GRANTED));
		headers(rules.problems(Check.DECISIONS_HEADERS));
		this.trial.judge(Check.DECISIONS_STATUS, "a status that clients can bear",
				rules.problems(Check.DECISIONS_STATUS));
		List<String> uploads = rules.problems(Check.DECISIONS_UPLOADS);
		if (!uploads.isEmpty()) {
			this.trial.warn(Check.DECISIONS_UPLOADS, "a status of 400 or more for an upload that is refused",
					Trial.some(uploads));
		}
		this.trial.pass(Check.DECISIONS_UPLOADS);
		return replies;
	}

	private void headers(List<String> reserved) {
		this.trial.judge(Check.DECISIONS_HEADERS, "no header that only the gateway may write", reserved);
	}

}
