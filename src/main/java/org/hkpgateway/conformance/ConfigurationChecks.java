package org.hkpgateway.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.hkpgateway.grpc.ProbeIntroduction;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.plugin.PluginSpec;
import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;

/**
 * Configurations that a plugin had better refuse: the protocol does not demand it. A
 * process that has refused one may be asked the next; what it then says wrong is asked of
 * a fresh one before it counts.
 */
final class ConfigurationChecks implements AutoCloseable {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private static final String NO_ANSWER = "DEADLINE_EXCEEDED";

	private static final String BROKEN = "UNAVAILABLE";

	/** Each costs a process at worst. */
	private static final int MOST_KEYS = 40;

	/** So many faults are enough to know. */
	private static final int MOST_FAULTS = 3;

	private final Bench bench;

	private final Trial trial;

	private final PluginSpec spec;

	private @Nullable Session session;

	private int instances;

	/** Set when it did not answer: each further question would take as long. */
	private boolean silent;

	ConfigurationChecks(Bench bench, Trial trial, PluginSpec spec) {
		this.bench = bench;
		this.trial = trial;
		this.spec = spec;
	}

	void run() throws SessionException, InterruptedException {
		badJson();
		types();
		nothing();
	}

	private void badJson() throws SessionException, InterruptedException {
		if (!this.trial.wants(Check.INITIALIZE_BAD_JSON)) {
			return;
		}
		List<String> problems = new ArrayList<>();
		this.silent = false;
		boolean byStatus = false;
		for (String json : List.of("{\"a\":", "[]", "nonsense")) {
			ProbeReply<ProbeIntroduction> reply = refusal(json, "");
			String problem = problem(reply, "");
			if (problem != null) {
				problems.add("with " + json + ": " + problem);
			}
			byStatus |= !reply.isOk();
			if (this.silent) {
				break;
			}
		}
		if (problems.isEmpty() && byStatus) {
			this.trial.warn(Check.INITIALIZE_BAD_JSON, "success = false with an error", "an error status");
		}
		else if (!problems.isEmpty()) {
			this.trial.warn(Check.INITIALIZE_BAD_JSON, "a refusal with a reason", Trial.some(problems));
		}
		this.trial.pass(Check.INITIALIZE_BAD_JSON);
	}

	private void types() throws SessionException, InterruptedException {
		if (!this.trial.wants(Check.INITIALIZE_TYPES)) {
			return;
		}
		Map<String, Object> config = object(MAPPER.readValue(this.spec.configJson(), Map.class));
		if (config.isEmpty()) {
			this.trial.skip(Check.INITIALIZE_TYPES, "the manifest has no [plugin.config]");
			return;
		}
		this.silent = false;
		List<String> accepted = new ArrayList<>();
		List<String> unnamed = new ArrayList<>();
		for (Map.Entry<String, String> each : wrong(config).entrySet()) {
			String key = each.getKey();
			ProbeReply<ProbeIntroduction> reply = refusal(each.getValue(), key);
			String problem = problem(reply, key);
			if (problem != null) {
				(isRefusal(reply) ? unnamed : accepted).add(key + ": " + problem);
			}
			if (this.silent || accepted.size() + unnamed.size() >= MOST_FAULTS) {
				break;
			}
		}
		if (!accepted.isEmpty()) {
			this.trial.warn(Check.INITIALIZE_TYPES, "a refusal", Trial.some(accepted));
		}
		else if (!unnamed.isEmpty()) {
			this.trial.warn(Check.INITIALIZE_TYPES, "a refusal that names the key", Trial.some(unnamed));
		}
		this.trial.pass(Check.INITIALIZE_TYPES, Math.min(MOST_KEYS, config.size()) + " keys");
	}

	/** By key the configuration in which that key has a value of another type. */
	static Map<String, String> wrong(Map<String, Object> config) {
		Map<String, String> all = new LinkedHashMap<>();
		config.forEach((key, value) -> {
			if (all.size() < MOST_KEYS) {
				Map<String, Object> changed = new TreeMap<>(config);
				boolean takesText = value instanceof Number || value instanceof Boolean || value instanceof Map;
				changed.put(key, takesText ? "of another type" : Map.of("of", "another type"));
				all.put(key, MAPPER.writeValueAsString(changed));
			}
		});
		return all;
	}

	private void nothing() throws SessionException, InterruptedException {
		if (!this.trial.wants(Check.INITIALIZE_NOTHING)) {
			return;
		}
		List<String> problems = new ArrayList<>();
		List<String> missing = new ArrayList<>();
		for (String json : List.of("{}", "")) {
			// Of a process that has accepted one no other can be expected.
			end();
			ProbeReply<ProbeIntroduction> reply = initialize(json);
			if (!reply.isOk()) {
				problems.add("with '" + json + "': " + reply.detail());
				if (reply.is(NO_ANSWER)) {
					break;
				}
			}
			else if (!reply.answer().success() && reply.answer().error().isBlank()) {
				problems.add("with '" + json + "': a refusal without a reason");
			}
			else if (!reply.answer().success() && json.equals("{}")) {
				missing.add(reply.answer().error());
			}
		}
		if (problems.isEmpty()) {
			this.trial.pass(Check.INITIALIZE_NOTHING, missing.isEmpty() ? "" : "asks for: " + missing.get(0));
		}
		this.trial.judge(Check.INITIALIZE_NOTHING, "success, or a refusal with a reason", problems);
	}

	/** What comes of it, of a fresh process if another one has not refused it well. */
	private ProbeReply<ProbeIntroduction> refusal(String json, String key)
			throws SessionException, InterruptedException {
		boolean fresh = this.session == null;
		ProbeReply<ProbeIntroduction> reply = initialize(json);
		if (!fresh && problem(reply, key) != null && !reply.is(NO_ANSWER)) {
			end();
			reply = initialize(json);
		}
		this.silent = reply.is(NO_ANSWER);
		if (succeeded(reply) || !reply.isOk()) {
			end();
		}
		return reply;
	}

	private static boolean isRefusal(ProbeReply<ProbeIntroduction> reply) {
		return !succeeded(reply) && !reply.is(NO_ANSWER) && !reply.is(BROKEN);
	}

	private static boolean succeeded(ProbeReply<ProbeIntroduction> reply) {
		return reply.isOk() && reply.answer().success();
	}

	/** What is wrong with a refusal; null if nothing is. */
	private static @Nullable String problem(ProbeReply<ProbeIntroduction> reply, String key) {
		if (succeeded(reply)) {
			return "it is accepted";
		}
		if (reply.is(NO_ANSWER)) {
			return "no answer";
		}
		if (reply.is(BROKEN)) {
			return "the connection breaks: " + reply.detail();
		}
		String reason = reply.isOk() ? reply.answer().error() : reply.detail();
		if (reason.isBlank()) {
			return "a refusal without a reason";
		}
		return reason.contains(key) ? null : "refused without naming it: " + reason;
	}

	private ProbeReply<ProbeIntroduction> initialize(String json) throws SessionException, InterruptedException {
		Session current = this.session;
		if (current == null || !current.process().isAlive()) {
			end();
			current = this.bench.connect(this.spec);
			this.session = current;
		}
		return current.probe().initialize(json, "configuration-" + this.instances++, Limits.INITIALIZE);
	}

	private static Map<String, Object> object(Map<?, ?> values) {
		Map<String, Object> object = new TreeMap<>();
		values.forEach((key, value) -> object.put(String.valueOf(key), (value != null) ? value : ""));
		return object;
	}

	private void end() {
		Session current = this.session;
		this.session = null;
		if (current != null) {
			current.close();
		}
	}

	@Override
	public void close() {
		end();
	}

}
