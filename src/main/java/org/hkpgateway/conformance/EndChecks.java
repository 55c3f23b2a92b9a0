package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.grpc.ProbeStream;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.process.TrialProcess;
import org.jspecify.annotations.Nullable;

/**
 * The three ways in which a plugin ends.
 */
final class EndChecks {

	/** Of a process that ended by SIGTERM itself, or in its handler. */
	private static final List<Integer> TERMINATED = List.of(0, 128 + 15);

	private final Trial trial;

	EndChecks(Trial trial) {
		this.trial = trial;
	}

	/** Shutdown, and what is left then. */
	void shutdown(Session session) throws InterruptedException {
		if (!this.trial.wants(Check.SHUTDOWN_ANSWER, Check.SHUTDOWN_EXIT, Check.LEAKS_PROCESSES, Check.LEAKS_SOCKET)) {
			return;
		}
		TrialProcess process = session.process();
		if (!runs(session, Check.SHUTDOWN_ANSWER)) {
			this.trial.miss(List.of(Check.SHUTDOWN_EXIT, Check.LEAKS_PROCESSES, Check.LEAKS_SOCKET),
					"it ended before Shutdown");
			return;
		}
		endStream(session);
		ProbeReply<Boolean> reply = session.probe().shutdown(Limits.SHUTDOWN);
		if (!reply.isOk() && !reply.is("UNAVAILABLE")) {
			this.trial.fail(Check.SHUTDOWN_ANSWER, "an answer within " + Limits.SHUTDOWN.toSeconds() + " s",
					reply.detail());
		}
		else if (reply.isOk() && !reply.answer()) {
			this.trial.warn(Check.SHUTDOWN_ANSWER, "success", "success = false");
		}
		this.trial.pass(Check.SHUTDOWN_ANSWER, reply.isOk() ? "" : "it exits first");
		OptionalInt code = process.awaitExit(reply.is("DEADLINE_EXCEEDED") ? Duration.ofMillis(100) : Limits.SHUTDOWN);
		if (code.isEmpty() || code.getAsInt() != 0) {
			this.trial.fail(Check.SHUTDOWN_EXIT, "exit code 0 within " + Limits.SHUTDOWN.toSeconds() + " s",
					RefusalChecks.ended(code));
		}
		this.trial.pass(Check.SHUTDOWN_EXIT);
		if (code.isEmpty()) {
			this.trial.miss(List.of(Check.LEAKS_PROCESSES, Check.LEAKS_SOCKET), "it has not exited after Shutdown");
			return;
		}
		left(process, session.endpoint());
	}

	/** Whether it can still be ended; else that fails the check. */
	private boolean runs(Session session, Check check) throws InterruptedException {
		String ended = session.ended();
		if (ended != null) {
			this.trial.fail(check, "a process that runs until it is told to end", ended);
		}
		return ended == null;
	}

	/** As the gateway does: an open stream would keep some servers from ending. */
	private static void endStream(Session session) throws InterruptedException {
		if (session.introduction().has("stream")) {
			ProbeStream stream = session.probe().stream();
			stream.halfClose();
			stream.awaitEnd(Limits.deadline(Limits.HEALTH));
		}
	}

	private void left(TrialProcess process, @Nullable PluginEndpoint endpoint) throws InterruptedException {
		List<Long> others = process.others();
		for (int i = 0; i < 10 && !others.isEmpty(); i++) {
			// A child that ends with its parent may take a moment.
			Thread.sleep(50);
			others = process.others();
		}
		if (!others.isEmpty()) {
			this.trial.fail(Check.LEAKS_PROCESSES, "no process of it", others.size() + ": " + others);
		}
		this.trial.pass(Check.LEAKS_PROCESSES);
		List<String> files = process.leftInSockets()
			.stream()
			.filter((name) -> !name.equals(Bench.HOST_SOCKET))
			.toList();
		if (!files.isEmpty() && endpoint instanceof PluginEndpoint.Unix) {
			this.trial.fail(Check.LEAKS_SOCKET, "an empty PLUGIN_UNIX_SOCKET_DIR", String.join(", ", files));
		}
		this.trial.pass(Check.LEAKS_SOCKET);
	}

	/** SIGTERM. */
	void terminate(Session session) throws InterruptedException {
		if (!this.trial.wants(Check.SHUTDOWN_TERM) || !runs(session, Check.SHUTDOWN_TERM)) {
			return;
		}
		session.process().terminate();
		OptionalInt code = session.process().awaitExit(Limits.EXIT);
		if (code.isEmpty() || !TERMINATED.contains(code.getAsInt())) {
			this.trial.fail(Check.SHUTDOWN_TERM, "exit code 0 within " + Limits.EXIT.toSeconds() + " s after SIGTERM",
					RefusalChecks.ended(code));
		}
		this.trial.pass(Check.SHUTDOWN_TERM, RefusalChecks.ended(code));
	}

	/** The end of stdin. */
	void closeInput(Session session) throws InterruptedException {
		if (!this.trial.wants(Check.SHUTDOWN_EOF) || !runs(session, Check.SHUTDOWN_EOF)) {
			return;
		}
		session.process().closeInput();
		OptionalInt code = session.process().awaitExit(Limits.EXIT);
		if (code.isEmpty()) {
			this.trial.fail(Check.SHUTDOWN_EOF,
					"an exit within " + Limits.EXIT.toSeconds() + " s after the end of stdin", "it still runs");
		}
		this.trial.pass(Check.SHUTDOWN_EOF, RefusalChecks.ended(code));
	}

}
