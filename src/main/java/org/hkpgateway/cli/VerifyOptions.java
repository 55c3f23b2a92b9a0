package org.hkpgateway.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.hkpgateway.conformance.Check;
import org.hkpgateway.conformance.VerifyRequest;
import org.hkpgateway.manifest.PlainText;
import org.hkpgateway.plugin.Transport;
import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The command line of {@code plugins verify}.
 *
 * @param request what to check
 * @param junit where to write JUnit's XML, null for nowhere
 */
record VerifyOptions(VerifyRequest request, @Nullable Path junit) {

	private static final int MOST_BYTES = 1024 * 1024;

	/**
	 * Reads it.
	 * @param arguments behind {@code verify}
	 * @throws UsageException if something is wrong with it
	 */
	static VerifyOptions parse(List<String> arguments) throws UsageException {
		List<String> directories = new ArrayList<>();
		EnumSet<Check> only = EnumSet.noneOf(Check.class);
		EnumSet<Check> skip = EnumSet.noneOf(Check.class);
		Map<String, Object> config = Map.of();
		Transport transport = null;
		Path junit = null;
		Iterator<String> rest = arguments.iterator();
		while (rest.hasNext()) {
			String argument = rest.next();
			if (!argument.startsWith("--")) {
				directories.add(argument);
				continue;
			}
			int equals = argument.indexOf('=');
			String name = (equals < 0) ? argument : argument.substring(0, equals);
			String value = value(name, (equals < 0) ? null : argument.substring(equals + 1), rest);
			switch (name) {
				case "--only" -> only.addAll(checks(name, value));
				case "--skip" -> skip.addAll(checks(name, value));
				case "--config" -> config = config(value);
				case "--transport" -> transport = transport(value);
				case "--junit" -> junit = junit(value);
				default -> throw unknown(name);
			}
		}
		if (directories.size() > 1) {
			throw new UsageException("expected: one directory, got: " + directories.size());
		}
		EnumSet<Check> checks = only.isEmpty() ? EnumSet.allOf(Check.class) : only;
		checks.removeAll(skip);
		if (checks.isEmpty()) {
			throw new UsageException("expected: a check to make, got: --skip of all of them");
		}
		return new VerifyOptions(new VerifyRequest(Directories.of(directories).get(0), config, transport, checks),
				junit);
	}

	private static String value(String name, @Nullable String own, Iterator<String> rest) throws UsageException {
		if (!Set.of("--only", "--skip", "--config", "--transport", "--junit").contains(name)) {
			throw unknown(name);
		}
		if (own != null) {
			return own;
		}
		if (!rest.hasNext()) {
			throw new UsageException("expected: a value behind " + name + ", got: nothing");
		}
		return rest.next();
	}

	private static UsageException unknown(String name) {
		return new UsageException("expected: --only, --skip, --config, --transport or --junit, got: the option '"
				+ PlainText.of(name) + "', which it does not have");
	}

	/** By id, or by what stands before the dot. */
	private static Set<Check> checks(String option, String ids) throws UsageException {
		EnumSet<Check> checks = EnumSet.noneOf(Check.class);
		for (String id : ids.split(",", -1)) {
			String wanted = id.strip();
			List<Check> found = Arrays.stream(Check.values())
				.filter((check) -> check.id().equals(wanted) || check.group().equals(wanted))
				.toList();
			if (found.isEmpty()) {
				throw new UsageException(option + ": expected: ids of checks as the report names them, got: '"
						+ PlainText.of(wanted) + "'");
			}
			checks.addAll(found);
		}
		return checks;
	}

	private static Transport transport(String value) throws UsageException {
		for (Transport transport : Transport.values()) {
			if (transport.name().toLowerCase(Locale.ROOT).equals(value)) {
				return transport;
			}
		}
		throw new UsageException(
				"--transport: expected: mtls, secret or plaintext, got: '" + PlainText.of(value) + "'");
	}

	private static Path junit(String value) throws UsageException {
		try {
			Path file = Path.of(value).toAbsolutePath();
			Path directory = file.getParent();
			if (!value.isEmpty() && !Files.isDirectory(file) && directory != null && Files.isDirectory(directory)) {
				return file;
			}
		}
		catch (InvalidPathException ex) {
			// Told below.
		}
		throw new UsageException(
				"--junit: expected: a file in a directory that exists, got: '" + PlainText.of(value) + "'");
	}

	private static Map<String, Object> config(String value) throws UsageException {
		String json = value.strip();
		String shown = "the command line";
		if (!json.startsWith("{")) {
			shown = "'" + PlainText.of(value) + "'";
			json = read(value);
		}
		try {
			Map<String, Object> config = new TreeMap<>();
			Map<?, ?> read = JsonMapper.builder().build().readValue(json, Map.class);
			for (Map.Entry<?, ?> each : read.entrySet()) {
				if (each.getValue() == null) {
					throw new UsageException("--config: expected: a value, got: null for " + each.getKey());
				}
				config.put(String.valueOf(each.getKey()), each.getValue());
			}
			return config;
		}
		catch (JacksonException ex) {
			throw new UsageException("--config: expected: one JSON object in " + shown + ", got: "
					+ PlainText.of(String.valueOf(ex.getOriginalMessage())));
		}
	}

	private static String read(String file) throws UsageException {
		try {
			Path path = Path.of(file);
			if (Files.size(path) <= MOST_BYTES) {
				return Files.readString(path);
			}
			throw new UsageException(
					"--config: expected: a file of at most 1 MiB, got: " + Files.size(path) + " bytes");
		}
		catch (IOException | InvalidPathException ex) {
			throw new UsageException(
					"--config: expected: a JSON object, or a file that holds one, got: '" + PlainText.of(file) + "'");
		}
	}

}
