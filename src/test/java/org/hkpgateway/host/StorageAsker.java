package org.hkpgateway.host;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.proto.KeyInfo;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;

/**
 * In the process of a plugin: asks its host for keys.
 */
public final class StorageAsker {

	/** Others end first: what the host waits for, and calls that wait for each other. */
	private static final int PATIENCE_SECONDS = 100;

	private StorageAsker() {
	}

	/**
	 * Asks as told. Blocks.
	 * @param told {@code type} and {@code query}; {@code limit} and {@code offset};
	 * {@code times} for so many equal calls at once, by so many {@code connections}, or
	 * one; {@code stream} for a stream
	 * @return a line for each key, and how many there are in all; or the refusal
	 */
	public static String ask(Map<String, String> told) {
		StorageQuery query = StorageQuery.newBuilder()
			.setType(StorageQuery.Type.valueOf(told.get("type")))
			.setQuery(told.get("query"))
			.setLimit(Integer.parseInt(told.getOrDefault("limit", "0")))
			.setOffset(Integer.parseInt(told.getOrDefault("offset", "0")))
			.build();
		if (told.containsKey("times")) {
			return many(query, Integer.parseInt(told.get("times")),
					Integer.parseInt(told.getOrDefault("connections", "1")));
		}
		try (HostClient host = HostClient.of(System.getenv())) {
			PluginHostGrpc.PluginHostBlockingStub stub = host.token(System.getenv())
				.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
			if (told.containsKey("stream")) {
				StringBuilder lines = new StringBuilder();
				Iterator<KeyInfo> keys = stub.streamStorage(query);
				keys.forEachRemaining((key) -> lines.append(line(key)));
				return lines.append("end\n").toString();
			}
			return text(stub.requestStorage(query));
		}
		catch (StatusRuntimeException ex) {
			return text(ex.getStatus());
		}
	}

	private static String text(Status status) {
		return status.getCode() + ": " + status.getDescription();
	}

	private static String many(StorageQuery query, int times, int connections) {
		List<HostClient> hosts = new ArrayList<>();
		List<ListenableFuture<StorageResponse>> answers = new ArrayList<>();
		try {
			for (int i = 0; i < connections; i++) {
				hosts.add(HostClient.of(System.getenv()));
			}
			for (int i = 0; i < times; i++) {
				PluginHostGrpc.PluginHostBlockingStub stub = hosts.get(i % connections).token(System.getenv());
				answers.add(PluginHostGrpc.newFutureStub(stub.getChannel())
					.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
					.requestStorage(query));
			}
			Set<StorageResponse> different = new HashSet<>(Futures.allAsList(answers).get());
			StringBuilder lines = new StringBuilder();
			different.forEach((answer) -> lines.append(text(answer)));
			return times + " answers:\n" + lines;
		}
		catch (ExecutionException ex) {
			return text(Status.fromThrowable(ex));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
		finally {
			hosts.forEach(HostClient::close);
		}
	}

	private static String text(StorageResponse answer) {
		StringBuilder lines = new StringBuilder();
		answer.getKeysList().forEach((key) -> lines.append(line(key)));
		return lines.append(answer.getSuccess() ? "total " + answer.getTotalCount() : "error " + answer.getError())
			.append('\n')
			.toString();
	}

	private static String line(KeyInfo key) {
		return key.getFingerprint() + " " + key.getKeyId() + " " + key.getUserIdsList()
				+ (key.getCreationTime() > 0 ? " created" : "") + (key.getExpirationTime() > 0 ? " expires" : "")
				+ (key.getRevoked() ? " revoked" : "") + " " + HexFormat.of().formatHex(key.getKeyData().toByteArray())
				+ "\n";
	}

}
