package org.hkpgateway.grpc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.AcquireTokensResponse;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.CompareAndSetStateResponse;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.IncrementStateResponse;
import org.hkpgateway.proto.KeyInfo;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;

/**
 * What one plugin on trial finds at {@code PLUGIN_HOST_ADDRESS}: a host that says who it
 * is and takes events, and whose keyserver and shared state are away.
 */
public final class ProbeHost implements AutoCloseable {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private final Path socket;

	private final SharedSecret token = SharedSecret.generate();

	private final Server server;

	ProbeHost(Path socket, Gateway gateway, EventLoopGroup eventLoops, SocketTransport transport) {
		this.socket = socket;
		NettyServerBuilder builder = (transport == SocketTransport.EPOLL)
				? NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
					.channelType(EpollServerDomainSocketChannel.class)
				: NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
					.channelType(NioServerDomainSocketChannel.class);
		try {
			this.server = builder.withChildOption(ChannelOption.SO_KEEPALIVE, null)
				.bossEventLoopGroup(eventLoops)
				.workerEventLoopGroup(eventLoops)
				.directExecutor()
				.intercept(new TokenCheck())
				.addService(new Service(gateway))
				.build()
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What the process must be told; secret.
	 * @return for its environment
	 */
	public Map<String, String> environment() {
		return Map.of("PLUGIN_HOST_ADDRESS", "unix:" + this.socket, "PLUGIN_HOST_TOKEN", this.token.text());
	}

	/** What nobody may ever print. */
	public String token() {
		return this.token.text();
	}

	@Override
	public void close() {
		this.server.shutdownNow();
	}

	private final class TokenCheck implements ServerInterceptor {

		@Override
		public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
				ServerCallHandler<Q, A> next) {
			if (("Bearer " + ProbeHost.this.token.text()).equals(headers.get(AUTHORIZATION))) {
				return next.startCall(call, headers);
			}
			call.close(Status.UNAUTHENTICATED.withDescription("expected: PLUGIN_HOST_TOKEN, got: something else"),
					new Metadata());
			return new ServerCall.Listener<>() {
			};
		}

	}

	private static final class Service extends PluginHostGrpc.PluginHostImplBase {

		private final Gateway gateway;

		Service(Gateway gateway) {
			this.gateway = gateway;
		}

		@Override
		public void getHostInfo(Empty request, StreamObserver<HostInfo> observer) {
			observer.onNext(HostInfo.newBuilder()
				.setVersion(this.gateway.version())
				.setProtocolVersion("1.0")
				.putConfiguration("replica", "conformance")
				.build());
			observer.onCompleted();
		}

		@Override
		public void publishEvent(Event event, StreamObserver<Empty> observer) {
			observer.onNext(Empty.getDefaultInstance());
			observer.onCompleted();
		}

		@Override
		public StreamObserver<Event> publishEvents(StreamObserver<Empty> observer) {
			return new StreamObserver<>() {

				@Override
				public void onNext(Event event) {
					// Nobody listens.
				}

				@Override
				public void onError(Throwable failure) {
					// The plugin has gone.
				}

				@Override
				public void onCompleted() {
					observer.onNext(Empty.getDefaultInstance());
					observer.onCompleted();
				}

			};
		}

		@Override
		public void subscribeEvents(EventFilter filter, StreamObserver<EventBatch> observer) {
			// Open until the plugin ends it: nothing happens here.
			((ServerCallStreamObserver<EventBatch>) observer).setOnCancelHandler(() -> {
			});
		}

		@Override
		public void requestStorage(StorageQuery query, StreamObserver<StorageResponse> observer) {
			away(observer);
		}

		@Override
		public void streamStorage(StorageQuery query, StreamObserver<KeyInfo> observer) {
			away(observer);
		}

		@Override
		public void getState(StateKey key, StreamObserver<StateValue> observer) {
			away(observer);
		}

		@Override
		public void putState(PutStateRequest request, StreamObserver<StateValue> observer) {
			away(observer);
		}

		@Override
		public void compareAndSetState(CompareAndSetStateRequest request,
				StreamObserver<CompareAndSetStateResponse> observer) {
			away(observer);
		}

		@Override
		public void deleteState(StateKey key, StreamObserver<Empty> observer) {
			away(observer);
		}

		@Override
		public void incrementState(IncrementStateRequest request, StreamObserver<IncrementStateResponse> observer) {
			away(observer);
		}

		@Override
		public void acquireTokens(AcquireTokensRequest request, StreamObserver<AcquireTokensResponse> observer) {
			away(observer);
		}

		private static void away(StreamObserver<?> observer) {
			observer
				.onError(Status.UNAVAILABLE.withDescription("this is a conformance check, there is no more behind it")
					.asRuntimeException());
		}

	}

}
