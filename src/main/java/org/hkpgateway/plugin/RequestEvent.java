package org.hkpgateway.plugin;

import java.net.InetSocketAddress;
import java.util.Map;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.http.RequestHead;

import org.jspecify.annotations.Nullable;

/**
 * One request as one plugin is shown it. Immutable; shared by plugins of equal view.
 *
 * @param id the gateway's request id
 * @param head request line and headers: hop-by-hop and forwarded fields removed, and
 * credentials unless granted
 * @param path decoded path as UTF-8
 * @param query decoded query, of a repeated name the first value
 * @param hkp the gateway's understanding; null outside HKP
 * @param client the resolved client, never a claim of the client itself
 * @param tls whether the client spoke TLS
 * @param body what is shown of the body
 * @param annotations notes of earlier plugins, {@code <plugin>.<key>}
 * @param dryRun whether the request is not real: a plugin decides as if it were, and
 * changes no state
 */
public record RequestEvent(String id, RequestHead head, String path, Map<String, String> query,
		@Nullable HkpRequest hkp, InetSocketAddress client, boolean tls, RequestBody body,
		Map<String, String> annotations, boolean dryRun) {

	public RequestEvent {
		query = Map.copyOf(query);
		annotations = Map.copyOf(annotations);
	}

	/**
	 * A real request.
	 * @param id the gateway's request id
	 * @param head request line and headers
	 * @param path decoded path as UTF-8
	 * @param query decoded query
	 * @param hkp the gateway's understanding; null outside HKP
	 * @param client the resolved client
	 * @param tls whether the client spoke TLS
	 * @param body what is shown of the body
	 * @param annotations notes of earlier plugins
	 */
	public RequestEvent(String id, RequestHead head, String path, Map<String, String> query, @Nullable HkpRequest hkp,
			InetSocketAddress client, boolean tls, RequestBody body, Map<String, String> annotations) {
		this(id, head, path, query, hkp, client, tls, body, annotations, false);
	}

	/**
	 * A request as it came, without its body. Path and query are read from its target.
	 * @param id the gateway's request id
	 * @param head request line and headers
	 * @param hkp what the gateway has understood of the target
	 * @param client the resolved client
	 * @param tls whether the client spoke TLS
	 * @return an event without annotations
	 */
	public static RequestEvent arrived(String id, RequestHead head, @Nullable HkpRequest hkp, InetSocketAddress client,
			boolean tls) {
		return new RequestEvent(id, head, HkpTargets.decodedPath(head.target()), HkpTargets.query(head.target()), hkp,
				client, tls, RequestBody.ABSENT, Map.of());
	}

	/**
	 * The same with another target, understood anew: path, query and HKP request are
	 * those of the new one.
	 * @param target path and query, percent-encoded
	 * @return a new event
	 * @throws IllegalArgumentException if the gateway would refuse such a target from a
	 * client, or it is too long; the message says what was expected
	 */
	public RequestEvent withTarget(String target) {
		if (target.length() > TargetRewrite.MAX_TARGET_BYTES) {
			throw new IllegalArgumentException(
					"target: expected: at most " + TargetRewrite.MAX_TARGET_BYTES + " bytes, got: " + target.length());
		}
		HkpTarget understood = HkpTargets.parse(this.head.method(), target);
		if (understood instanceof HkpTarget.Refused refused) {
			throw new IllegalArgumentException("target: " + refused.reason());
		}
		HkpRequest request = (understood instanceof HkpTarget.Hkp known) ? known.request() : null;
		return new RequestEvent(this.id, this.head.withTarget(target), HkpTargets.decodedPath(target),
				HkpTargets.query(target), request, this.client, this.tls, this.body, this.annotations, this.dryRun);
	}

	/**
	 * The same with another head of the same target.
	 * @param head the head
	 * @return a new event
	 */
	public RequestEvent withHead(RequestHead head) {
		return new RequestEvent(this.id, head, this.path, this.query, this.hkp, this.client, this.tls, this.body,
				this.annotations, this.dryRun);
	}

	/**
	 * The same with another body.
	 * @param body the body
	 * @return a new event
	 */
	public RequestEvent withBody(RequestBody body) {
		return new RequestEvent(this.id, this.head, this.path, this.query, this.hkp, this.client, this.tls, body,
				this.annotations, this.dryRun);
	}

	/**
	 * The same with other annotations.
	 * @param annotations all of them
	 * @return a new event
	 */
	public RequestEvent withAnnotations(Map<String, String> annotations) {
		return new RequestEvent(this.id, this.head, this.path, this.query, this.hkp, this.client, this.tls, this.body,
				annotations, this.dryRun);
	}

	/**
	 * The same, not real.
	 * @return a new event, for a dry run
	 */
	public RequestEvent asDryRun() {
		return new RequestEvent(this.id, this.head, this.path, this.query, this.hkp, this.client, this.tls, this.body,
				this.annotations, true);
	}

}
