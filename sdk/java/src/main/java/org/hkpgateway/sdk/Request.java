package org.hkpgateway.sdk;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.hkpgateway.sdk.log.TraceParent;

import org.jspecify.annotations.Nullable;

/**
 * One request as a plugin sees it. Immutable; may be kept and shared between threads.
 *
 * @param id the gateway's request id, also in its log
 * @param method upper case by convention: {@code GET}, {@code POST}
 * @param path percent-decoded, without the query
 * @param target path and query exactly as received (ISO-8859-1)
 * @param query decoded; of a repeated name the first value
 * @param headers header fields; credentials only with the grant {@code http.credentials}
 * @param client the client as the gateway resolved it; no header can forge it
 * @param tls whether the client spoke TLS
 * @param hkp the gateway's reading of the request; empty for a target outside HKP
 * @param body what this plugin is shown of the body
 * @param annotations notes of plugins that ran earlier, {@code <plugin>.<key>}
 * @param deadline until when the gateway waits for the decision
 * @param traceparent W3C Trace Context of this very call, to be the parent of what the
 * plugin does; empty when the request is not traced
 * @param grants the capabilities in force
 * @param dryRun decide as for a real request, but change no state; only with
 * {@link PluginOptions#supportsDryRun()}
 */
public record Request(String id, String method, String path, String target, Map<String, String> query, Headers headers,
		InetSocketAddress client, boolean tls, Optional<HkpQuery> hkp, Body body, Map<String, String> annotations,
		Deadline deadline, String traceparent, Set<String> grants, boolean dryRun) {

	public Request {
		query = Map.copyOf(query);
		annotations = Map.copyOf(annotations);
		grants = Set.copyOf(grants);
	}

	/**
	 * The client's address.
	 * @return an IPv4 or IPv6 address, never a name
	 */
	public InetAddress clientAddress() {
		return this.client.getAddress();
	}

	/**
	 * The client's port.
	 * @return 0 to 65535
	 */
	public int clientPort() {
		return this.client.getPort();
	}

	/**
	 * Whether this is a request for one of some operations.
	 * @param operations the operations
	 * @return false also outside HKP
	 */
	public boolean is(Operation... operations) {
		return this.hkp.isPresent() && List.of(operations).contains(this.hkp.get().operation());
	}

	/**
	 * The trace that the request belongs to.
	 * @return 32 hex digits, or empty when it is not traced
	 */
	public String traceId() {
		return TraceParent.traceId(this.traceparent);
	}

	/**
	 * Starts a request for a test of a plugin.
	 * @param method for example {@code GET}
	 * @param target path and query
	 * @return a builder of a request from 192.0.2.1, port 40000, without headers and body
	 */
	public static Builder builder(String method, String target) {
		return new Builder(method, target);
	}

	/**
	 * Builds requests, for tests of plugins. Not safe for several threads.
	 */
	public static final class Builder {

		private final String method;

		private final String target;

		private final List<Headers.Field> headers = new ArrayList<>();

		private final Map<String, String> query = new LinkedHashMap<>();

		private final Map<String, String> annotations = new LinkedHashMap<>();

		private InetSocketAddress client = new InetSocketAddress("192.0.2.1", 40000);

		private @Nullable HkpQuery hkp;

		private Body body = Body.absent();

		private boolean dryRun;

		private Builder(String method, String target) {
			this.method = method;
			this.target = target;
		}

		/**
		 * Sets the client.
		 * @param client its resolved address and port
		 * @return this
		 */
		public Builder client(InetSocketAddress client) {
			this.client = client;
			return this;
		}

		/**
		 * Adds a header field.
		 * @param name its name
		 * @param value its value
		 * @return this
		 */
		public Builder header(String name, String value) {
			this.headers.add(new Headers.Field(name, value));
			return this;
		}

		/**
		 * Adds a decoded query parameter.
		 * @param name its name
		 * @param value its value
		 * @return this
		 */
		public Builder query(String name, String value) {
			this.query.put(name, value);
			return this;
		}

		/**
		 * Sets the gateway's reading.
		 * @param hkp the query
		 * @return this
		 */
		public Builder hkp(HkpQuery hkp) {
			this.hkp = hkp;
			return this;
		}

		/**
		 * Sets a complete body.
		 * @param text its text in UTF-8
		 * @return this
		 */
		public Builder body(String text) {
			ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
			this.body = new Body(Body.State.COMPLETE, bytes, bytes.remaining());
			return this;
		}

		/**
		 * Adds a note of an earlier plugin.
		 * @param key {@code <plugin>.<key>}
		 * @param value its value
		 * @return this
		 */
		public Builder annotation(String key, String value) {
			this.annotations.put(key, value);
			return this;
		}

		/**
		 * Makes it a dry run.
		 * @return this
		 */
		public Builder dryRun() {
			this.dryRun = true;
			return this;
		}

		/**
		 * Builds the request.
		 * @return the request
		 */
		public Request build() {
			int question = this.target.indexOf('?');
			String path = (question < 0) ? this.target : this.target.substring(0, question);
			return new Request("test", this.method, path, this.target, this.query, Headers.of(this.headers),
					this.client, false, Optional.ofNullable(this.hkp), this.body, this.annotations, Deadline.none(), "",
					Set.of("http.request", "http.respond"), this.dryRun);
		}

	}

}
