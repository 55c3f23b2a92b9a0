package org.hkpgateway.proxy;

import java.util.List;

import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.http.RequestHead;

/**
 * What a trace may say of an exchange.
 *
 * @param exchange the exchange
 * @param addresses how much of addresses is shown
 */
record TracedExchange(Exchange exchange, ClientAddressSettings.Log addresses) implements TracedRequest {

	private static final int MAX_PATH_CHARS = 256;

	private static final String VERSION_2 = "/pks/v2/";

	private static final String CERTS = VERSION_2 + "certs/";

	@Override
	public String traceparent() {
		return ofTrustedProxy(TraceContext.TRACEPARENT);
	}

	@Override
	public String tracestate() {
		return ofTrustedProxy(TraceContext.TRACESTATE);
	}

	/** Of a field that comes twice nobody knows which is meant. */
	private String ofTrustedProxy(CharSequence name) {
		ClientAddress client = this.exchange.client();
		if (client == null || !client.trustedPeer() || this.exchange.unreadable() != null) {
			return "";
		}
		HttpHeaders fields = this.exchange.fields();
		List<String> values = fields.getAll(name);
		return (values.size() == 1) ? values.get(0) : "";
	}

	@Override
	public long elapsedNanos() {
		return this.exchange.elapsedNanos();
	}

	@Override
	public String id() {
		return this.exchange.id();
	}

	@Override
	public String method() {
		String method = this.exchange.method();
		return RequestHead.METHODS.contains(method) ? method : "_OTHER";
	}

	@Override
	public String path() {
		if (this.exchange.hkp() == null && this.exchange.decision().equals("refuse")) {
			// Nobody knows where in it stands what is looked for.
			return "";
		}
		String target = this.exchange.target();
		int query = target.indexOf('?');
		String path = withoutArgument((query >= 0) ? target.substring(0, query) : target);
		return (path.length() > MAX_PATH_CHARS) ? path.substring(0, MAX_PATH_CHARS) : path;
	}

	/** In version 2 what is looked for is the last part of the path. */
	private static String withoutArgument(String path) {
		if (!path.startsWith(VERSION_2)) {
			return path;
		}
		int slash = path.indexOf('/', path.startsWith(CERTS) ? CERTS.length() : VERSION_2.length());
		return (slash >= 0 && slash < path.length() - 1) ? path.substring(0, slash + 1) + "REDACTED" : path;
	}

	@Override
	public String scheme() {
		ClientAddress client = this.exchange.client();
		return (client == null) ? "" : client.tls() ? "https" : "http";
	}

	@Override
	public String version() {
		String protocol = this.exchange.protocol();
		return protocol.startsWith("HTTP/") ? protocol.substring(5) : "";
	}

	@Override
	public String client() {
		ClientAddress client = this.exchange.client();
		return (client != null) ? this.addresses.show(client.client().getAddress()) : "";
	}

	@Override
	public String operation() {
		HkpRequest hkp = this.exchange.hkp();
		return (hkp != null) ? hkp.operation().name() : "";
	}

	@Override
	public String decision() {
		return this.exchange.decision();
	}

	@Override
	public String plugin() {
		PluginOutcome decider = AccessLog.decider(this.exchange.trace());
		return (decider != null) ? decider.plugin().toString() : "";
	}

	@Override
	public List<PluginOutcome> outcomes() {
		return this.exchange.trace().outcomes();
	}

	@Override
	public int status() {
		return this.exchange.isHeadSent() ? this.exchange.response().status().code() : -1;
	}

	@Override
	public String ending() {
		return this.exchange.ending().label();
	}

	@Override
	public long received() {
		return this.exchange.received();
	}

	@Override
	public long sent() {
		return this.exchange.sent();
	}

}
