package org.hkpgateway.hkp;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Reads the query of {@code /pks/lookup}.
 *
 * <p>
 * SKS keeps the last value of a repeated name, Hockeypuck the first; SKS compares names
 * as sent, Hockeypuck decodes them; SKS reads a missing or unknown {@code op} as
 * {@code index}, Hockeypuck refuses it; SKS strips blanks around values, Hockeypuck does
 * not; SKS takes a {@code ;} and a broken escape for text, Hockeypuck refuses them. Each
 * of these is refused here.
 */
final class LookupQuery {

	private static final Map<String, Operation> OPERATIONS = Map.of("get", Operation.LOOKUP_GET, "hget",
			Operation.LOOKUP_HGET, "index", Operation.LOOKUP_INDEX, "vindex", Operation.LOOKUP_VINDEX, "stats",
			Operation.LOOKUP_STATS);

	private static final Set<String> NAMES = Set.of("op", "search", "options", "exact", "hash", "fingerprint");

	/**
	 * Names that an upload carries in its body; in the query some servers take them too.
	 */
	private static final Set<String> UPLOAD_NAMES = Set.of("keytext", "keysig", "replace");

	private LookupQuery() {
	}

	/**
	 * Understands a query.
	 * @param query what follows the question mark, octets as ISO-8859-1 characters
	 * @return the request
	 * @throws AmbiguousTargetException if programs could read it differently
	 */
	static HkpRequest parse(String query) throws AmbiguousTargetException {
		Map<String, String> values = values(query);
		String op = values.get("op");
		Operation operation = (op != null) ? OPERATIONS.get(op) : null;
		if (operation == null) {
			throw new AmbiguousTargetException("expected: op=get, hget, index, vindex or stats, got: "
					+ ((op != null) ? "another value" : "no op"));
		}
		SearchTerm term = null;
		String search = values.getOrDefault("search", "");
		if (!search.isEmpty() && operation != Operation.LOOKUP_STATS) {
			term = SearchTerm.ofLookup(operation, search);
		}
		return new HkpRequest(operation, (term != null) ? term.text() : null,
				(term != null) ? term.fingerprint() : null, (term != null) ? term.keyId() : null,
				options(values.get("options")), isOn(values, "exact"), isOn(values, "hash"),
				isOn(values, "fingerprint"));
	}

	/**
	 * Checks that the query of an upload does not name what belongs into its body.
	 * @param query what follows the question mark
	 * @throws AmbiguousTargetException if it does
	 */
	static void requireNoUpload(String query) throws AmbiguousTargetException {
		for (String pair : query.split("[&;]", -1)) {
			String name = Percent.lenient(name(pair), true);
			if (UPLOAD_NAMES.contains(name)) {
				throw new AmbiguousTargetException("expected: " + name + " in the body, got: it in the query");
			}
		}
	}

	private static Map<String, String> values(String query) throws AmbiguousTargetException {
		if (query.indexOf(';') >= 0) {
			throw new AmbiguousTargetException(
					"expected: parameters separated by &, got: a semicolon, which has to be escaped");
		}
		if (!Percent.wellFormed(query)) {
			throw new AmbiguousTargetException(
					"expected: two hexadecimal digits after each percent sign, got: a broken escape in the query");
		}
		Map<String, String> values = new HashMap<>();
		for (String pair : query.split("&", -1)) {
			String name = name(pair);
			String decodedName = Percent.lenient(name, true);
			if (!NAMES.contains(decodedName)) {
				continue;
			}
			if (!name.equals(decodedName)) {
				throw new AmbiguousTargetException(
						"expected: the parameter " + decodedName + " by its plain name, got: it percent-encoded");
			}
			String value = value(name, pair.substring(Math.min(pair.length(), name.length() + 1)));
			if (values.put(name, value) != null) {
				throw new AmbiguousTargetException("expected: the parameter " + name + " once, got: it repeated");
			}
		}
		return values;
	}

	private static String name(String pair) {
		int equals = pair.indexOf('=');
		return (equals < 0) ? pair : pair.substring(0, equals);
	}

	private static String value(String name, String encoded) throws AmbiguousTargetException {
		String value = Percent.strict(encoded, true);
		if (value == null) {
			throw new AmbiguousTargetException("expected: " + name + " in UTF-8, got: other octets");
		}
		if (!name.equals("search") && (!value.strip().equals(value) || PksPath.hasControl(value))) {
			throw new AmbiguousTargetException(
					"expected: " + name + " without blanks around its value, got: blanks or control characters");
		}
		return value;
	}

	private static List<String> options(@Nullable String options) {
		if (options == null) {
			return List.of();
		}
		if (options.indexOf(',') < 0) {
			return options.isEmpty() ? List.of() : List.of(options);
		}
		return List.of(options.split(",", -1)).stream().filter((option) -> !option.isEmpty()).toList();
	}

	private static boolean isOn(Map<String, String> values, String name) {
		return "on".equals(values.get(name));
	}

}
