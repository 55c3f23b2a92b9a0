package org.hkpgateway.hkp;

/**
 * What a request target means.
 */
public sealed interface HkpTarget {

	/**
	 * An HKP request in canonical form.
	 *
	 * @param request the request
	 */
	record Hkp(HkpRequest request) implements HkpTarget {
	}

	/** Not HKP: static files and the like. Passes through with its bytes untouched. */
	record Other() implements HkpTarget {
	}

	/**
	 * A target that two programs could understand differently. To be answered 400.
	 *
	 * @param reason one sentence for the client: what was expected, what came
	 */
	record Refused(String reason) implements HkpTarget {
	}

}
