package org.hkpgateway.hkp;

import java.util.Arrays;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * The paths of an HKP keyserver and the methods they answer to.
 */
enum Endpoint {

	LOOKUP("/pks/lookup", Access.READ, null, Argument.NONE),
	ADD("/pks/add", Access.WRITE, Operation.ADD, Argument.NONE),
	REPLACE("/pks/replace", Access.WRITE, Operation.REPLACE, Argument.NONE),
	DELETE("/pks/delete", Access.WRITE, Operation.DELETE, Argument.NONE),
	HASHQUERY("/pks/hashquery", Access.WRITE, Operation.HASHQUERY, Argument.NONE),
	STATS("/pks/stats", Access.READ, Operation.STATS, Argument.NONE),
	HEALTH("/pks/health", Access.READ, Operation.HEALTH, Argument.NONE),
	V2_ADD("/pks/v2/certs", Access.WRITE, Operation.V2_ADD, Argument.NONE),
	V2_BY_VFINGERPRINT("/pks/v2/certs/by-vfingerprint/", Access.READ, Operation.V2_CERTS_BY_VFINGERPRINT,
			Argument.PLAIN),
	V2_BY_IDENTITY("/pks/v2/certs/by-identity/", Access.READ, Operation.V2_CERTS_BY_IDENTITY, Argument.ENCODED),
	V2_BY_KEYID("/pks/v2/certs/by-keyid/", Access.READ, Operation.V2_CERTS_BY_KEYID, Argument.PLAIN),
	V2_INDEX("/pks/v2/index/", Access.READ, Operation.V2_INDEX, Argument.ENCODED),
	V2_PREFIXLOG("/pks/v2/prefixlog/", Access.READ, Operation.V2_PREFIXLOG, Argument.PLAIN);

	/** Which methods an endpoint answers to. */
	private enum Access {

		/** GET and HEAD. */
		READ,
		/** POST. */
		WRITE

	}

	/** What follows the path of an endpoint. */
	enum Argument {

		/** Nothing. */
		NONE,
		/** One segment, never percent-encoded. */
		PLAIN,
		/** One segment, percent-encoded UTF-8. */
		ENCODED

	}

	private final String path;

	private final Access access;

	private final @Nullable Operation operation;

	private final Argument argument;

	Endpoint(String path, Access access, @Nullable Operation operation, Argument argument) {
		this.path = path;
		this.access = access;
		this.operation = operation;
		this.argument = argument;
	}

	/**
	 * Finds the endpoint of a canonical path.
	 * @param path a path under {@code /pks/}
	 * @return the endpoint, or null if the path is none that is known
	 */
	static @Nullable Endpoint of(String path) {
		for (Endpoint endpoint : values()) {
			if (endpoint.matches(path)) {
				return endpoint;
			}
		}
		return null;
	}

	/**
	 * Finds an endpoint whose path differs in the case of its letters only.
	 * @param path a path under {@code /pks/}
	 * @return the path as it should be written, or null if there is none
	 */
	static @Nullable String misspelt(String path) {
		for (Endpoint endpoint : values()) {
			boolean folded = (endpoint.argument != Argument.NONE)
					? path.regionMatches(true, 0, endpoint.path, 0, endpoint.path.length())
					: path.equalsIgnoreCase(endpoint.path);
			if (folded && !path.startsWith(endpoint.path)) {
				return endpoint.path;
			}
		}
		return null;
	}

	/**
	 * Where an operation is asked for.
	 * @param operation not {@link Operation#OTHER}
	 * @return one or more
	 */
	static Stream<Endpoint> all(Operation operation) {
		boolean own = Arrays.stream(values()).anyMatch((endpoint) -> endpoint.operation == operation);
		return Arrays.stream(values()).filter((endpoint) -> own ? endpoint.operation == operation : endpoint == LOOKUP);
	}

	/**
	 * As it is written.
	 * @return the path; if a segment follows, all before that
	 */
	String path() {
		return this.path;
	}

	private boolean matches(String path) {
		if (this.argument == Argument.NONE) {
			return path.equals(this.path);
		}
		return path.startsWith(this.path) && path.length() > this.path.length()
				&& path.indexOf('/', this.path.length()) < 0;
	}

	boolean answersTo(String method) {
		return switch (this.access) {
			case READ -> method.equals("GET") || method.equals("HEAD");
			case WRITE -> method.equals("POST");
		};
	}

	/**
	 * What the endpoint does, or null where the query decides.
	 * @return the operation
	 */
	@Nullable Operation operation() {
		return this.operation;
	}

	Argument argument() {
		return this.argument;
	}

	boolean takesUpload() {
		return this.operation != null && this.operation.isUpload();
	}

	/**
	 * The last segment of a path of this endpoint.
	 * @param path a path that this endpoint was found for
	 * @return as written, empty where {@link #argument()} is NONE
	 */
	String argumentOf(String path) {
		return path.substring(this.path.length());
	}

}
