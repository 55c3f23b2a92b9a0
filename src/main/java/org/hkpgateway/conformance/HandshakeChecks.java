package org.hkpgateway.conformance;

import java.util.List;
import java.util.Set;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeInfo;
import org.hkpgateway.grpc.ProbeOffer.Caller;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.Transport;
import org.hkpgateway.process.TrialHandshake;

/**
 * From the start of a process to a connection that only the gateway can have.
 */
final class HandshakeChecks {

	/** In the order in which the gateway reads the line. */
	private static final List<Check> FIELDS = List.of(Check.HANDSHAKE_VERSION, Check.HANDSHAKE_ADDRESS,
			Check.HANDSHAKE_CERTIFICATE);

	/** A call that ends so was answered by the plugin itself. */
	private static final Set<String> ANSWERED = Set.of("OK", "UNIMPLEMENTED", "FAILED_PRECONDITION", "UNKNOWN",
			"INVALID_ARGUMENT", "NOT_FOUND", "INTERNAL");

	private final Trial trial;

	HandshakeChecks(Trial trial) {
		this.trial = trial;
	}

	/**
	 * Waits for the handshake, and judges it.
	 * @param spoken called when something came, or the process has ended
	 * @throws SessionException if the gateway could not work with it
	 */
	TrialHandshake handshake(Launched launched, Runnable spoken) throws InterruptedException, SessionException {
		long start = System.nanoTime();
		TrialHandshake handshake = launched.process().awaitHandshake(launched.start());
		long millis = (System.nanoTime() - start) / 1_000_000;
		TrialHandshake.Fault fault = handshake.fault();
		if (fault != TrialHandshake.Fault.LINE || !launched.process().isAlive()
				|| millis < launched.start().toMillis()) {
			spoken.run();
		}
		if (handshake.line() == null) {
			this.trial.fail(Check.HANDSHAKE_TIME, "a handshake within " + launched.start().toSeconds() + " s",
					handshake.problem() + stderr(launched));
			throw new SessionException("no handshake");
		}
		this.trial.pass(Check.HANDSHAKE_TIME, millis + " ms");
		first(launched, handshake);
		fields(handshake);
		if (fault != TrialHandshake.Fault.NONE) {
			throw new SessionException("no valid handshake");
		}
		place(launched, handshake);
		return handshake;
	}

	private void first(Launched launched, TrialHandshake handshake) {
		if (handshake.fault() == TrialHandshake.Fault.LINE) {
			this.trial.fail(Check.HANDSHAKE_FIRST,
					"core|app|network|address|protocol, for example " + "1|1|unix|/run/x/plugin123|grpc",
					handshake.problem() + stderr(launched));
		}
		String out = launched.process().out().text();
		if (!out.isEmpty() && out.lines().findFirst().filter(String::isBlank).isPresent()) {
			this.trial.fail(Check.HANDSHAKE_FIRST, "the handshake as the first line", "a blank line before it");
		}
		this.trial.pass(Check.HANDSHAKE_FIRST);
	}

	private void fields(TrialHandshake handshake) {
		int wrong = switch (handshake.fault()) {
			case LINE -> 0;
			case VERSION -> 0;
			case ADDRESS -> 1;
			case CERTIFICATE -> 2;
			case NONE -> FIELDS.size();
		};
		// Of an address that can be read its place is still to be looked at.
		FIELDS.subList(0, wrong)
			.stream()
			.filter((check) -> wrong < FIELDS.size() || check != Check.HANDSHAKE_ADDRESS)
			.forEach(this.trial::pass);
		if (handshake.fault() != TrialHandshake.Fault.LINE && wrong < FIELDS.size()) {
			this.trial.fail(FIELDS.get(wrong), "a handshake that the gateway can use", handshake.problem());
		}
	}

	private void place(Launched launched, TrialHandshake handshake) {
		boolean outside = handshake.endpoint() instanceof PluginEndpoint.Unix unix
				&& !unix.path().normalize().startsWith(launched.process().sockets());
		if (outside) {
			this.trial.fail(Check.HANDSHAKE_ADDRESS, "a socket in PLUGIN_UNIX_SOCKET_DIR",
					handshake.endpoint() + ", where others may reach it and nobody removes it");
		}
		this.trial.pass(Check.HANDSHAKE_ADDRESS);
		if (!handshake.socketAtOnce()) {
			this.trial.fail(Check.HANDSHAKE_LISTENING, "a socket that is there when the line comes",
					"none at " + handshake.endpoint());
		}
		this.trial.pass(Check.HANDSHAKE_LISTENING);
	}

	private static String stderr(Launched launched) {
		List<String> lines = launched.process().err().text().strip().lines().toList();
		return lines.isEmpty() ? "" : "; last line of stderr: " + lines.get(lines.size() - 1);
	}

	/** Connects as the gateway does. */
	Session connect(Launched launched, TrialHandshake handshake) throws InterruptedException, SessionException {
		try {
			Session session = Session.open(launched, handshake);
			this.trial.pass(Check.CONNECTION);
			return session;
		}
		catch (SessionException ex) {
			this.trial.fail(Check.CONNECTION, "a connection within " + Limits.CONNECT.toSeconds() + " s",
					String.valueOf(ex.getMessage()));
			throw ex;
		}
	}

	/** Tries to get in as somebody else. */
	void strangers(Session session) throws SessionException {
		if (session.spec().transport() != Transport.MTLS) {
			this.trial.skip(List.of(Check.MTLS_NOBODY, Check.MTLS_STRANGER, Check.MTLS_PLAINTEXT),
					"transport " + session.spec().transport());
			return;
		}
		stranger(session, Check.MTLS_NOBODY, Caller.NOBODY);
		stranger(session, Check.MTLS_STRANGER, Caller.STRANGER);
		stranger(session, Check.MTLS_PLAINTEXT, Caller.PLAINTEXT);
	}

	private void stranger(Session session, Check check, Caller caller) throws SessionException {
		if (!this.trial.wants(check)) {
			return;
		}
		try (Probe probe = session.as(caller)) {
			ProbeReply<ProbeInfo> reply = probe.info(Limits.ANSWER);
			if (ANSWERED.contains(reply.code())) {
				this.trial.fail(check, "a connection that is refused", "an answer to GetInfo: " + reply.code());
			}
			this.trial.pass(check);
		}
	}

}
