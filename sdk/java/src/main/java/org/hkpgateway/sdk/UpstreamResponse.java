package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.hkpgateway.sdk.log.TraceParent;

/**
 * The head of the keyserver's answer, before its body, as a plugin sees it in the
 * response phase. Immutable; may be kept and shared between threads.
 *
 * @param id the gateway's id of the request, as in its log; over a stream
 * {@link Request#id()} has a suffix after it
 * @param status of the keyserver
 * @param headers as the client would get them now: without hop-by-hop fields, and with
 * what plugins have changed so far. {@code Set-Cookie} only with the grant
 * {@code http.credentials}
 * @param request what this answers; empty without the grant {@code http.request}
 * @param upstream from sending the request to the keyserver to this answer
 * @param annotations notes of all plugins so far, {@code <plugin>.<key>}, those of the
 * request among them; none without the grant {@code http.request}
 * @param deadline until when the gateway waits
 * @param traceparent W3C Trace Context of this call; empty when it is not traced
 * @param grants the capabilities in force
 * @param dryRun decide as for a real answer, but change no state
 */
public record UpstreamResponse(String id, int status, Headers headers, Optional<AnsweredRequest> request,
		Duration upstream, Map<String, String> annotations, Deadline deadline, String traceparent, Set<String> grants,
		boolean dryRun) {

	public UpstreamResponse {
		annotations = Map.copyOf(annotations);
		grants = Set.copyOf(grants);
	}

	/**
	 * Whether this answers a request for an operation.
	 * @param operation the operation
	 * @return false also outside HKP, and when the request is not shown
	 */
	public boolean is(Operation operation) {
		return this.request.isPresent() && this.request.get().is(operation);
	}

	/**
	 * Whether the keyserver refused or failed.
	 * @return true from status 400 on
	 */
	public boolean isError() {
		return this.status >= 400;
	}

	/**
	 * The trace that the request belongs to.
	 * @return 32 hex digits, or empty when it is not traced
	 */
	public String traceId() {
		return TraceParent.traceId(this.traceparent);
	}

}
