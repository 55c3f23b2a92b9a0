package org.hkpgateway.sdk.test;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.netty.util.NetUtil;
import org.hkpgateway.sdk.Body;
import org.hkpgateway.sdk.Deadline;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Headers;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.log.RequestScope;

/**
 * A request in a test. Not safe for several threads.
 */
public final class TestRequest {

	private final PluginHarness plugin;

	private final String method;

	private final String target;

	private final Optional<HkpQuery> hkp;

	private final List<Headers.Field> headers = new ArrayList<>();

	private final Map<String, String> annotations = new LinkedHashMap<>();

	private InetSocketAddress client = address("192.0.2.1");

	private Body body = Body.absent();

	private Deadline deadline = Deadline.none();

	private String traceparent = "";

	private boolean tls;

	private boolean dryRun;

	TestRequest(PluginHarness plugin, String method, String target) {
		this.plugin = plugin;
		this.method = method;
		this.target = target;
		this.hkp = Targets.hkp(method, target);
	}

	/**
	 * Sets the client.
	 * @param address a literal address, IPv4 or IPv6
	 * @return this
	 */
	public TestRequest from(String address) {
		this.client = address(address);
		return this;
	}

	/**
	 * Adds a header. Credentials reach the plugin only with the grant
	 * {@code http.credentials}.
	 * @param name its name
	 * @param value its value
	 * @return this
	 */
	public TestRequest header(String name, String value) {
		this.headers.add(new Headers.Field(name, value));
		return this;
	}

	/**
	 * Sets a body, all of it shown. Without the grant {@code http.request.body} the
	 * plugin sees that there is one, and nothing of it.
	 * @param text its text in UTF-8
	 * @return this
	 */
	public TestRequest body(String text) {
		return body(text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Sets a body, as {@link #body(String)}.
	 * @param bytes its bytes
	 * @return this
	 */
	public TestRequest body(byte[] bytes) {
		this.body = new Body(Body.State.COMPLETE, ByteBuffer.wrap(bytes.clone()), bytes.length);
		return this;
	}

	/**
	 * Sets a body of which only the beginning is shown.
	 * @param beginning its first bytes
	 * @param length of all of it; -1 if the client did not say
	 * @return this
	 */
	public TestRequest bodyPrefix(byte[] beginning, long length) {
		this.body = new Body(Body.State.PREFIX, ByteBuffer.wrap(beginning.clone()), length);
		return this;
	}

	/**
	 * Adds a note of another plugin.
	 * @param key {@code <plugin>.<key>}
	 * @param value its value
	 * @return this
	 */
	public TestRequest annotation(String key, String value) {
		this.annotations.put(key, value);
		return this;
	}

	/**
	 * Lets the client speak TLS.
	 * @return this
	 */
	public TestRequest tls() {
		this.tls = true;
		return this;
	}

	/**
	 * Sets how long the gateway waits; nothing is cut off.
	 * @param time from now
	 * @return this
	 */
	public TestRequest deadline(Duration time) {
		this.deadline = Deadline.after(time);
		return this;
	}

	/**
	 * Sets the trace.
	 * @param traceparent as W3C Trace Context writes it
	 * @return this
	 */
	public TestRequest traceparent(String traceparent) {
		this.traceparent = traceparent;
		return this;
	}

	/**
	 * Makes it a dry run.
	 * @return this
	 */
	public TestRequest dryRun() {
		this.dryRun = true;
		return this;
	}

	/**
	 * Builds the request, as the plugin is shown it.
	 * @return the request
	 */
	public Request build() {
		return new Request("test", this.method, Targets.path(this.target), this.target, Targets.query(this.target),
				Headers.of(shownHeaders()), this.client, this.tls, this.hkp, shownBody(), this.annotations,
				this.deadline, this.traceparent, this.plugin.grants(), this.dryRun);
	}

	/**
	 * Lets the plugin decide.
	 * @return its decision
	 * @throws Exception what the handler throws
	 * @throws IllegalStateException if the gateway would not ask, or would refuse the
	 * decision for want of a grant
	 */
	public Decision handle() throws Exception {
		this.plugin.expect(true, "defaults()", "http.request");
		if (this.dryRun) {
			this.plugin.expect(this.plugin.options().hasDryRun(), "supportsDryRun()", "http.request");
		}
		Request request = build();
		Decision decision = PluginHarness.await(new RequestScope(request.id(), this.traceparent),
				() -> this.plugin.handler().handleAsync(request));
		if (decision == null) {
			throw new IllegalStateException("expected: a decision, got: null");
		}
		GrantCheck.check(request, decision);
		return decision;
	}

	/**
	 * Begins the keyserver's answer to this request.
	 * @param status its status
	 * @return without headers
	 */
	public TestResponse answered(int status) {
		return new TestResponse(this.plugin, build(), status);
	}

	private List<Headers.Field> shownHeaders() {
		boolean all = this.plugin.grants().contains("http.credentials");
		return this.headers.stream().filter((field) -> all || !GrantCheck.isCredential(field.name())).toList();
	}

	private Body shownBody() {
		boolean hidden = this.body.state() != Body.State.ABSENT && !this.plugin.grants().contains("http.request.body");
		return hidden ? new Body(Body.State.WITHHELD, ByteBuffer.allocate(0), this.body.declaredLength()) : this.body;
	}

	private static InetSocketAddress address(String literal) {
		byte[] bytes = NetUtil.createByteArrayFromIpAddressString(literal);
		if (bytes == null) {
			throw new IllegalArgumentException("expected: an IPv4 or IPv6 address, got: '" + literal + "'");
		}
		try {
			return new InetSocketAddress(InetAddress.getByAddress(bytes), 40000);
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException("an address of " + bytes.length + " bytes is one", ex);
		}
	}

}
