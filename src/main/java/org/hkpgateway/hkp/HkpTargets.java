package org.hkpgateway.hkp;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Understands request targets. Pure functions; they neither block nor throw for any
 * input, and their work grows linearly with the length of the target.
 *
 * <p>
 * Targets are octets as ISO-8859-1 characters, in origin form, for example
 * {@code /pks/lookup?op=get&search=0xA1B2C3D4}.
 */
public final class HkpTargets {

	private HkpTargets() {
	}

	/**
	 * Understands what a request asks for.
	 * @param method as sent; methods are case-sensitive
	 * @param rawTarget as sent
	 * @return what the target means, or why it is refused
	 */
	public static HkpTarget parse(String method, String rawTarget) {
		try {
			requireOriginForm(rawTarget);
			String path = path(rawTarget);
			if (PksPath.meant(path)) {
				PksPath.requireCanonical(path);
				return new HkpTarget.Hkp(understand(method, path, rawQuery(rawTarget)));
			}
			if (PksPath.hasControl(PksPath.decodeFully(path))) {
				throw new AmbiguousTargetException("expected: a path without control characters, got: an escaped one");
			}
			return new HkpTarget.Other();
		}
		catch (AmbiguousTargetException ex) {
			return new HkpTarget.Refused(ex.reason());
		}
	}

	/**
	 * The path of a target, percent-decoded once as UTF-8. Broken escapes stay, octets
	 * that are not UTF-8 become U+FFFD.
	 * @param rawTarget as sent
	 * @return the decoded path
	 */
	public static String decodedPath(String rawTarget) {
		return Percent.lenient(path(rawTarget), false);
	}

	/**
	 * The parameters of a target's query, decoded like a form, with the first value of
	 * each name. Broken escapes stay, octets that are not UTF-8 become U+FFFD.
	 * @param rawTarget as sent
	 * @return an unmodifiable map in the order of the query
	 */
	public static Map<String, String> query(String rawTarget) {
		Map<String, String> parameters = new LinkedHashMap<>();
		for (String pair : rawQuery(rawTarget).split("&", -1)) {
			if (!pair.isEmpty()) {
				int equals = pair.indexOf('=');
				String name = (equals < 0) ? pair : pair.substring(0, equals);
				String value = (equals < 0) ? "" : pair.substring(equals + 1);
				parameters.putIfAbsent(Percent.lenient(name, true), Percent.lenient(value, true));
			}
		}
		return Collections.unmodifiableMap(parameters);
	}

	private static void requireOriginForm(String target) throws AmbiguousTargetException {
		if (!target.startsWith("/")) {
			throw new AmbiguousTargetException("expected: a request target that starts with /, got: another form");
		}
		for (int i = 0; i < target.length(); i++) {
			char octet = target.charAt(i);
			if (octet == '#' || octet == ' ' || octet > 0xff || PksPath.isControl(octet)) {
				throw new AmbiguousTargetException("expected: a request target without fragment, blanks and control"
						+ " characters, got: octet 0x" + Integer.toHexString(octet) + " in it");
			}
		}
	}

	private static HkpRequest understand(String method, String path, String query) throws AmbiguousTargetException {
		Endpoint endpoint = Endpoint.of(path);
		if (endpoint == null || !endpoint.answersTo(method)) {
			return HkpRequest.of(Operation.OTHER);
		}
		if (endpoint.takesUpload()) {
			LookupQuery.requireNoUpload(query);
		}
		Operation operation = endpoint.operation();
		if (operation == null) {
			return LookupQuery.parse(query);
		}
		if (endpoint.argument() == Endpoint.Argument.NONE) {
			return HkpRequest.of(operation);
		}
		SearchTerm term = SearchTerm.ofVersion2(operation, Percent.lenient(endpoint.argumentOf(path), false));
		return new HkpRequest(operation, term.text(), term.fingerprint(), term.keyId(), List.of(), false, false, false);
	}

	private static String path(String target) {
		int question = target.indexOf('?');
		return (question < 0) ? target : target.substring(0, question);
	}

	private static String rawQuery(String target) {
		int question = target.indexOf('?');
		return (question < 0) ? "" : target.substring(question + 1);
	}

}
