package org.hkpgateway.conformance;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.hkpgateway.process.CapturedOutput;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What all processes have printed.
 */
final class OutputChecks {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private static final int LONGEST_LINE = 64 * 1024;

	/** Of one process, most of which live for a second or two. */
	private static final int MOST_LINES = 2000;

	private static final long MOST_BYTES = 2L * 1024 * 1024;

	/** What a certificate begins with is public; what a key begins with is not. */
	private static final List<String> NEVER = List.of("hkp-gateway-plugin-7b1e5c1f0d3a4e2c", "PRIVATE KEY-----");

	private static final List<Check> ALL = List.of(Check.OUTPUT_STDOUT, Check.OUTPUT_STDERR, Check.OUTPUT_VOLUME,
			Check.OUTPUT_SECRETS);

	private final Trial trial;

	OutputChecks(Trial trial) {
		this.trial = trial;
	}

	/**
	 * Judges it.
	 * @param complete whether the plugin was asked all that makes it print
	 */
	void run(List<Bench.Printed> all, Set<String> secrets, boolean complete) {
		List<String> stdout = new ArrayList<>();
		List<String> stderr = new ArrayList<>();
		List<String> volume = new ArrayList<>();
		List<String> printed = new ArrayList<>();
		for (Bench.Printed each : all) {
			text("stdout", each.out(), stdout);
			text("stderr", each.err(), stderr);
			records(each.err(), stderr);
			volume("stdout", each.out(), volume);
			volume("stderr", each.err(), volume);
			String both = each.out().text() + each.err().text();
			NEVER.stream().filter(both::contains).forEach((word) -> printed.add(what(word)));
			secrets.stream().filter(both::contains).forEach((word) -> printed.add("a token or secret"));
		}
		if (all.isEmpty()) {
			this.trial.miss(ALL, "no process has run");
			return;
		}
		if (!stdout.isEmpty()) {
			this.trial.judge(Check.OUTPUT_STDOUT, "lines of text", stdout);
		}
		if (!stderr.isEmpty()) {
			this.trial.warn(Check.OUTPUT_STDERR, "log records in JSON, or plain lines", Trial.some(stderr));
		}
		if (!volume.isEmpty()) {
			this.trial.judge(Check.OUTPUT_VOLUME, "at most " + MOST_LINES + " lines of one process", volume);
		}
		if (!printed.isEmpty()) {
			this.trial.judge(Check.OUTPUT_SECRETS, "nothing of the environment that is secret",
					printed.stream().distinct().toList());
		}
		if (complete) {
			ALL.forEach(this.trial::pass);
		}
		else {
			this.trial.miss(ALL, "not reached: it was not asked all of the requests that may make it print");
		}
	}

	private static String what(String word) {
		return word.startsWith("hkp") ? "the cookie" : "a private key";
	}

	private static void text(String pipe, CapturedOutput output, List<String> problems) {
		try {
			String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(output.bytes())).toString();
			if (text.indexOf('\0') >= 0) {
				problems.add("a NUL on " + pipe);
			}
			text.lines()
				.filter((line) -> line.length() > LONGEST_LINE)
				.findFirst()
				.ifPresent((line) -> problems.add("a line of " + line.length() + " characters on " + pipe));
		}
		catch (CharacterCodingException ex) {
			problems.add("bytes that are not UTF-8 on " + pipe);
		}
	}

	private static void records(CapturedOutput output, List<String> problems) {
		output.text()
			.lines()
			.filter((line) -> line.startsWith("{") && !isRecord(line))
			.findFirst()
			.ifPresent((line) -> problems.add("a line that begins like JSON and is no record: " + line));
	}

	/** As hclog writes them. */
	static boolean isRecord(String line) {
		try {
			JsonNode json = MAPPER.readTree(line);
			return json.isObject() && json.path("@level").isString() && json.path("@message").isString()
					&& json.path("@timestamp").isString();
		}
		catch (JacksonException ex) {
			return false;
		}
	}

	private static void volume(String pipe, CapturedOutput output, List<String> problems) {
		long lines = output.text().lines().count();
		long total = output.total();
		if (lines > MOST_LINES || total > MOST_BYTES) {
			problems.add(lines + " lines, " + total + " bytes on " + pipe);
		}
	}

}
