package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeIntroduction;
import org.hkpgateway.grpc.ProbeOffer.Caller;
import org.hkpgateway.grpc.ProbeStream;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseEvent;

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

	private void stranger(Session session, Check check, Caller caller) throws SessionException, InterruptedException {
		if (!this.trial.wants(check)) {
			return;
		}
		List<String> problems = new ArrayList<>();
		try (Probe probe = session.as(caller)) {
			Map<String, String> codes = harmless(probe);
			if (codes.values().stream().allMatch(REFUSED::contains)) {
				// One that lets strangers in would end by these.
				codes.put("Initialize", probe.initialize("{}", "a stranger", Limits.ANSWER).code());
				codes.put("Shutdown", probe.shutdown(Limits.ANSWER).code());
			}
			codes.forEach((method, code) -> {
				if (!REFUSED.contains(code) || (method.equals("GetInfo") && !code.equals("UNAUTHENTICATED"))) {
					problems.add(method + ": " + code);
				}
			});
		}
		this.trial.judge(check, "UNAUTHENTICATED", problems);
	}

	/** How calls end that change nothing, by method. */
	private static Map<String, String> harmless(Probe probe) throws InterruptedException {
		Map<String, String> codes = new LinkedHashMap<>();
		RequestEvent event = new Load().next();
		ServiceChecks.SampleEvent sample = new ServiceChecks.SampleEvent(1);
		codes.put("GetInfo", probe.info(Limits.ANSWER).code());
		codes.put("HealthCheck", probe.health(Limits.ANSWER).code());
		codes.put("HandleRequest", probe.ask(event, Limits.ANSWER).join().code());
		codes.put("HandleHTTPRequest", probe.askByOlderName(event, Limits.ANSWER).join().code());
		codes.put("HandleRequests", stream(probe, event));
		codes.put("HandleUpstreamResponse",
				probe.respond(new ResponseEvent(event, true, 200, Headers.empty(), Duration.ofMillis(5)), Limits.ANSWER)
					.code());
		codes.put("PublishEvents", probe.publish(List.of(sample), Limits.ANSWER).code());
		codes.put("PublishEvent", probe.publish(sample, Limits.ANSWER).code());
		codes.put("HandleKeyChange", probe.keyChange(sample, Limits.ANSWER).code());
		codes.put("SubscribeEvents", probe.listen(Limits.ANSWER).code());
		return codes;
	}

	private static String stream(Probe probe, RequestEvent event) throws InterruptedException {
		try (ProbeStream stream = probe.stream()) {
			stream.send(event, Limits.ANSWER);
			if (stream.await(event.id(), Limits.deadline(Limits.ANSWER)) != null) {
				return "OK";
			}
			String code = stream.endCode();
			return (code != null) ? code : "an open stream";
		}
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
