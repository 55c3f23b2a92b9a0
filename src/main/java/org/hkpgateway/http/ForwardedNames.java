package org.hkpgateway.http;

/**
 * The header fields that say who sent a request and which way it came: Forwarded (RFC
 * 7239), X-Real-IP, and whatever begins with X-Forwarded-. An underscore counts as a
 * hyphen, as in {@link ReservedHeaders}.
 */
public final class ForwardedNames {

	private static final FieldNames NAMES = FieldNames.of("forwarded", "x-real-ip");

	private static final String FAMILY = "x-forwarded-";

	private ForwardedNames() {
	}

	/**
	 * Whether a field is one of them. Allocates nothing.
	 * @param name in any case, with hyphens or underscores
	 * @return true if it is
	 */
	public static boolean contains(String name) {
		return NAMES.couldContain(name) || FieldNames.couldBegin(name, FAMILY);
	}

}
