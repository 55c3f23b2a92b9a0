package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.hkpgateway.grpc.ProbeAnswer;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.grpc.ProbeStream;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;

/**
 * The stream of requests.
 */
final class StreamChecks {

	static final List<Check> ALL = List.of(Check.STREAM_WORKS, Check.STREAM_EQUAL, Check.STREAM_IDS,
			Check.STREAM_CANCEL, Check.STREAM_CLOSE);

	private static final int IN_FLIGHT = 64;

	private static final int ROUNDS = 8;

	private static final int LARGEST = 256 * 1024;

	private final Trial trial;

	private final Load load;

	StreamChecks(Trial trial, Load load) {
		this.trial = trial;
		this.load = load;
	}

	/**
	 * Asks about the corpus by the stream, which may fail the check.
	 * @return the answers, by name; possibly fewer
	 */
	Map<String, ProbeAnswer> corpus(Session session, List<CorpusItem> corpus) throws InterruptedException {
		Map<String, ProbeAnswer> answers = new LinkedHashMap<>();
		try (ProbeStream stream = session.probe().stream()) {
			long deadline = Limits.deadline(Limits.ANSWER.multipliedBy(2));
			for (CorpusItem item : corpus) {
				if (fits(item)) {
					stream.send(item.event(), session.spec().timeout());
				}
			}
			for (CorpusItem item : corpus) {
				ProbeAnswer answer = fits(item) ? stream.await(item.event().id(), deadline) : null;
				if (answer != null) {
					answers.put(item.name(), answer);
				}
			}
			String end = stream.end();
			if (answers.isEmpty()) {
				this.trial.fail(Check.STREAM_WORKS, "answers on the stream",
						(end != null) ? "its end: " + end : "none");
			}
			else if (end != null) {
				this.trial.fail(Check.STREAM_WORKS, "a stream that stays open", "its end: " + end);
			}
		}
		return answers;
	}

	/**
	 * Looks for requests that only single calls answer.
	 * @param unary by single calls, of another process
	 * @param streamed by the stream
	 */
	void works(List<CorpusItem> corpus, Map<String, ProbeReply<ProbeAnswer>> unary, Map<String, ProbeAnswer> streamed) {
		List<String> missing = corpus.stream()
			.filter(StreamChecks::fits)
			.map(CorpusItem::name)
			.filter((name) -> answered(unary, name) && !streamed.containsKey(name))
			.toList();
		this.trial.judge(Check.STREAM_WORKS, "an answer to each request that a single call answers",
				missing.isEmpty() ? missing : List.of("none to " + String.join(", ", missing)));
	}

	private static boolean answered(Map<String, ProbeReply<ProbeAnswer>> unary, String name) {
		ProbeReply<ProbeAnswer> reply = unary.get(name);
		return reply != null && reply.isOk();
	}

	/** Larger ones go by a call of their own. */
	private static boolean fits(CorpusItem item) {
		return item.event().body().bytes().remaining() <= LARGEST;
	}

	/**
	 * Compares decisions about the same requests.
	 * @param unary by single calls, of a fresh process
	 * @param streamed by the stream, of another one
	 * @param again by single calls once more, of a third one: what differs there depends
	 * on something else
	 */
	void compare(Map<String, ProbeReply<ProbeAnswer>> unary, Map<String, ProbeAnswer> streamed, Comparison again)
			throws InterruptedException {
		long compared = streamed.keySet().stream().filter((name) -> answered(unary, name)).count();
		if (compared == 0) {
			this.trial.miss(List.of(Check.STREAM_EQUAL), "no answers of single calls to compare with");
			return;
		}
		List<String> different = differences(unary, streamed);
		if (!different.isEmpty()) {
			Map<String, ProbeReply<ProbeAnswer>> other = again.answers();
			Map<String, ProbeAnswer> values = new LinkedHashMap<>();
			other.forEach((name, reply) -> {
				if (reply.isOk()) {
					values.put(name, reply.answer());
				}
			});
			different.removeAll(differences(unary, values));
		}
		if (different.isEmpty()) {
			this.trial.pass(Check.STREAM_EQUAL, compared + " requests");
		}
		this.trial.judge(Check.STREAM_EQUAL, "the decision of a single call", different);
	}

	private static List<String> differences(Map<String, ProbeReply<ProbeAnswer>> unary,
			Map<String, ProbeAnswer> others) {
		List<String> different = new ArrayList<>();
		unary.forEach((name, reply) -> {
			ProbeAnswer other = others.get(name);
			if (reply.isOk() && other != null) {
				reply.answer()
					.differences(other)
					.forEach((field) -> different
						.add(name + ": another " + field + " (" + other + " in place of " + reply.answer() + ")"));
			}
		});
		return different;
	}

	/** Many requests, each with its own id. */
	void ids(Session session) throws InterruptedException {
		if (!this.trial.wants(Check.STREAM_IDS)) {
			return;
		}
		try (ProbeStream stream = session.probe().stream()) {
			List<String> missing = new ArrayList<>();
			for (int round = 0; round < ROUNDS && missing.isEmpty(); round++) {
				missing.addAll(exchange(session, stream, IN_FLIGHT));
			}
			// Another answer to the last ones may be on its way behind them.
			session.probe().info(Limits.ANSWER);
			if (!missing.isEmpty()) {
				this.trial.fail(Check.STREAM_IDS, "an answer to each of " + IN_FLIGHT + " requests",
						"none to " + missing.size() + end(stream.end()) + surplus(stream));
			}
			else if (stream.surplus() > 0) {
				this.trial.fail(Check.STREAM_IDS, "one answer to each request, with its id",
						stream.surplus() + " more, to no request or once more to one");
			}
			this.trial.pass(Check.STREAM_IDS, ROUNDS * IN_FLIGHT + " requests");
		}
	}

	private static String surplus(ProbeStream stream) {
		return (stream.surplus() > 0) ? ", and " + stream.surplus() + " with other ids" : "";
	}

	private static String end(@Nullable String end) {
		return (end != null) ? ", the stream has ended: " + end : "";
	}

	/** Sends so many and waits for their answers; those that got none. */
	private List<String> exchange(Session session, ProbeStream stream, int count) throws InterruptedException {
		List<String> ids = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			RequestEvent event = this.load.next();
			ids.add(event.id());
			stream.send(event, session.spec().timeout());
		}
		return missing(stream, ids);
	}

	private static List<String> missing(ProbeStream stream, List<String> ids) throws InterruptedException {
		long deadline = Limits.deadline(Limits.ANSWER);
		List<String> missing = new ArrayList<>();
		for (String id : ids) {
			if (stream.await(id, deadline) == null) {
				missing.add(id);
			}
		}
		return missing;
	}

	/** Takes requests back, and then asks ordinary ones. */
	void cancel(Session session) throws InterruptedException {
		if (!this.trial.wants(Check.STREAM_CANCEL)) {
			return;
		}
		try (ProbeStream stream = session.probe().stream()) {
			for (int i = 0; i < IN_FLIGHT; i++) {
				RequestEvent event = this.load.next();
				stream.send(event, session.spec().timeout());
				stream.cancel(event.id());
			}
			stream.cancel("never-sent");
			List<String> missing = exchange(session, stream, IN_FLIGHT);
			session.probe().info(Limits.ANSWER);
			if (!missing.isEmpty()) {
				this.trial.fail(Check.STREAM_CANCEL, "answers to the requests that come afterwards",
						"none to " + missing.size() + end(stream.end()));
			}
			else if (stream.surplus() > 0) {
				this.trial.fail(Check.STREAM_CANCEL, "at most one answer to each request that was taken back",
						stream.surplus() + " more");
			}
			this.trial.pass(Check.STREAM_CANCEL);
		}
	}

	/** Ends this side with requests in flight. */
	void halfClose(Session session) throws InterruptedException {
		if (!this.trial.wants(Check.STREAM_CLOSE)) {
			return;
		}
		try (ProbeStream stream = session.probe().stream()) {
			List<String> ids = new ArrayList<>();
			for (int i = 0; i < IN_FLIGHT; i++) {
				RequestEvent event = this.load.next();
				ids.add(event.id());
				stream.send(event, session.spec().timeout());
			}
			stream.halfClose();
			List<String> missing = missing(stream, ids);
			String end = stream.awaitEnd(Limits.deadline(Limits.ANSWER));
			if (!missing.isEmpty()) {
				this.trial.fail(Check.STREAM_CLOSE, "answers to what was sent before",
						"none to " + missing.size() + end(end));
			}
			else if (session.process().awaitExit(Duration.ZERO).isPresent()) {
				this.trial.fail(Check.STREAM_CLOSE, "a process that runs on", String.valueOf(session.ended()));
			}
			else if (!"OK".equals(end)) {
				this.trial.fail(Check.STREAM_CLOSE, "the end of its side within " + Limits.ANSWER.toSeconds() + " s",
						(end != null) ? end : "an open stream");
			}
			this.trial.pass(Check.STREAM_CLOSE);
		}
	}

	/** Gets answers by single calls from another process, if that is needed. */
	@FunctionalInterface
	interface Comparison {

		/** None if there is no such process. */
		Map<String, ProbeReply<ProbeAnswer>> answers() throws InterruptedException;

	}

}
