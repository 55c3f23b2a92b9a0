package org.hkpgateway.sdk.test;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;

/**
 * Reads targets as the gateway reads those that it lets through. It refuses many more
 * than this does; no plugin ever sees those.
 */
final class Targets {

	private static final Map<String, Operation> LOOKUPS = Map.of("get", Operation.LOOKUP_GET, "hget",
			Operation.LOOKUP_HGET, "index", Operation.LOOKUP_INDEX, "vindex", Operation.LOOKUP_VINDEX, "stats",
			Operation.LOOKUP_STATS);

	private static final Map<String, Operation> READS = Map.of("/pks/stats", Operation.STATS, "/pks/health",
			Operation.HEALTH);

	private static final Map<String, Operation> WRITES = Map.of("/pks/add", Operation.ADD, "/pks/replace",
			Operation.REPLACE, "/pks/delete", Operation.DELETE, "/pks/hashquery", Operation.HASHQUERY, "/pks/v2/certs",
			Operation.V2_ADD);

	private static final Map<String, Operation> SEGMENTS = Map.of("/pks/v2/certs/by-vfingerprint/",
			Operation.V2_CERTS_BY_VFINGERPRINT, "/pks/v2/certs/by-identity/", Operation.V2_CERTS_BY_IDENTITY,
			"/pks/v2/certs/by-keyid/", Operation.V2_CERTS_BY_KEYID, "/pks/v2/index/", Operation.V2_INDEX,
			"/pks/v2/prefixlog/", Operation.V2_PREFIXLOG);

	private static final Pattern KEY = Pattern
		.compile("0x((?:[0-9A-Fa-f]{8}){1,2}|(?:[0-9A-Fa-f]{8}){4,5}|[0-9A-Fa-f]{64})");

	private static final Pattern VERSIONED = Pattern
		.compile("[0-9A-Fa-f]{2}([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})");

	private Targets() {
	}

	static String path(String target) {
		// In a path a plus sign is one.
		return decode(rawPath(target).replace("+", "%2B"));
	}

	static Map<String, String> query(String target) {
		Map<String, String> parameters = new LinkedHashMap<>();
		int question = target.indexOf('?');
		String query = (question < 0) ? "" : target.substring(question + 1);
		for (String pair : query.split("&", -1)) {
			if (!pair.isEmpty()) {
				int equals = pair.indexOf('=');
				parameters.putIfAbsent(decode((equals < 0) ? pair : pair.substring(0, equals)),
						(equals < 0) ? "" : decode(pair.substring(equals + 1)));
			}
		}
		return parameters;
	}

	/**
	 * Reads a target.
	 * @param method of the request
	 * @param target path and query
	 * @return empty outside of HKP
	 * @throws IllegalArgumentException if the gateway would refuse it
	 */
	static Optional<HkpQuery> hkp(String method, String target) {
		if (!target.startsWith("/")) {
			throw new IllegalArgumentException("target: expected: one that starts with /, got: '" + target + "'");
		}
		String path = rawPath(target);
		if (!path.equals("/pks") && !path.startsWith("/pks/")) {
			return Optional.empty();
		}
		boolean read = method.equals("GET") || method.equals("HEAD");
		if (read && path.equals("/pks/lookup")) {
			return Optional.of(lookup(target));
		}
		Map<String, Operation> whole = read ? READS : method.equals("POST") ? WRITES : Map.of();
		Operation operation = whole.get(path);
		if (operation != null) {
			return Optional.of(HkpQuery.of(operation, ""));
		}
		for (Map.Entry<String, Operation> segment : SEGMENTS.entrySet()) {
			String argument = path.startsWith(segment.getKey()) ? path.substring(segment.getKey().length()) : "";
			if (read && !argument.isEmpty() && argument.indexOf('/') < 0) {
				return Optional.of(version2(segment.getValue(), decode(argument.replace("+", "%2B"))));
			}
		}
		return Optional.of(HkpQuery.of(Operation.OTHER, ""));
	}

	private static HkpQuery lookup(String target) {
		Map<String, String> query = query(target);
		Operation operation = LOOKUPS.get(query.getOrDefault("op", ""));
		if (operation == null) {
			throw new IllegalArgumentException("target: expected: op=get, hget, index, vindex or stats, which the "
					+ "gateway insists on, got: '" + target + "'");
		}
		String search = (operation == Operation.LOOKUP_STATS) ? "" : query.getOrDefault("search", "");
		Matcher key = KEY.matcher(search);
		String hex = (operation != Operation.LOOKUP_HGET && key.matches()) ? key.group(1) : "";
		List<String> options = Arrays.stream(query.getOrDefault("options", "").split(",", -1))
			.filter((option) -> !option.isEmpty())
			.toList();
		return of(operation, search, hex, options, "on".equals(query.get("exact")), "on".equals(query.get("hash")),
				"on".equals(query.get("fingerprint")));
	}

	private static HkpQuery version2(Operation operation, String argument) {
		String hex = "";
		Matcher versioned = VERSIONED.matcher(argument);
		if (operation == Operation.V2_CERTS_BY_VFINGERPRINT && versioned.matches()) {
			hex = versioned.group(1);
		}
		else if (operation == Operation.V2_CERTS_BY_KEYID && argument.matches("[0-9A-Fa-f]{16}")) {
			hex = argument;
		}
		return of(operation, argument, hex, List.of(), false, false, false);
	}

	private static HkpQuery of(Operation operation, String search, String hex, List<String> options, boolean exact,
			boolean hash, boolean fingerprint) {
		String upper = hex.toUpperCase(Locale.ROOT);
		boolean keyId = upper.length() <= 16;
		return new HkpQuery(operation, search, keyId ? "" : upper, keyId ? upper : "", options, options.contains("mr"),
				exact, hash, fingerprint);
	}

	private static String rawPath(String target) {
		int question = target.indexOf('?');
		return (question < 0) ? target : target.substring(0, question);
	}

	private static String decode(String text) {
		return URLDecoder.decode(text, StandardCharsets.UTF_8);
	}

}
