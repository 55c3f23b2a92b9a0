package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.host.KeyStorage;
import org.hkpgateway.sdk.host.Reader;

/**
 * The keys as the host service has them.
 */
final class GrpcKeyStorage implements KeyStorage {

	private static final String GRANT = "storage.query";

	private final HostLink link;

	GrpcKeyStorage(HostLink link) {
		this.link = link;
	}

	@Override
	public CompletionStage<KeyPage> query(KeyQuery query) {
		return query(query, GrpcHost.TIMEOUT);
	}

	@Override
	public CompletionStage<KeyPage> query(KeyQuery query, Duration limit) {
		Duration timeout = (limit.compareTo(GrpcHost.TIMEOUT) < 0) ? limit : GrpcHost.TIMEOUT;
		return this.link.call(GRANT, PluginHostGrpc.getRequestStorageMethod(), KeyMessages.query(query), timeout,
				KeyMessages::page);
	}

	@Override
	public CompletionStage<Long> stream(KeyQuery query, Duration limit, Reader<KeyInfo> reader) {
		try {
			return HostStream
				.start(this.link.channel(GRANT).call(PluginHostGrpc.getStreamStorageMethod(), limit),
						KeyMessages.query(query), (key) -> reader.read(KeyMessages.info(key)), this.link.readers())
				.end();
		}
		catch (HostException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

}
