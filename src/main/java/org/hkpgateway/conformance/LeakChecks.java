package org.hkpgateway.conformance;

import java.util.List;
import java.util.Optional;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeInfo;
import org.hkpgateway.grpc.ProbeOffer.Caller;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.grpc.ProbeStream;

/**
 * What thousands of requests leave behind.
 */
final class LeakChecks {

	private static final List<Check> ALL = List.of(Check.LEAKS_DESCRIPTORS, Check.LEAKS_THREADS, Check.LEAKS_MEMORY);

	private static final int WARM_UP = 1000;

	private static final int REQUESTS = 3000;

	/** More than what is forgiven below, so that one file or thread of each is found. */
	private static final int CONNECTIONS = 100;

	private static final int FIRST_CONNECTIONS = 20;

	private static final int IN_FLIGHT = 32;

	/** Pools and caches may still grow a little. */
	private static final int MORE_DESCRIPTORS = 40;

	private static final int MORE_THREADS = 40;

	/** 8 KiB for each request: more than any collector would leave of them. */
	private static final long MORE_KIB = REQUESTS * 8L;

	/** In each of which memory has to grow so much before it counts. */
	private static final int ROUNDS = 3;

	private final Trial trial;

	private final Load load;

	LeakChecks(Trial trial, Load load) {
		this.trial = trial;
		this.load = load;
	}

	void run(Session session, Asker asker) throws SessionException, InterruptedException {
		if (!this.trial.wants(ALL)) {
			return;
		}
		List<String> problems = work(session, asker, WARM_UP, FIRST_CONNECTIONS);
		Optional<Figures> before = Figures.of(session.process().pid());
		Optional<Figures> after = before;
		for (int round = 0; round < ROUNDS && before.isPresent() && problems.isEmpty(); round++) {
			Optional<Figures> last = after;
			problems.addAll(work(session, asker, REQUESTS, CONNECTIONS));
			after = settled(session, before);
			String ended = after.isEmpty() ? session.ended() : null;
			if (ended != null) {
				problems.add(ended);
			}
			if (after.isEmpty() || last.isEmpty() || after.get().residentKiB() <= last.get().residentKiB() + MORE_KIB) {
				judge(problems, before, after, false);
				return;
			}
			// A heap may still grow to its size: a leak grows on.
		}
		judge(problems, before, after, true);
	}

	/** Requests, connections that come and go, and streams that are left open. */
	private List<String> work(Session session, Asker asker, int requests, int connections)
			throws SessionException, InterruptedException {
		List<String> problems = LoadChecks.problems(asker.askMany(requests, IN_FLIGHT, (i) -> this.load.next()));
		for (int i = 0; i < connections && problems.isEmpty(); i++) {
			try (Probe other = session.as(Caller.GATEWAY)) {
				ProbeReply<ProbeInfo> reply = session.introduction().has("stream") ? withStream(session, other)
						: other.info(Limits.ANSWER);
				if (!reply.isOk() && !reply.is("UNIMPLEMENTED")) {
					problems.add("on a further connection, GetInfo: " + reply.detail());
				}
			}
		}
		String ended = session.ended();
		if (ended != null) {
			problems.add(0, ended);
		}
		return problems;
	}

	private ProbeReply<ProbeInfo> withStream(Session session, Probe other) {
		try (ProbeStream stream = other.stream()) {
			stream.send(this.load.next(), session.spec().timeout());
			return other.info(Limits.ANSWER);
		}
	}

	/** A plugin may take a moment to notice that connections have ended. */
	private static Optional<Figures> settled(Session session, Optional<Figures> before) throws InterruptedException {
		long deadline = Limits.deadline(Limits.HEALTH);
		Optional<Figures> now = Figures.of(session.process().pid());
		while (before.isPresent() && now.isPresent() && above(before.get(), now.get())
				&& System.nanoTime() - deadline < 0) {
			Thread.sleep(100);
			now = Figures.of(session.process().pid());
		}
		return now;
	}

	private static boolean above(Figures before, Figures now) {
		return now.descriptors() > before.descriptors() + MORE_DESCRIPTORS
				|| now.threads() > before.threads() + MORE_THREADS;
	}

	private void judge(List<String> problems, Optional<Figures> first, Optional<Figures> last, boolean growing) {
		if (!problems.isEmpty()) {
			ALL.forEach((check) -> this.trial.fail(check, "answers to thousands of requests", Trial.some(problems)));
			return;
		}
		if (first.isEmpty() || last.isEmpty()) {
			this.trial.skip(ALL, "this system does not tell what the process uses");
			return;
		}
		Figures before = first.get();
		Figures after = last.get();
		String requests = " after thousands of requests more";
		if (after.descriptors() > before.descriptors() + MORE_DESCRIPTORS) {
			this.trial.fail(Check.LEAKS_DESCRIPTORS, "about " + before.descriptors() + " open files",
					after.descriptors() + requests);
		}
		this.trial.pass(Check.LEAKS_DESCRIPTORS, after.descriptors() + " open files");
		if (after.threads() > before.threads() + MORE_THREADS) {
			this.trial.fail(Check.LEAKS_THREADS, "about " + before.threads() + " threads", after.threads() + requests);
		}
		this.trial.pass(Check.LEAKS_THREADS, after.threads() + " threads");
		if (growing) {
			this.trial.fail(Check.LEAKS_MEMORY, "about " + before.residentKiB() / 1024 + " MiB resident",
					after.residentKiB() / 1024 + " MiB" + requests + ", and growing");
		}
		this.trial.pass(Check.LEAKS_MEMORY, after.residentKiB() / 1024 + " MiB resident");
	}

}
