package org.hkpgateway.chain;

import java.nio.ByteBuffer;

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

	static PluginView of(PluginSpec spec) {
		return new PluginView(spec.granted().contains(Capability.HTTP_CREDENTIALS), spec.body(),
				(spec.body() == BodyMode.PREFIX) ? spec.bodyPrefixBytes() : 0);
	}

	/**
	 * The same for one request: of a request without a body all see the same of it.
	 * @param event the request
	 * @return equal for all plugins that are shown the same
	 */
	PluginView on(RequestEvent event) {
		RequestBody.State state = event.body().state();
		boolean nothing = state == RequestBody.State.ABSENT || state == RequestBody.State.WITHHELD;
		return (nothing && this.body != BodyMode.NONE) ? new PluginView(this.credentials, BodyMode.NONE, 0) : this;
	}

	RequestEvent of(RequestEvent event) {
		RequestEvent shown = event;
		if (!this.credentials) {
			shown = shown.withHead(shown.head().withHeaders(shown.head().headers().without(PluginView::isCredential)));
		}
		return shown.withBody(body(event.body()));
	}

	private RequestBody body(RequestBody body) {
		if (body.state() == RequestBody.State.ABSENT || body.state() == RequestBody.State.WITHHELD) {
			return body;
		}
		return switch (this.body) {
			case NONE -> RequestBody.withheld(body.length());
			case FULL -> body;
			case PREFIX -> prefix(body);
		};
	}

	private RequestBody prefix(RequestBody body) {
		ByteBuffer bytes = body.bytes().duplicate();
		if (bytes.remaining() <= this.prefixBytes) {
			return body;
		}
		bytes.limit(bytes.position() + this.prefixBytes);
		return new RequestBody(RequestBody.State.PREFIX, bytes, body.length());
	}

	private static boolean isCredential(String name) {
		return name.equalsIgnoreCase("authorization") || name.equalsIgnoreCase("cookie")
				|| name.equalsIgnoreCase("proxy-authorization");
	}

}
