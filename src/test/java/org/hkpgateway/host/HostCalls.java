package org.hkpgateway.host;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import net.devh.boot.grpc.server.service.GrpcServiceDefinition;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.AcquireTokensResponse;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;

/**
 * Both sides of the host service for tests outside of this package.
 */
public final class HostCalls {

	/** Of the bucket of {@link #taken}. */
	public static final int CAPACITY = 200;

	/** Of the bucket of {@link #taken}. */
	public static final int REFILL_PER_SECOND = 20;

	private HostCalls() {
	}

	/**
	 * Makes servers as the gateway does.
	 * @param information what plugins are told
	 * @param bus where their events go
	 * @param listener is told of refusals
	 */
	public static HostServers servers(HostInformation information, EventBus bus, HostRefusalListener listener) {
		return new HostServers(() -> List.of(new GrpcServiceDefinition("pluginHostService", PluginHostService.class,
				new PluginHostService(information, TestHost.state(), TestHost.storage(), TestHost.events(bus))
					.bindService())),
				listener, null);
	}

	/**
	 * In the process of a plugin: asks its host who it is, with another token and then
	 * with its own. Blocks.
	 * @return what came of both
	 */
	public static String wrongAndOwnToken() {
		Map<String, String> environment = System.getenv();
		String token = environment.get("PLUGIN_HOST_TOKEN");
		String other = (token.startsWith("A") ? "B" : "A") + token.substring(1);
		try (HostClient client = HostClient.of(environment)) {
			return "wrong token: " + version(client, other) + ", own token: " + version(client, token);
		}
	}

	/**
	 * In the process of a plugin: bans a client at its second request, or what the quota
	 * of one token a day says, until {@link #forgive} or somebody else lifts it. Blocks.
	 * @param client who asks
	 * @return what is to be known of it, or the refusal of the host
	 */
	public static String banned(String client) {
		try (HostClient host = HostClient.of(System.getenv())) {
			PluginHostGrpc.PluginHostBlockingStub stub = host.token(System.getenv());
			StateKey ban = StateKey.newBuilder().setKey("ban:" + client).build();
			long requests = stub.incrementState(
					IncrementStateRequest.newBuilder().setKey("requests").setDelta(1).setWindowMs(3_600_000).build())
				.getValue();
			boolean banned = stub.getState(ban).getFound();
			AcquireTokensResponse tokens = stub.acquireTokens(AcquireTokensRequest.newBuilder()
				.setKey("tokens:" + client)
				.setTokens(1)
				.setCapacity(1)
				.setRefillTokens(1)
				.setRefillPeriodMs(86_400_000)
				.build());
			if (!banned && !tokens.getAcquired()) {
				StateValue value = stub.putState(PutStateRequest.newBuilder()
					.setKey(ban.getKey())
					.setValue(ByteString.copyFromUtf8("too many"))
					.setTtlMs(600_000)
					.build());
				banned = stub
					.compareAndSetState(CompareAndSetStateRequest.newBuilder()
						.setKey(ban.getKey())
						.setExpectedVersion(value.getVersion())
						.setValue(ByteString.copyFromUtf8("banned"))
						.setTtlMs(600_000)
						.build())
					.getStored();
			}
			return (banned ? "banned" : "free") + ", requests: " + requests;
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode() + ": " + ex.getStatus().getDescription();
		}
	}

	/** Lifts what {@link #banned} has imposed. */
	public static String forgive(String client) {
		try (HostClient host = HostClient.of(System.getenv())) {
			PluginHostGrpc.PluginHostBlockingStub stub = host.token(System.getenv());
			stub.deleteState(StateKey.newBuilder().setKey("ban:" + client).build());
			stub.deleteState(StateKey.newBuilder().setKey("tokens:" + client).build());
			return "forgiven";
		}
	}

	/**
	 * In the process of a plugin: takes one of {@link #CAPACITY} tokens, of which
	 * {@link #REFILL_PER_SECOND} flow back each second. Blocks.
	 * @return 0 if there was one, 429 if not, 409 if the host does not know
	 */
	public static int taken() {
		try {
			return Connection.STUB.withDeadlineAfter(10, TimeUnit.SECONDS)
				.acquireTokens(AcquireTokensRequest.newBuilder()
					.setKey("all")
					.setTokens(1)
					.setCapacity(CAPACITY)
					.setRefillTokens(REFILL_PER_SECOND)
					.setRefillPeriodMs(1000)
					.build())
				.getAcquired() ? 0 : 429;
		}
		catch (StatusRuntimeException ex) {
			if (ex.getStatus().getCode() == Status.Code.UNAVAILABLE) {
				return 409;
			}
			throw ex;
		}
	}

	private static String version(HostClient client, String token) {
		try {
			return client.authorization("Bearer " + token).getHostInfo(Empty.getDefaultInstance()).getVersion();
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode().name();
		}
	}

	/** One for all calls of a plugin's process. */
	private static final class Connection {

		static final PluginHostGrpc.PluginHostBlockingStub STUB = HostClient.of(System.getenv()).token(System.getenv());

	}

}
