package org.hkpgateway.plugin;

import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;

import org.jspecify.annotations.Nullable;

/**
 * Makes of a request what a decision asks for, or refuses all of it. That a plugin was
 * granted it is for others to check.
 *
 * @param maxBody the most bytes that a replaced body may have
 */
public record RequestChanges(long maxBody) {

	/** Bodies up to 16 MiB. */
	public static final RequestChanges DEFAULTS = new RequestChanges(16L * 1024 * 1024);

	/**
	 * Applies a decision: target, then body, then headers. What follows from the target
	 * (path, query, HKP request) and from the body (its length) is made anew.
	 * @param decision what a plugin wants
	 * @param shown the request as that plugin was shown it
	 * @param whole the same request with nothing withheld
	 * @return the request as it goes on
	 * @throws IllegalArgumentException if a part of it cannot be done; the message says
	 * what was expected
	 */
	public RequestEvent apply(Decision.Continue decision, RequestEvent shown, RequestEvent whole) {
		RequestEvent next = whole;
		if (decision.rewrite() != null) {
			next = rewritten(whole, decision.rewrite());
		}
		BodyReplacement body = decision.body();
		if (body != null) {
			checkBody(body, shown, next);
			next = next.withBody(RequestBody.complete(body.bytes()));
			List<HeaderMutation> about = new ArrayList<>(2);
			about.add(new HeaderMutation.Set("Content-Length", String.valueOf(body.bytes().remaining())));
			if (body.contentType() != null) {
				about.add(new HeaderMutation.Set("Content-Type", body.contentType()));
			}
			next = withHeaders(next, next.head().headers().apply(about));
		}
		return decision.requestHeaders().isEmpty() ? next
				: withHeaders(next, next.head().headers().apply(decision.requestHeaders()));
	}

	private static RequestEvent withHeaders(RequestEvent event, Headers headers) {
		RequestHead head = event.head().withHeaders(headers);
		return event.withHead(head);
	}

	private static RequestEvent rewritten(RequestEvent event, TargetRewrite rewrite) {
		RequestEvent next = event.withTarget(rewrite.of(event.head().target()));
		if (isHashquery(next.hkp()) != isHashquery(event.hkp())) {
			throw new IllegalArgumentException("target: expected: a hashquery if and only if it was one, because its "
					+ "body is checked as it comes, got: " + next.head().rawPath());
		}
		return next;
	}

	private void checkBody(BodyReplacement body, RequestEvent shown, RequestEvent next) {
		if (shown.body().state() != RequestBody.State.COMPLETE) {
			throw new IllegalArgumentException("body: expected: one of which the plugin was shown all, got: "
					+ shown.body().state() + "; what it has not seen it cannot replace");
		}
		if (body.bytes().remaining() > this.maxBody) {
			throw new IllegalArgumentException("body: expected: at most " + this.maxBody + " bytes, got: "
					+ body.bytes().remaining() + " bytes in its place");
		}
		if (isHashquery(next.hkp())) {
			throw new IllegalArgumentException(
					"body: expected: that of a hashquery as it came, because it was checked, got: another one");
		}
	}

	private static boolean isHashquery(@Nullable HkpRequest request) {
		return request != null && request.operation() == Operation.HASHQUERY;
	}

}
