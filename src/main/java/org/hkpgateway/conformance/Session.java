package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.UUID;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeInfo;
import org.hkpgateway.grpc.ProbeIntroduction;
import org.hkpgateway.grpc.ProbeOffer.Caller;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.process.TrialHandshake;
import org.hkpgateway.process.TrialProcess;
import org.jspecify.annotations.Nullable;

/**
 * A process with a connection to it.
 */
final class Session implements AutoCloseable {

	private final Launched launched;

	private final TrialHandshake handshake;

	private final Probe probe;

	private final String instanceId = UUID.randomUUID().toString();

	private @Nullable ProbeIntroduction introduction;

	private Session(Launched launched, TrialHandshake handshake, Probe probe) {
		this.launched = launched;
		this.handshake = handshake;
		this.probe = probe;
	}

	/** Waits for the handshake and connects. */
	static Session open(Launched launched) throws SessionException, InterruptedException {
		TrialHandshake handshake = launched.process().awaitHandshake(launched.start());
		if (handshake.fault() != TrialHandshake.Fault.NONE) {
			throw new SessionException(handshake.problem());
		}
		return open(launched, handshake);
	}

	/** Connects. */
	static Session open(Launched launched, TrialHandshake handshake) throws SessionException, InterruptedException {
		Session session = new Session(launched, handshake, probe(launched, handshake, Caller.GATEWAY));
		String problem = session.probe.connect(Limits.CONNECT);
		if (problem != null) {
			session.probe.close();
			throw new SessionException("expected: a gRPC server at " + handshake.endpoint() + ", got: " + problem);
		}
		return session;
	}

	private static Probe probe(Launched launched, TrialHandshake handshake, Caller caller) throws SessionException {
		if (handshake.endpoint() == null) {
			throw new SessionException(handshake.problem());
		}
		try {
			return launched.offer().open(handshake.endpoint(), handshake.certificate(), caller);
		}
		catch (IllegalArgumentException | PluginStartException ex) {
			throw new SessionException(String.valueOf(ex.getMessage()));
		}
	}

	/** Another connection to the same process. */
	Probe as(Caller caller) throws SessionException {
		return probe(this.launched, this.handshake, caller);
	}

	/** Has the plugin accept its own configuration. */
	ProbeIntroduction initialize() throws SessionException {
		ProbeReply<ProbeIntroduction> reply = initializeAgain();
		ProbeIntroduction answer = reply.value();
		if (answer == null) {
			throw new SessionException("Initialize: expected: an answer, got: " + reply.detail());
		}
		if (!answer.success()) {
			throw new SessionException("Initialize: expected: success, got: a refusal: " + answer.error());
		}
		this.introduction = answer;
		return answer;
	}

	ProbeReply<ProbeIntroduction> initializeAgain() {
		return this.probe.initialize(spec().configJson(), this.instanceId, Limits.INITIALIZE);
	}

	/** What it has said to Initialize. */
	ProbeIntroduction introduction() {
		ProbeIntroduction answer = this.introduction;
		if (answer == null) {
			throw new IllegalStateException("expected: Initialize first");
		}
		return answer;
	}

	Probe probe() {
		return this.probe;
	}

	TrialProcess process() {
		return this.launched.process();
	}

	@Nullable PluginEndpoint endpoint() {
		return this.handshake.endpoint();
	}

	PluginSpec spec() {
		return this.launched.spec();
	}

	/**
	 * How its process has ended. One that does not answer any more may be about to.
	 * @return null while it runs
	 */
	@Nullable String ended() throws InterruptedException {
		ProbeReply<ProbeInfo> reply = this.probe.info(Limits.ANSWER);
		boolean answers = reply.isOk() || reply.is("UNIMPLEMENTED");
		OptionalInt code = process().awaitExit(answers ? Duration.ZERO : Limits.MOMENT);
		return code.isPresent() ? "its process has ended: " + RefusalChecks.ended(code) : null;
	}

	/** Kills the process if it still runs. */
	@Override
	public void close() {
		this.probe.close();
		this.launched.close();
	}

}
