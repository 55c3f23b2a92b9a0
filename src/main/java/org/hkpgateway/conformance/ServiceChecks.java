package org.hkpgateway.conformance;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ReservedHeaders;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;

/**
 * What the gateway calls besides requests: health, answers of the keyserver, events.
 */
final class ServiceChecks {

	private static final String UNIMPLEMENTED = "UNIMPLEMENTED";

	private final Session session;

	private final Trial trial;

	ServiceChecks(Session session, Trial trial) {
		this.session = session;
		this.trial = trial;
	}

	void health() {
		ProbeReply<String> reply = this.session.probe().health(Limits.HEALTH);
		if (reply.is(UNIMPLEMENTED)) {
			ProbeReply<String> standard = this.session.probe().standardHealth(Limits.HEALTH);
			if (standard.isOk()) {
				this.trial.pass(Check.HEALTH_CHECK, "by grpc.health.v1");
			}
			this.trial.warn(Check.HEALTH_CHECK, "an answer", "UNIMPLEMENTED, which the operator sees as UNKNOWN");
		}
		else if (!reply.isOk()) {
			this.trial.fail(Check.HEALTH_CHECK, "an answer within " + Limits.HEALTH.toSeconds() + " s", reply.detail());
		}
		else if (reply.answer().startsWith("UNHEALTHY") || reply.answer().startsWith("UNKNOWN")) {
			this.trial.warn(Check.HEALTH_CHECK, "HEALTHY, or DEGRADED", reply.answer());
		}
		this.trial.pass(Check.HEALTH_CHECK, reply.isOk() ? reply.answer() : "");
	}

	void responses(List<CorpusItem> corpus) throws InterruptedException {
		boolean asked = this.session.spec().granted().contains(Capability.HTTP_RESPONSE);
		boolean declared = this.session.introduction().has("response");
		if (!this.trial.wants(Check.RESPONSE)) {
			return;
		}
		if (!declared && !asked) {
			this.trial.skip(Check.RESPONSE, "neither the feature nor the capability is there");
			return;
		}
		if (!declared || !asked) {
			this.trial.warn(Check.RESPONSE, "the feature response and the capability http.response", "only the "
					+ (declared ? "feature" : "capability") + ": the gateway never calls HandleUpstreamResponse");
			return;
		}
		List<String> problems = new ArrayList<>();
		int failures = 0;
		for (int i = 0; i < corpus.size() && failures < 3; i += 4) {
			CorpusItem item = corpus.get(i);
			for (int status : new int[] { 200, 404, 500 }) {
				ResponseEvent event = new ResponseEvent(item.event(), true, status, Headers.of("Content-Type",
						"application/pgp-keys", "Server", "\u00e9 server", "X-A", "1", "X-A", "2"),
						Duration.ofMillis(5));
				ProbeReply<ResponseDecision> reply = this.session.probe().respond(event, Limits.ANSWER);
				if (!reply.isOk()) {
					failures++;
					problems.add(item.name() + ": " + reply.detail());
				}
				else {
					look(item.name(), reply.answer(), problems);
				}
			}
		}
		String ended = this.session.ended();
		if (ended != null) {
			problems.add(ended);
		}
		this.trial.judge(Check.RESPONSE, "a valid decision", problems);
	}

	private void look(String name, ResponseDecision decision, List<String> problems) {
		for (HeaderMutation mutation : decision.headers()) {
			boolean cookie = mutation.name().toLowerCase(Locale.ROOT).equals("set-cookie")
					&& !this.session.spec().granted().contains(Capability.HTTP_CREDENTIALS);
			if (ReservedHeaders.contains(mutation.name()) || cookie) {
				problems.add(name + ": changes " + mutation.name()
						+ (cookie ? " without the capability http.credentials" : ", which no plugin may write"));
			}
		}
	}

	void events() throws InterruptedException {
		delivery();
		emission();
	}

	private void delivery() throws InterruptedException {
		if (!this.trial.wants(Check.EVENTS_DELIVERY)) {
			return;
		}
		boolean declared = this.session.introduction().has("events");
		boolean asked = this.session.spec().granted().contains(Capability.EVENTS_SUBSCRIBE);
		if (!declared) {
			if (asked) {
				ProbeReply<Boolean> reply = this.session.probe().keyChange(new SampleEvent(1), Limits.EVENTS);
				if (!reply.isOk() && !reply.is(UNIMPLEMENTED)) {
					this.trial.fail(Check.EVENTS_DELIVERY, "an answer to HandleKeyChange, or UNIMPLEMENTED",
							reply.detail());
				}
			}
			this.trial.skip(Check.EVENTS_DELIVERY, "the feature events is not declared");
			return;
		}
		List<SampleEvent> batch = List.of(new SampleEvent(1), new SampleEvent(2), new SampleEvent(3));
		ProbeReply<Boolean> reply = this.session.probe().publish(batch, Limits.EVENTS);
		String method = "PublishEvents";
		if (reply.is(UNIMPLEMENTED)) {
			method = "PublishEvent";
			reply = this.session.probe().publish(batch.get(0), Limits.EVENTS);
		}
		if (!reply.isOk()) {
			this.trial.fail(Check.EVENTS_DELIVERY, "an answer within " + Limits.EVENTS.toSeconds() + " s",
					method + ": " + reply.detail());
		}
		String ended = this.session.ended();
		if (ended != null) {
			this.trial.fail(Check.EVENTS_DELIVERY, "a process that runs on", ended);
		}
		else if (!asked) {
			this.trial.warn(Check.EVENTS_DELIVERY, "the capability events.subscribe in the manifest",
					"only the feature: the gateway delivers nothing");
		}
		this.trial.pass(Check.EVENTS_DELIVERY, "by " + method);
	}

	private void emission() {
		if (!this.session.spec().granted().contains(Capability.EVENTS_PUBLISH)) {
			this.trial.skip(Check.EVENTS_EMISSION, "the capability events.publish is not asked for");
			return;
		}
		if (!this.trial.wants(Check.EVENTS_EMISSION)) {
			return;
		}
		ProbeReply<List<String>> reply = this.session.probe().listen(Duration.ofSeconds(1));
		if (reply.isOk()) {
			this.trial.judge(Check.EVENTS_EMISSION, "an event that the plugin may emit", reply.answer());
		}
		else if (reply.is(UNIMPLEMENTED) || reply.is("DEADLINE_EXCEEDED")) {
			this.trial.pass(Check.EVENTS_EMISSION, reply.is(UNIMPLEMENTED) ? "no stream" : "nothing emitted");
		}
		else {
			this.trial.fail(Check.EVENTS_EMISSION, "a stream of events, or UNIMPLEMENTED", reply.detail());
		}
	}

	/** A key was taken by the keyserver. */
	record SampleEvent(long sequence) implements PluginEvent {

		private static final String FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567";

		@Override
		public String id() {
			return "event-" + this.sequence;
		}

		@Override
		public String type() {
			return "key.changed";
		}

		@Override
		public String replica() {
			return "conformance";
		}

		@Override
		public String source() {
			return "gateway";
		}

		@Override
		public boolean cluster() {
			return false;
		}

		@Override
		public Instant at() {
			return Instant.EPOCH;
		}

		@Override
		public String data() {
			return "{\"fingerprint\":\"" + FINGERPRINT + "\",\"version\":4,\"change\":\"inserted\"}";
		}

		@Override
		public Map<String, String> metadata() {
			return Map.of("fingerprint", FINGERPRINT, "change", "inserted");
		}

	}

}
