package com.example;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.AnsweredRequest;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.ResponseDecision;
import org.hkpgateway.sdk.UpstreamResponse;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.PluginLog;

public class ErrorWatch implements PluginHandler {

	private static final PluginLog log = PluginLog.get("error-watch");

	private Host host;

	@Override
	public PluginOptions options() {
		return PluginOptions.defaults()
			.capabilities("http.request", "http.respond", "http.response", "events.subscribe", "events.publish",
					"storage.query", "storage.provide")
			.handlesResponses()
			.handlesEvents(EventFilter.of("key.*"))
			.providesKeys();
	}

	@Override
	public void init(PluginContext context) {
		this.host = context.host();
	}

	@Override
	public Decision handle(Request request) {
		return Decision.allow().delay(Duration.ofMillis(500)).rewriteQuery("op=stats");
	}

	@Override
	public ResponseDecision onResponse(UpstreamResponse response) {
		if (!response.isError()) {
			return ResponseDecision.unchanged();
		}
		log.info("the keyserver refused", "client", response.request().map(AnsweredRequest::clientAddress));
		return ResponseDecision.unchanged().annotate("status", Integer.toString(response.status()));
	}

	@Override
	public void onEvents(EventBatch batch) {
		for (Event event : batch.events()) {
			log.info("a key has changed", "fingerprint", event.metadata().get("fingerprint"));
		}
	}

	@Override
	public Optional<KeyPage> provideKeys(KeyQuery query) {
		return query.term().equals("0xA1B2C3D4") ? Optional.of(KeyPage.of(List.of())) : Optional.empty();
	}

	CompletionStage<Integer> countKeys(String address) {
		return this.host.keys().query(KeyQuery.search(address).exactly()).thenApply(KeyPage::total);
	}

	CompletionStage<Long> logAll(String domain) {
		return this.host.keys().stream(KeyQuery.search(domain), Duration.ofMinutes(5), this::logKey);
	}

	private void logKey(KeyInfo key) {
		log.info("found", "fingerprint", key.fingerprint(), "user_ids", key.userIds());
	}

	CompletionStage<Void> tell(String client) {
		return this.host.events()
			.publish(Event.of("plugin.error-watch.seen").data("{\"errors\": 3}").metadata("client", client));
	}

}
