package org.hkpgateway.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeIntroduction;
import org.hkpgateway.grpc.ProbeOffer.Caller;
import org.hkpgateway.grpc.ProbeReply;

/**
 * Who knows the secret, and who does not.
 */
final class SecretChecks {

	/** A method that is not served may say so to everybody. */
	private static final Set<String> REFUSED = Set.of("UNAUTHENTICATED", "UNIMPLEMENTED");

	private final Trial trial;

	SecretChecks(Trial trial) {
		this.trial = trial;
	}

	/** Calls each method without the secret, or with another one. */
	void strangers(Session session) throws SessionException, InterruptedException {
		stranger(session, Check.SECRET_NOBODY, Caller.NOBODY);
		stranger(session, Check.SECRET_STRANGER, Caller.STRANGER);
	}

	private void stranger(Session session, Check check, Caller caller) throws SessionException {
		if (!this.trial.wants(check)) {
			return;
		}
		List<String> problems = new ArrayList<>();
		try (Probe probe = session.as(caller)) {
			Map<String, ProbeReply<?>> replies = new LinkedHashMap<>();
			replies.put("GetInfo", probe.info(Limits.ANSWER));
			replies.put("HealthCheck", probe.health(Limits.ANSWER));
			replies.put("HandleRequest", probe.ask(new Load().next(), Limits.ANSWER).join());
			if (replies.values().stream().noneMatch(ProbeReply::isOk)) {
				// One that lets strangers in would end by these.
				replies.put("Initialize", probe.initialize("{}", "a stranger", Limits.ANSWER));
				replies.put("Shutdown", probe.shutdown(Limits.ANSWER));
			}
			replies.forEach((method, reply) -> {
				if (!REFUSED.contains(reply.code()) || (method.equals("GetInfo") && !reply.is("UNAUTHENTICATED"))) {
					problems.add(method + ": " + reply.code());
				}
			});
		}
		this.trial.judge(check, "UNAUTHENTICATED", problems);
	}

	/** Looks at the proof. */
	void proof(ProbeIntroduction introduction) {
		String problem = introduction.proof();
		if (problem != null) {
			this.trial.fail(Check.SECRET_PROOF, "HMAC-SHA256 of the nonce", problem);
		}
		this.trial.pass(Check.SECRET_PROOF);
	}

}
