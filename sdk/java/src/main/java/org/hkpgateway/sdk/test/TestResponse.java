package org.hkpgateway.sdk.test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.hkpgateway.sdk.AnsweredRequest;
import org.hkpgateway.sdk.Headers;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.ResponseDecision;
import org.hkpgateway.sdk.UpstreamResponse;
import org.hkpgateway.sdk.log.RequestScope;

/**
 * The keyserver's answer in a test. Not safe for several threads.
 */
public final class TestResponse {

	private final PluginHarness plugin;

	private final Request request;

	private final int status;

	private final List<Headers.Field> headers = new ArrayList<>();

	private Duration upstream = Duration.ofMillis(5);

	TestResponse(PluginHarness plugin, Request request, int status) {
		this.plugin = plugin;
		this.request = request;
		this.status = status;
	}

	/**
	 * Adds a header. {@code Set-Cookie} reaches the plugin only with the grant
	 * {@code http.credentials}.
	 * @param name its name
	 * @param value its value
	 * @return this
	 */
	public TestResponse header(String name, String value) {
		this.headers.add(new Headers.Field(name, value));
		return this;
	}

	/**
	 * Sets how long the keyserver took.
	 * @param time 5 ms unless set
	 * @return this
	 */
	public TestResponse after(Duration time) {
		this.upstream = time;
		return this;
	}

	/**
	 * Builds the answer, as the plugin is shown it: without the grant
	 * {@code http.request} it is not told what this answers.
	 * @return the answer
	 */
	public UpstreamResponse build() {
		boolean shown = this.plugin.grants().contains("http.request");
		boolean credentials = this.plugin.grants().contains("http.credentials");
		List<Headers.Field> fields = this.headers.stream()
			.filter((field) -> credentials || !field.name().equalsIgnoreCase("set-cookie"))
			.toList();
		Optional<AnsweredRequest> answered = shown ? Optional.of(new AnsweredRequest(this.request.method(),
				this.request.target(), this.request.client(), this.request.hkp())) : Optional.empty();
		return new UpstreamResponse(this.request.id(), this.status, Headers.of(fields), answered, this.upstream,
				shown ? this.request.annotations() : Map.of(), this.request.deadline(), this.request.traceparent(),
				this.plugin.grants(), this.request.dryRun());
	}

	/**
	 * Shows it to the plugin.
	 * @return its decision
	 * @throws Exception what the handler throws
	 * @throws IllegalStateException if the gateway would not show it, or would refuse the
	 * decision for want of a grant
	 */
	public ResponseDecision onResponse() throws Exception {
		this.plugin.expect(this.plugin.options().hasResponses(), "handlesResponses()", "http.response");
		UpstreamResponse response = build();
		ResponseDecision decision = PluginHarness.await(new RequestScope(response.id(), response.traceparent()),
				() -> this.plugin.handler().onResponseAsync(response));
		if (decision == null) {
			throw new IllegalStateException("expected: a decision, got: null");
		}
		GrantCheck.check(this.plugin.grants(), decision);
		return decision;
	}

}
