package org.hkpgateway.sdk;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.RequestScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of what the gateway brings beside requests: events, and queries for keys.
 */
@Timeout(60)
class DeliveryTests {

	private static final org.hkpgateway.proto.EventBatch BATCH = org.hkpgateway.proto.EventBatch.newBuilder()
		.addEvents(org.hkpgateway.proto.Event.newBuilder().setType("key.changed").putMetadata("fingerprint", "AB"))
		.addEvents(org.hkpgateway.proto.Event.getDefaultInstance())
		.setDropped(2)
		.build();

	private final BlockingQueue<EventBatch> batches = new LinkedBlockingQueue<>();

	private TestHost gateway;

	@BeforeEach
	void start() throws Exception {
		this.gateway = new TestHost(new PluginHostGrpc.PluginHostImplBase() {
		});
	}

	@AfterEach
	void stop() throws Exception {
		this.gateway.close();
	}

	@Test
	void eventsAreTaken() throws Exception {
		InitResponse response = this.gateway
			.start(new Handler(PluginOptions.defaults().handlesEvents(EventFilter.of("key.*"))));
		assertThat(response.getFeaturesList()).containsExactly("stream", "events");
		assertThat(response.getEventFilter().getEventTypesList()).containsExactly("key.*");
		this.gateway.gateway().plugin().publishEvents(BATCH);
		EventBatch batch = this.batches.remove();
		assertThat(batch.dropped()).isEqualTo(2);
		// That without a type is none.
		assertThat(batch.events()).extracting(Event::type).containsExactly("key.changed");
		this.gateway.gateway().plugin().publishEvent(BATCH.getEvents(0));
		assertThat(this.batches.remove().events()).isEqualTo(batch.events());
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> this.gateway.gateway()
				.plugin()
				.publishEvent(BATCH.getEvents(0).toBuilder().setType("bad").build()))
			.withMessageContaining("INTERNAL: the handler failed: java.lang.IllegalStateException: bad");
	}

	@Test
	void theUsualEventsAreThoseOfWhoNamesNone() throws Exception {
		InitResponse response = this.gateway.start(new Handler(PluginOptions.defaults().handlesEvents()));
		assertThat(response.getFeaturesList()).contains("events");
		assertThat(response.hasEventFilter()).isFalse();
	}

	@Test
	void keysAreProvided() throws Exception {
		InitResponse response = this.gateway.start(new Handler(PluginOptions.defaults().providesKeys()));
		assertThat(response.getFeaturesList()).containsExactly("stream");
		StorageResponse found = query("alice");
		assertThat(found.getSuccess()).isTrue();
		assertThat(found.getTotalCount()).isEqualTo(1);
		assertThat(found.getKeys(0).getFingerprint()).isEqualTo("0123456789012345678901234567890123456789");
		assertThat(found.getKeys(0).getKeyId()).isEqualTo("4567890123456789");
		assertThat(found.getKeys(0).getKeyData().toByteArray()).containsExactly(1, 2);
		assertThat(query("nobody")).isEqualTo(StorageResponse.getDefaultInstance());
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> query("bad"))
			.withMessageContaining("INTERNAL: the handler failed");
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> query(""))
			.withMessageContaining("INVALID_ARGUMENT: term: expected");
	}

	/** It stands in the metadata, because the message has no place for it. */
	@Test
	void aQueryForKeysBelongsToATrace() throws Exception {
		this.gateway.start(new Handler(PluginOptions.defaults().providesKeys()));
		String traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), traceparent);
		StorageResponse told = this.gateway.gateway()
			.plugin()
			.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
			.queryStorage(StorageQuery.newBuilder().setQuery("trace").build());
		assertThat(told.getKeys(0).getUserIds(0)).isEqualTo(traceparent);
		assertThat(query("trace").getKeys(0).getUserIds(0)).isEmpty();
	}

	@Test
	void bothAreForThoseWhoAsk() throws Exception {
		this.gateway.start(new Handler(PluginOptions.defaults()));
		assertUnimplemented(() -> this.gateway.gateway().plugin().publishEvents(BATCH));
		assertUnimplemented(() -> this.gateway.gateway().plugin().publishEvent(BATCH.getEvents(0)));
		assertUnimplemented(() -> query("alice"));
	}

	private StorageResponse query(String term) {
		return this.gateway.gateway()
			.plugin()
			.queryStorage(StorageQuery.newBuilder().setType(StorageQuery.Type.FETCH).setQuery(term).build());
	}

	private static void assertUnimplemented(Runnable call) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(call::run)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
	}

	private final class Handler implements PluginHandler {

		private final PluginOptions options;

		Handler(PluginOptions options) {
			this.options = options;
		}

		@Override
		public PluginOptions options() {
			return this.options;
		}

		@Override
		public Decision handle(Request request) {
			return Decision.allow();
		}

		@Override
		public void onEvents(EventBatch batch) {
			if (batch.events().get(0).type().equals("bad")) {
				throw new IllegalStateException("bad");
			}
			DeliveryTests.this.batches.add(batch);
		}

		@Override
		public Optional<KeyPage> provideKeys(KeyQuery query) {
			return switch (query.term()) {
				case "alice" ->
					Optional.of(KeyPage.of(List.of(KeyInfo.of("0123456789012345678901234567890123456789", "Alice")
						.withData(new byte[] { 1, 2 }))));
				case "trace" -> Optional.of(KeyPage.of(List
					.of(KeyInfo.of("0123456789012345678901234567890123456789", RequestScope.current().traceparent()))));
				case "nobody" -> Optional.empty();
				default -> throw new IllegalStateException(query.term());
			};
		}

	}

}
