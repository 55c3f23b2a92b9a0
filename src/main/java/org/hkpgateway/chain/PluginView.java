package org.hkpgateway.chain;

import java.nio.ByteBuffer;

import org.hkpgateway.http.FieldNames;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

/**
 * What a plugin may see of a request. Plugins of equal view share one event, so that it
 * is built and encoded once.
 *
 * @param credentials whether Authorization and Cookie are shown
 * @param body how much of the body is shown
 * @param prefixBytes how many bytes {@link BodyMode#PREFIX} means, else 0
 */
record PluginView(boolean credentials, BodyMode body, int prefixBytes) {

	private static final FieldNames CREDENTIALS = FieldNames.of("authorization", "cookie", "proxy-authorization");

	static PluginView of(PluginSpec spec) {
		return new PluginView(spec.granted().contains(Capability.HTTP_CREDENTIALS), spec.body(),
				(spec.body() == BodyMode.PREFIX) ? spec.bodyPrefixBytes() : 0);
	}

	/**
	 * The same for one request: of a request without a body all see the same of it, and
	 * of a short one those who want a prefix see all.
	 * @param event the request
	 * @return equal for all plugins that are shown the same of the body
	 */
	PluginView on(RequestEvent event) {
		BodyMode shown = !isReadable(event.body()) ? BodyMode.NONE
				: showsAllOf(event.body()) ? BodyMode.FULL : this.body;
		return (shown != this.body) ? new PluginView(this.credentials, shown, 0) : this;
	}

	/**
	 * What is seen of a request.
	 * @param event with nothing withheld
	 * @return this very event if there is nothing to withhold
	 */
	RequestEvent of(RequestEvent event) {
		RequestEvent shown = this.credentials ? event : withoutCredentials(event);
		RequestBody body = event.body();
		return (!isReadable(body) || showsAllOf(body)) ? shown : shown.withBody(cut(body));
	}

	private static RequestEvent withoutCredentials(RequestEvent event) {
		Headers headers = event.head().headers();
		Headers visible = headers.without(CREDENTIALS::couldContain);
		return (visible.fields().size() == headers.fields().size()) ? event
				: event.withHead(event.head().withHeaders(visible));
	}

	private static boolean isReadable(RequestBody body) {
		return body.state() != RequestBody.State.ABSENT && body.state() != RequestBody.State.WITHHELD;
	}

	private boolean showsAllOf(RequestBody body) {
		return this.body == BodyMode.FULL
				|| (this.body == BodyMode.PREFIX && body.bytes().remaining() <= this.prefixBytes);
	}

	/** A copy: a shadow may keep it when the whole is no longer needed. */
	private RequestBody cut(RequestBody body) {
		if (this.body == BodyMode.NONE) {
			return RequestBody.withheld(body.length());
		}
		byte[] copy = new byte[this.prefixBytes];
		body.bytes().get(body.bytes().position(), copy);
		return new RequestBody(RequestBody.State.PREFIX, ByteBuffer.wrap(copy), body.length());
	}

}
