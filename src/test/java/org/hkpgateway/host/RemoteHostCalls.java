package org.hkpgateway.host;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PluginQuery;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.testsupport.TestCertificates;

/**
 * In the process of a plugin that runs elsewhere: calls each method of its host.
 */
public final class RemoteHostCalls {

	private static final long PATIENCE_SECONDS = 30;

	private RemoteHostCalls() {
	}

	/**
	 * Calls each method once, or as often as it takes. Blocks.
	 * @param port of the host
	 * @param authority certificate in PEM, of whom to trust; null to speak without TLS
	 * @param plugin the name, of which the events are
	 * @param token to show; null for none
	 * @return what came of each, by its name: what the host answered, or the status and
	 * its description
	 */
	public static Map<String, String> all(int port, String authority, String plugin, String token) {
		Map<String, String> outcomes = new LinkedHashMap<>();
		try (HostClient client = HostClient.remote(port, authority)) {
			String authorization = (token != null) ? "Bearer " + token : null;
			PluginHostGrpc.PluginHostBlockingStub stub = client.authorization(authorization);
			note(outcomes, "GetHostInfo",
					() -> stub.getHostInfo(Empty.getDefaultInstance()).getLoadedPluginsCount() + " plugins");
			StorageQuery query = StorageQuery.newBuilder()
				.setType(StorageQuery.Type.LOOKUP)
				.setQuery("0x0123456789ABCDEF0123456789ABCDEF01234567")
				.build();
			note(outcomes, "RequestStorage", () -> stub.requestStorage(query).getTotalCount() + " keys");
			note(outcomes, "StreamStorage", () -> (stub.streamStorage(query).hasNext() ? "some" : "no") + " keys");
			Event event = Event.newBuilder().setType("plugin." + plugin + ".called").build();
			note(outcomes, "PublishEvent", () -> stub.publishEvent(event).getSerializedSize() + " bytes");
			note(outcomes, "PublishEvents", () -> publish(client.streams(authorization), event));
			note(outcomes, "SubscribeEvents", () -> subscribe(client, authorization, event));
			note(outcomes, "QueryPlugin", () -> stub.queryPlugin(PluginQuery.getDefaultInstance()).toString());
			StateValue[] put = { StateValue.getDefaultInstance() };
			note(outcomes, "PutState", () -> {
				put[0] = stub.putState(PutStateRequest.newBuilder().setKey("k").setValue(bytes("v1")).build());
				return text(put[0]);
			});
			note(outcomes, "GetState", () -> text(stub.getState(key("k"))));
			note(outcomes, "CompareAndSetState",
					() -> String.valueOf(stub.compareAndSetState(CompareAndSetStateRequest.newBuilder()
						.setKey("k")
						.setExpectedVersion(put[0].getVersion())
						.setValue(bytes("v2"))
						.build()).getStored()));
			note(outcomes, "IncrementState",
					() -> String
						.valueOf(stub.incrementState(IncrementStateRequest.newBuilder().setKey("n").setDelta(2).build())
							.getValue()));
			note(outcomes, "AcquireTokens",
					() -> String.valueOf(stub.acquireTokens(AcquireTokensRequest.newBuilder()
						.setKey("t")
						.setTokens(1)
						.setCapacity(5)
						.setRefillTokens(1)
						.setRefillPeriodMs(86_400_000)
						.build()).getAcquired()));
			note(outcomes, "DeleteState", () -> stub.deleteState(key("n")).getSerializedSize() + " bytes");
		}
		return outcomes;
	}

	/** The same on one line, for a pipe. */
	public static String line(Map<String, String> outcomes) {
		return outcomes.entrySet()
			.stream()
			.map((entry) -> entry.getKey() + "=" + entry.getValue().replace('\n', ' '))
			.collect(Collectors.joining(" | "));
	}

	/**
	 * Calls one method that needs no grant. Blocks.
	 * @return the version of the gateway, or the status and its description
	 */
	public static String one(int port, String authority, String token) {
		return one(port, authority, null, token);
	}

	/** The same with a certificate of its own. */
	public static String one(int port, String authority, TestCertificates.Server own, String token) {
		Map<String, String> outcome = new LinkedHashMap<>();
		try (HostClient client = HostClient.remote(port, authority, own)) {
			note(outcome, "GetHostInfo",
					() -> client.authorization((token != null) ? "Bearer " + token : null)
						.getHostInfo(Empty.getDefaultInstance())
						.getProtocolVersion());
		}
		return outcome.get("GetHostInfo");
	}

	/** With a token of a remote plugin on the socket of one that was launched. */
	public static String onSocket(String address, String token) {
		Map<String, String> outcome = new LinkedHashMap<>();
		try (HostClient client = new HostClient(address)) {
			note(outcome, "GetHostInfo",
					() -> client.authorization("Bearer " + token)
						.getHostInfo(Empty.getDefaultInstance())
						.getProtocolVersion());
		}
		return outcome.get("GetHostInfo");
	}

	private static void note(Map<String, String> outcomes, String method, Call call) {
		try {
			outcomes.put(method, call.make());
		}
		catch (StatusRuntimeException ex) {
			outcomes.put(method, ex.getStatus().getCode() + ": " + ex.getStatus().getDescription());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static String publish(PluginHostGrpc.PluginHostStub stub, Event event) throws InterruptedException {
		BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
		StreamObserver<Event> events = stub.publishEvents(collector(answers));
		events.onNext(event);
		events.onCompleted();
		return take(answers) instanceof Empty ? "taken" : "something else";
	}

	/** Publishes until it hears of it. */
	private static String subscribe(HostClient client, String authorization, Event event) throws InterruptedException {
		BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
		client.streams(authorization)
			.subscribeEvents(EventFilter.newBuilder().addEventTypes(event.getType()).build(), collector(answers));
		for (int i = 0; i < PATIENCE_SECONDS * 10; i++) {
			Object answer = answers.poll(100, TimeUnit.MILLISECONDS);
			if (answer instanceof EventBatch batch) {
				return batch.getEvents(0).getType() + " of " + batch.getEvents(0).getSource();
			}
			if (answer != null) {
				throw failure(answer);
			}
			client.authorization(authorization).publishEvent(event);
		}
		throw Status.DEADLINE_EXCEEDED.withDescription("no event came").asRuntimeException();
	}

	private static Object take(BlockingQueue<Object> answers) throws InterruptedException {
		Object answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
		if (answer == null) {
			throw Status.DEADLINE_EXCEEDED.withDescription("no answer came").asRuntimeException();
		}
		if (answer instanceof Throwable) {
			throw failure(answer);
		}
		return answer;
	}

	private static StatusRuntimeException failure(Object answer) {
		return Status.fromThrowable((Throwable) answer).asRuntimeException();
	}

	/** Takes messages, and the failure that ends them. */
	private static <T> StreamObserver<T> collector(BlockingQueue<Object> answers) {
		return new StreamObserver<>() {

			@Override
			public void onNext(T message) {
				answers.add(message);
			}

			@Override
			public void onError(Throwable failure) {
				answers.add(failure);
			}

			@Override
			public void onCompleted() {
			}

		};
	}

	private static StateKey key(String key) {
		return StateKey.newBuilder().setKey(key).build();
	}

	private static ByteString bytes(String text) {
		return ByteString.copyFromUtf8(text);
	}

	private static String text(StateValue value) {
		return value.getFound() ? value.getValue().toStringUtf8() : "none";
	}

	/** A call that fails by a status. */
	@FunctionalInterface
	private interface Call {

		String make() throws InterruptedException;

	}

}
