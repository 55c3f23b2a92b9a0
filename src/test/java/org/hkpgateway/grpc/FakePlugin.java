package org.hkpgateway.grpc;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.google.protobuf.ByteString;
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
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.ShutdownResponse;

/**
 * A gRPC server in this JVM that behaves, or misbehaves, as told by name.
 */
class FakePlugin implements AutoCloseable {

	/** What it does with requests. */
	enum Behaviour {

		CONTINUES, DENIES, ANSWERS_WHEN_TOO_LATE, NEVER_ANSWERS, FAILS_UNKNOWN, FAILS_UNAUTHENTICATED,
		ANSWERS_DEADLINE_EXCEEDED, ALL_DEFAULT_MESSAGE, STATUS_502, STATUS_99, STATUS_100, STATUS_204_WITH_BODY,
		STATUS_999, CRLF_IN_HEADER, DIES_MID_CALL, ANSWERS_5_MB, COMPLETES_WITHOUT_ANSWER, LEGACY_ONLY,
		KNOWS_NO_REQUESTS, TELLS_BODY, HALTS

	}

	/** What it does at the start and the end. */
	enum Manners {

		GOOD, NO_INFO, NO_INFO_NO_GETINFO, OTHER_NAME, NEEDS_NEWER_GATEWAY, ACCEPTS_1_KB, REFUSES,
		REFUSES_WITHOUT_REASON, SILENT, NOT_A_PLUGIN, EXITS_DURING_SHUTDOWN

	}

	/** What it does with the stream of requests. */
	enum StreamManners {

		/** Does not declare the feature. */
		OFF,
		/** Does with each request what {@link Behaviour} says. */
		BEHAVES,
		/** Declares the feature and does not know the method. */
		UNIMPLEMENTED, NEVER_ANSWERS, UNKNOWN_IDS, ANSWERS_TWICE, ANSWERS_AFTER_CANCEL,
		/** Waits for {@link FakeStream#GROUP} requests and answers the last one first. */
		OUT_OF_ORDER,
		/** Breaks when it has {@link FakeStream#GROUP} requests, having answered none. */
		BREAKS_LATE,
		/** Breaks at the first or second request of each stream. */
		BREAKS, BREAKS_AT_SECOND, COMPLETES, FIRST_ANSWER_MALFORMED, FIRST_NOT_ANSWERED,
		/** Reads one request and then none. */
		READS_NOTHING,
		/** The process ends at the second request. */
		HALTS_AT_SECOND

	}

	private final PluginEndpoint.Unix endpoint;

	private final EventLoopGroup eventLoops;

	private final Server server;

	volatile Behaviour behaviour = Behaviour.CONTINUES;

	volatile Manners manners = Manners.GOOD;

	volatile StreamManners streamManners = StreamManners.OFF;

	/** Ids that it was told to forget. */
	final Queue<String> cancelledIds = new ConcurrentLinkedQueue<>();

	final AtomicInteger streamsEnded = new AtomicInteger();

	final Queue<InitRequest> initialized = new ConcurrentLinkedQueue<>();

	final Queue<HandleRequestEvent> events = new ConcurrentLinkedQueue<>();

	final Queue<String> calls = new ConcurrentLinkedQueue<>();

	final Queue<String> authorities = new ConcurrentLinkedQueue<>();

	final CountDownLatch requestArrived = new CountDownLatch(1);

	final CountDownLatch cancelled = new CountDownLatch(1);

	FakePlugin(Path directory) throws IOException {
		Path socket = directory.resolve("fake.sock");
		this.endpoint = new PluginEndpoint.Unix(socket);
		boolean epoll = Epoll.isAvailable();
		this.eventLoops = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("fake-plugin", true),
				epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
		NettyServerBuilder builder = epoll
				? NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
					.channelType(EpollServerDomainSocketChannel.class)
				: NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
					.channelType(NioServerDomainSocketChannel.class);
		this.server = builder.bossEventLoopGroup(this.eventLoops)
			.workerEventLoopGroup(this.eventLoops)
			.withChildOption(ChannelOption.SO_KEEPALIVE, null)
			.directExecutor()
			.addService(new Service())
			.intercept(new Recorder())
			.build()
			.start();
	}

	PluginEndpoint endpoint() {
		return this.endpoint;
	}

	void stop() {
		this.server.shutdownNow();
	}

	@Override
	public void close() throws InterruptedException {
		this.server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
	}

	/** Notes which methods are called. */
	private final class Recorder implements ServerInterceptor {

		@Override
		public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
				ServerCallHandler<Q, A> next) {
			FakePlugin.this.calls.add(call.getMethodDescriptor().getBareMethodName());
			FakePlugin.this.authorities.add(String.valueOf(call.getAuthority()));
			if (FakePlugin.this.manners == Manners.NOT_A_PLUGIN) {
				call.close(Status.UNIMPLEMENTED, new Metadata());
				return new ServerCall.Listener<>() {
				};
			}
			return next.startCall(call, headers);
		}

	}

	private final class Service extends HKPPluginGrpc.HKPPluginImplBase {

		@Override
		public void initialize(InitRequest request, StreamObserver<InitResponse> observer) {
			FakePlugin.this.initialized.add(request);
			PluginInfo.Builder info = PluginInfo.newBuilder()
				.setName("fake")
				.setVersion("9.9")
				.setDescription("A fake");
			InitResponse.Builder answer = InitResponse.newBuilder()
				.setSuccess(true)
				.addFeatures("dry_run")
				.setInfo(info);
			if (FakePlugin.this.streamManners != StreamManners.OFF) {
				answer.addFeatures("stream");
			}
			switch (FakePlugin.this.manners) {
				case GOOD, EXITS_DURING_SHUTDOWN, NOT_A_PLUGIN -> {
				}
				case NO_INFO, NO_INFO_NO_GETINFO -> answer.clearInfo();
				case OTHER_NAME -> answer.getInfoBuilder().setName("other");
				case NEEDS_NEWER_GATEWAY -> answer.getInfoBuilder().putMetadata("min_host_protocol", "1.7");
				case ACCEPTS_1_KB -> answer.setMaxMessageBytes(1024);
				case REFUSES -> answer.clear().setError("no database\nat /var/lib/x");
				case REFUSES_WITHOUT_REASON -> answer.clear();
				case SILENT -> {
					return;
				}
			}
			observer.onNext(answer.build());
			observer.onCompleted();
		}

		@Override
		public void getInfo(Empty request, StreamObserver<PluginInfo> observer) {
			if (FakePlugin.this.manners == Manners.NO_INFO_NO_GETINFO) {
				super.getInfo(request, observer);
				return;
			}
			observer.onNext(PluginInfo.newBuilder().setName("fake").setVersion("8.8").build());
			observer.onCompleted();
		}

		@Override
		public void healthCheck(Empty request, StreamObserver<HealthStatus> observer) {
			if (FakePlugin.this.manners == Manners.SILENT) {
				return;
			}
			observer.onNext(HealthStatus.newBuilder()
				.setStatus(HealthStatus.Status.DEGRADED)
				.setMessage("one of two")
				.putDetails("shards", "1")
				.build());
			observer.onCompleted();
		}

		@Override
		public void shutdown(ShutdownRequest request, StreamObserver<ShutdownResponse> observer) {
			if (FakePlugin.this.manners == Manners.SILENT) {
				return;
			}
			if (FakePlugin.this.manners == Manners.EXITS_DURING_SHUTDOWN) {
				stop();
				return;
			}
			observer.onNext(ShutdownResponse.newBuilder().setSuccess(true).build());
			observer.onCompleted();
		}

		@Override
		public void handleHTTPRequest(HandleRequestEvent event, StreamObserver<HandleResponse> observer) {
			if (FakePlugin.this.behaviour != Behaviour.LEGACY_ONLY) {
				super.handleHTTPRequest(event, observer);
				return;
			}
			FakePlugin.this.events.add(event);
			answer(observer, HandleResponse.newBuilder().setContinueChain(true));
		}

		@Override
		public StreamObserver<HandleRequestEvent> handleRequests(StreamObserver<HandleResponse> observer) {
			if (FakePlugin.this.streamManners == StreamManners.UNIMPLEMENTED) {
				return super.handleRequests(observer);
			}
			return new FakeStream(FakePlugin.this, (ServerCallStreamObserver<HandleResponse>) observer,
					this::handleRequest);
		}

		@Override
		public void handleRequest(HandleRequestEvent event, StreamObserver<HandleResponse> observer) {
			FakePlugin.this.events.add(event);
			FakePlugin.this.requestArrived.countDown();
			HandleResponse.Builder answer = HandleResponse.newBuilder();
			switch (FakePlugin.this.behaviour) {
				case CONTINUES -> answer(observer,
						answer.setContinueChain(true).putAnnotations("target", event.getRawTarget().toStringUtf8()));
				case DENIES -> answer(observer, answer.setStatusCode(403).setBody(ByteString.copyFromUtf8("no")));
				case ANSWERS_WHEN_TOO_LATE -> onCancel(observer, () -> answer(observer, answer.setContinueChain(true)));
				case NEVER_ANSWERS -> onCancel(observer, FakePlugin.this.cancelled::countDown);
				case FAILS_UNKNOWN -> observer.onError(new IllegalStateException("bug"));
				case FAILS_UNAUTHENTICATED ->
					observer.onError(Status.UNAUTHENTICATED.withDescription("who?").asRuntimeException());
				case ANSWERS_DEADLINE_EXCEEDED -> observer.onError(Status.DEADLINE_EXCEEDED.asRuntimeException());
				case ALL_DEFAULT_MESSAGE -> answer(observer, answer);
				case STATUS_502 -> answer(observer, answer.setStatusCode(502));
				case STATUS_99 -> answer(observer, answer.setStatusCode(99));
				case STATUS_100 -> answer(observer, answer.setStatusCode(100));
				case STATUS_204_WITH_BODY ->
					answer(observer, answer.setStatusCode(204).setBody(ByteString.copyFromUtf8("x")));
				case STATUS_999 -> answer(observer, answer.setStatusCode(999));
				case CRLF_IN_HEADER -> answer(observer, answer.setStatusCode(403).putHeaders("X-A", "b\r\nX-C: d"));
				case DIES_MID_CALL -> stop();
				case ANSWERS_5_MB ->
					answer(observer, answer.setStatusCode(200).setBody(ByteString.copyFrom(new byte[5 << 20])));
				case COMPLETES_WITHOUT_ANSWER -> observer.onCompleted();
				case TELLS_BODY -> answer(observer,
						answer.setStatusCode(200)
							.setBody(ByteString.copyFromUtf8(event.getBodyState() + " " + event.getBodyLength() + " "
									+ event.getBody().size() + " " + event.getBody().hashCode())));
				case HALTS -> Runtime.getRuntime().halt(3);
				case LEGACY_ONLY, KNOWS_NO_REQUESTS -> super.handleRequest(event, observer);
			}
		}

		private void answer(StreamObserver<HandleResponse> observer, HandleResponse.Builder answer) {
			try {
				observer.onNext(answer.build());
				observer.onCompleted();
			}
			catch (RuntimeException ex) {
				// Too late: what ANSWERS_WHEN_TOO_LATE is about.
			}
		}

		private void onCancel(StreamObserver<HandleResponse> observer, Runnable action) {
			if (observer instanceof FakeStream.Answer answer) {
				answer.onCancel(action);
				return;
			}
			((ServerCallStreamObserver<HandleResponse>) observer).setOnCancelHandler(action);
		}

	}

}
