package org.hkpgateway.proxy;

/**
 * The first line of a request, RFC 9112 section 3: three words with one space between.
 *
 * @param http10 whether the version is 1.0, else it is 1.1
 * @param bodiless whether the method has no use for a body
 */
record RequestLine(boolean http10, boolean bodiless) {

	private static final String VERSION_1_0 = "HTTP/1.0";

	private static final String VERSION_1_1 = "HTTP/1.1";

	/**
	 * Reads a line.
	 * @param line an array that holds it
	 * @param length its length, without its end
	 * @return what it says of the rest of the request
	 * @throws Refusal if it is malformed, or of another version
	 */
	static RequestLine read(byte[] line, int length) {
		int methodEnd = Octets.indexOf(' ', line, 0, length);
		int targetEnd = (methodEnd < 0) ? -1 : Octets.indexOf(' ', line, methodEnd + 1, length);
		if (targetEnd < 0 || !Octets.isToken(line, 0, methodEnd)) {
			throw Refusal
				.badRequest("Expected a method, a target and a version with one space between, got something else.");
		}
		String version = version(line, targetEnd + 1, length);
		if (line[methodEnd + 1] != '/' || !Octets.isVisible(line, methodEnd + 1, targetEnd, false)) {
			throw Refusal.badRequest(
					"Expected a request target that starts with / and has no control characters, got something else.");
		}
		if (Octets.same("CONNECT", line, 0, methodEnd)) {
			throw Refusal.methodNotAllowed("CONNECT");
		}
		return new RequestLine(version.equals(VERSION_1_0),
				Octets.same("GET", line, 0, methodEnd) || Octets.same("HEAD", line, 0, methodEnd));
	}

	private static String version(byte[] line, int from, int to) {
		if (Octets.same(VERSION_1_1, line, from, to)) {
			return VERSION_1_1;
		}
		if (Octets.same(VERSION_1_0, line, from, to)) {
			return VERSION_1_0;
		}
		boolean wellFormed = to - from == VERSION_1_1.length() && Octets.same("HTTP/", line, from, from + 5)
				&& Octets.isNumber(line, from + 5, from + 6) && line[from + 6] == '.'
				&& Octets.isNumber(line, from + 7, to);
		throw wellFormed ? Refusal.versionNotSupported()
				: Refusal.badRequest("Expected HTTP/1.0 or HTTP/1.1 at the end of the first line, got something else.");
	}

}
