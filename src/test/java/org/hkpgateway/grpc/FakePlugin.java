package org.hkpgateway.grpc;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Attributes;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.host.HostCalls;
import org.hkpgateway.host.HostEvents;
import org.hkpgateway.host.StorageAsker;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HeaderField;
import org.hkpgateway.proto.HeaderMutation;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.KeyChangeEvent;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.RequestRewrite;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.ShutdownResponse;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.hkpgateway.proto.goplugin.GRPCControllerGrpc;
import org.hkpgateway.proto.goplugin.GRPCStdioGrpc;
import org.hkpgateway.proto.goplugin.StdioData;
import org.hkpgateway.proto.health.HealthCheckRequest;
import org.hkpgateway.proto.health.HealthCheckResponse.ServingStatus;
import org.hkpgateway.proto.health.HealthCheckResponse;
import org.hkpgateway.proto.health.HealthGrpc;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC server in this JVM that behaves, or misbehaves, as told by name.
 */
class FakePlugin implements AutoCloseable {

	/** What it does with requests. */
	enum Behaviour {

		CONTINUES, DENIES, ANSWERS_WHEN_TOO_LATE, NEVER_ANSWERS, FAILS_UNKNOWN, FAILS_UNAUTHENTICATED,
		ANSWERS_DEADLINE_EXCEEDED, ALL_DEFAULT_MESSAGE, STATUS_502, STATUS_99, STATUS_100, STATUS_204_WITH_BODY,
		STATUS_999, CRLF_IN_HEADER, DIES_MID_CALL, ANSWERS_5_MB, COMPLETES_WITHOUT_ANSWER, LEGACY_ONLY,
		KNOWS_NO_REQUESTS, TELLS_BODY, HALTS, DELAYS_BY_FILE, CRASHES_AFTER_10_S, ANSWERS_TWICE, ANSWERS_100_MB,
		SETS_HOST, ANSWERS_WITH_HOP_BY_HOP,
		/** Prints one line of 100 KiB on each pipe. */
		PRINTS_LONG_LINES,
		/** Fills both pipes for two seconds, beginning at the first request. */
		FLOODS,
		/** Fills both pipes for a minute, beginning at the first request. */
		FLOODS_FOR_A_MINUTE,
		/** Tells what its host says to its own token and to another one. */
		CALLS_HOST,
		/** Continues, and tells the same in a header of the answer named after itself. */
		ADDS_HOST_ANSWER,
		/** Holds targets that contain "held" while there is a file named hold. */
		HOLDS_BY_FILE,
		/** Lets the first key of an upload through and drops the rest. */
		CLEANS_UPLOAD,
		/** Puts the body in capitals, with an exclamation mark. */
		SHOUTS,
		/** Adds {@code exact=on} to the query. */
		WANTS_EXACT,
		/** Rewrites the path to one that no client may ask for. */
		REWRITES_BADLY,
		/** Sets a header of the request, one of the answer, and an annotation. */
		MARKS,
		/** Answers with what it was shown. */
		TELLS_REQUEST,
		/** Adds a header of the answer that says which trace its call belongs to. */
		TELLS_TRACE,
		/**
		 * Counts real requests, and gives the count as its reason and as an annotation.
		 */
		COUNTS,
		/**
		 * Does for each request what the last part of its path names: see {@link #of}.
		 */
		AS_ASKED,
		/** Answers with what it was shown of headers and body, and prints it. */
		TELLS_VIEW,
		/** Replaces the client's password. */
		SETS_AUTHORIZATION,
		/** Adds a cookie to the keyserver's answer. */
		ADDS_COOKIE,
		/** Continues after that time. */
		TAKES_300_MS,
		/** Continues and asks for a delay of 1.5 s. */
		DELAYS, DELAYS_A_MINUTE,
		/** Answers 429 and asks for a delay of 1.5 s. */
		DENIES_SLOWLY,
		/** Answers 403 and gives a reason that names the client. */
		DENIES_WITH_REASON,
		/** Answers 403 and gives the path as its reason. */
		DENIES_WITH_PATH,
		/**
		 * Answers with what its host keeps of the client, see {@link HostCalls#banned}.
		 */
		BANS,
		/**
		 * Lets through who gets a token, see {@link HostCalls#taken}, and answers others
		 * with 429, or with 409 if the host cannot tell.
		 */
		TAKES_TOKENS,
		/** Answers with what its host knows of keys, see {@link StorageAsker}. */
		ASKS_STORAGE,
		/** Answers with the events that it was brought. */
		TELLS_EVENTS,
		/** Answers with what comes of a call of its host, see {@link HostEvents}. */
		ASKS_HOST;

		/** What to do with a request: {@code /x/tells-view} is TELLS_VIEW. */
		Behaviour of(HandleRequestEvent event) {
			return (this != AS_ASKED) ? this
					: valueOf(event.getPath()
						.substring(event.getPath().lastIndexOf('/') + 1)
						.toUpperCase(Locale.ROOT)
						.replace('-', '_'));
		}

	}

	/** What it does at the start and the end. */
	enum Manners {

		GOOD, NO_INFO, NO_INFO_NO_GETINFO, OTHER_NAME, NEEDS_NEWER_GATEWAY, ACCEPTS_1_KB, REFUSES,
		REFUSES_WITHOUT_REASON, SILENT, NOT_A_PLUGIN, EXITS_DURING_SHUTDOWN, NO_PROOF, WRONG_PROOF, OTHER_PATCH,
		GO_PLUGIN, GO_PLUGIN_NOT_SERVING, GO_PLUGIN_FLOODS, HANGS_IN_SHUTDOWN,
		/** Says that it is healthy, where the others say DEGRADED. */
		HEALTHY,
		/** Says that it is not. */
		UNHEALTHY,
		/** Shakes hands a second before it listens; only as a process. */
		BINDS_SLOWLY,
		/** Does not declare the feature dry_run. */
		NO_DRY_RUN,
		/** Shows a certificate in its handshake and another one to who connects. */
		SHOWS_ANOTHER_CERTIFICATE

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
		/** Breaks as soon as it is opened, or after its first answer. */
		BREAKS_AT_ONCE, ANSWERS_AND_BREAKS,
		/** Breaks at the first or second request of each stream. */
		BREAKS, BREAKS_AT_SECOND, COMPLETES, FIRST_ANSWER_MALFORMED, FIRST_NOT_ANSWERED,
		/** Does not end its side when the gateway has ended its own. */
		NEVER_ENDS,
		/** Reads one request and then none. */
		READS_NOTHING,
		/** The process ends at the second request. */
		HALTS_AT_SECOND

	}

	/** What it does with the keyserver's answers. */
	enum ResponseManners {

		/** Does not declare the feature, and does not know the method. */
		OFF,
		/** Does not declare the feature. */
		UNDECLARED,
		/** Declares the feature and does not know the method. */
		UNIMPLEMENTED,
		/** Appends a header X-Reviewed that tells who has seen what. */
		TELLS,
		/** Sets the header that {@link Behaviour#MARKS} sets, and notes the client. */
		MARKS,
		/** Adds a header that says which trace its call belongs to. */
		TELLS_TRACE,
		/** Wants nothing done. */
		NOTHING,
		/** Notes the names of the headers that it saw. */
		ANNOTATES,
		/** Appends a header X-Seen with the names of the headers that it saw. */
		TELLS_NAMES,
		/** The same, and a cookie. */
		SETS_COOKIE, NEVER_ANSWERS, FAILS_UNKNOWN, CRLF_IN_HEADER, SETS_CONTENT_LENGTH, TOO_MANY_CHANGES, HALTS

	}

	private final PluginEndpoint endpoint;

	private final @Nullable String secret;

	private final EventLoopGroup eventLoops;

	private final Server server;

	volatile Behaviour behaviour = Behaviour.CONTINUES;

	volatile Manners manners = Manners.GOOD;

	volatile StreamManners streamManners = StreamManners.OFF;

	volatile ResponseManners responseManners = ResponseManners.OFF;

	/** Whether it answers queries for keys, as {@link FakeKeys} does. */
	volatile boolean providesKeys;

	/** How it keeps the rest of the protocol; null for as little as a gateway needs. */
	volatile @Nullable FakeConduct conduct;

	final FakeEvents brought = new FakeEvents();

	/** The answers that it was shown. */
	final Queue<UpstreamResponseEvent> responses = new ConcurrentLinkedQueue<>();

	/** Ids that it was told to forget. */
	final Queue<String> cancelledIds = new ConcurrentLinkedQueue<>();

	/** What COUNTS has counted. */
	private final AtomicInteger counted = new AtomicInteger();

	final AtomicInteger streamsEnded = new AtomicInteger();

	final Queue<InitRequest> initialized = new ConcurrentLinkedQueue<>();

	final Queue<HandleRequestEvent> events = new ConcurrentLinkedQueue<>();

	final Queue<String> calls = new ConcurrentLinkedQueue<>();

	/** Calls of other services than ours. */
	final Queue<String> otherCalls = new ConcurrentLinkedQueue<>();

	final Queue<String> authorizations = new ConcurrentLinkedQueue<>();

	/** The metadata {@code traceparent} of queries for keys. */
	final Queue<String> queryTraces = new ConcurrentLinkedQueue<>();

	private final Queue<Channel> channels = new ConcurrentLinkedQueue<>();

	final AtomicInteger connections = new AtomicInteger();

	/** Of these, those that have not ended. */
	final AtomicInteger open = new AtomicInteger();

	/** How much was accepted of what GO_PLUGIN_FLOODS prints. */
	final AtomicLong flooded = new AtomicLong();

	final Queue<String> authorities = new ConcurrentLinkedQueue<>();

	final CountDownLatch requestArrived = new CountDownLatch(1);

	final CountDownLatch cancelled = new CountDownLatch(1);

	FakePlugin(Path directory) throws IOException {
		this(directory, null, null);
	}

	FakePlugin(Path directory, @Nullable SslContext tls, @Nullable String secret) throws IOException {
		this(new PluginEndpoint.Unix(directory.resolve("fake.sock")), tls, secret);
	}

	FakePlugin(PluginEndpoint where, @Nullable SslContext tls, @Nullable String secret) throws IOException {
		this.secret = secret;
		boolean epoll = Epoll.isAvailable();
		this.eventLoops = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("fake-plugin", true),
				epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory()) {

			@Override
			public ChannelFuture register(Channel channel) {
				FakePlugin.this.channels.add(channel);
				return super.register(channel);
			}

		};
		NettyServerBuilder builder;
		if (where instanceof PluginEndpoint.Unix unix) {
			builder = epoll
					? NettyServerBuilder.forAddress(new DomainSocketAddress(unix.path().toFile()))
						.channelType(EpollServerDomainSocketChannel.class)
					: NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(unix.path()))
						.channelType(NioServerDomainSocketChannel.class);
			builder.withChildOption(ChannelOption.SO_KEEPALIVE, null);
		}
		else {
			PluginEndpoint.Tcp tcp = (PluginEndpoint.Tcp) where;
			builder = NettyServerBuilder.forAddress(new InetSocketAddress(tcp.host(), tcp.port()))
				.channelType(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class);
		}
		if (tls != null) {
			builder.sslContext(tls);
		}
		this.server = builder.bossEventLoopGroup(this.eventLoops)
			.workerEventLoopGroup(this.eventLoops)
			.directExecutor()
			.fallbackHandlerRegistry(new Methods(new Service().bindService()))
			.addService(new Health())
			.addService(new Stdio())
			.addService(new Controller())
			.addTransportFilter(new ServerTransportFilter() {

				@Override
				public Attributes transportReady(Attributes attributes) {
					FakePlugin.this.connections.incrementAndGet();
					FakePlugin.this.open.incrementAndGet();
					FakeConduct conduct = FakePlugin.this.conduct;
					if (conduct != null) {
						conduct.connected();
					}
					return attributes;
				}

				@Override
				public void transportTerminated(Attributes attributes) {
					FakePlugin.this.open.decrementAndGet();
				}

			})
			.intercept(new Recorder())
			.build()
			.start();
		this.endpoint = (where instanceof PluginEndpoint.Tcp tcp)
				? new PluginEndpoint.Tcp(tcp.host(), this.server.getPort()) : where;
	}

	PluginEndpoint endpoint() {
		return this.endpoint;
	}

	void stop() {
		this.server.shutdownNow();
	}

	/** Ends all connections, and goes on listening. */
	void endConnections() throws Exception {
		for (Channel channel : this.channels) {
			if (channel.parent() != null) {
				channel.close().get(5, TimeUnit.SECONDS);
			}
		}
	}

	/**
	 * The same without waiting for the calls that go by them.
	 * @return completes when the connections are closed
	 */
	CompletableFuture<Void> startToEndConnections() {
		CompletableFuture<Void> ended = new CompletableFuture<>();
		for (Channel channel : this.channels) {
			if (channel.parent() != null) {
				channel.close().addListener((closed) -> ended.complete(null));
			}
		}
		return ended;
	}

	void removeSocket() {
		if (this.endpoint instanceof PluginEndpoint.Unix unix) {
			unix.path().toFile().delete();
		}
	}

	/** Does something later, on the thread of the server. */
	void later(long millis, Runnable action) {
		var unused = this.eventLoops.schedule(action, millis, TimeUnit.MILLISECONDS);
	}

	@Override
	public void close() throws InterruptedException {
		this.server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
		this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
	}

	/**
	 * The service's methods. gRPC keeps a server from answering a unary call twice, so
	 * one that does that serves it as a call with many answers.
	 */
	private final class Methods extends HandlerRegistry {

		private final ServerServiceDefinition service;

		Methods(ServerServiceDefinition service) {
			this.service = service;
		}

		@Override
		public @Nullable ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
			ServerMethodDefinition<?, ?> method = this.service.getMethod(name);
			return (FakePlugin.this.behaviour == Behaviour.ANSWERS_TWICE && method != null) ? withManyAnswers(method)
					: method;
		}

		private static <Q, A> ServerMethodDefinition<Q, A> withManyAnswers(ServerMethodDefinition<Q, A> method) {
			return ServerMethodDefinition.create(method.getMethodDescriptor()
				.toBuilder()
				.setType(MethodDescriptor.MethodType.SERVER_STREAMING)
				.build(), method.getServerCallHandler());
		}

	}

	/** Notes which methods are called. */
	private final class Recorder implements ServerInterceptor {

		@Override
		public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
				ServerCallHandler<Q, A> next) {
			String service = call.getMethodDescriptor().getServiceName();
			(HKPPluginGrpc.SERVICE_NAME.equals(service) ? FakePlugin.this.calls : FakePlugin.this.otherCalls)
				.add(call.getMethodDescriptor().getBareMethodName());
			String authorization = String
				.valueOf(headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER)));
			FakePlugin.this.authorizations.add(authorization);
			FakePlugin.this.authorities.add(String.valueOf(call.getAuthority()));
			if (call.getMethodDescriptor().equals(HKPPluginGrpc.getQueryStorageMethod())) {
				String trace = headers.get(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER));
				FakePlugin.this.queryTraces.add((trace != null) ? trace : "none");
			}
			if (FakePlugin.this.conduct != null) {
				List.of(FakePlugin.this.calls, FakePlugin.this.authorizations, FakePlugin.this.authorities)
					.forEach(Queue::clear);
			}
			if (FakePlugin.this.manners == Manners.NOT_A_PLUGIN) {
				call.close(Status.UNIMPLEMENTED, new Metadata());
				return new ServerCall.Listener<>() {
				};
			}
			FakeConduct conduct = FakePlugin.this.conduct;
			boolean lenient = conduct != null && conduct
				.lenient(call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY, authorization);
			if (conduct != null) {
				conduct.called();
			}
			if (FakePlugin.this.secret != null && !lenient
					&& !authorization.equals("Bearer " + FakePlugin.this.secret)) {
				call.close(Status.UNAUTHENTICATED.withDescription("who are you?"), new Metadata());
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
			InitResponse.Builder answer = InitResponse.newBuilder().setSuccess(true).setInfo(info);
			if (FakePlugin.this.manners != Manners.NO_DRY_RUN) {
				answer.addFeatures("dry_run");
			}
			if (FakePlugin.this.streamManners != StreamManners.OFF) {
				answer.addFeatures("stream");
			}
			if (FakePlugin.this.responseManners != ResponseManners.OFF
					&& FakePlugin.this.responseManners != ResponseManners.UNDECLARED) {
				answer.addFeatures("response");
			}
			FakePlugin.this.brought.declare(answer);
			switch (FakePlugin.this.manners) {
				case GOOD, EXITS_DURING_SHUTDOWN, NOT_A_PLUGIN, NO_PROOF, WRONG_PROOF, GO_PLUGIN, GO_PLUGIN_NOT_SERVING,
						GO_PLUGIN_FLOODS, HANGS_IN_SHUTDOWN, HEALTHY, UNHEALTHY, BINDS_SLOWLY,
						SHOWS_ANOTHER_CERTIFICATE, NO_DRY_RUN ->
					{
					}
				case OTHER_PATCH -> answer.getInfoBuilder().putMetadata("min_host_protocol", "1.0.9");
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
			FakeConduct conduct = FakePlugin.this.conduct;
			if (conduct != null && answer.getSuccess()) {
				String refusal = conduct.refusal(request);
				if (refusal != null) {
					answer.clear().setError(refusal);
				}
				else if (FakePlugin.this.manners != Manners.OTHER_NAME
						&& FakePlugin.this.manners != Manners.NEEDS_NEWER_GATEWAY) {
					conduct.declare(answer);
				}
			}
			if (FakePlugin.this.secret != null && FakePlugin.this.manners != Manners.NO_PROOF) {
				answer.setAuthProof(ByteString.copyFrom(proof(request.getNonce().toByteArray())));
			}
			observer.onNext(answer.build());
			observer.onCompleted();
		}

		private byte[] proof(byte[] nonce) {
			if (FakePlugin.this.manners == Manners.WRONG_PROOF) {
				nonce[0]++;
			}
			try {
				Mac mac = Mac.getInstance("HmacSHA256");
				mac.init(new SecretKeySpec(FakePlugin.this.secret.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
				return mac.doFinal(nonce);
			}
			catch (GeneralSecurityException ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Override
		public void subscribeEvents(EventFilter filter, StreamObserver<Event> observer) {
			FakePlugin.this.brought.emit(filter, observer);
		}

		@Override
		public void publishEvents(EventBatch batch, StreamObserver<Empty> observer) {
			FakePlugin.this.brought.take(batch, observer);
		}

		@Override
		public void publishEvent(Event event, StreamObserver<Empty> observer) {
			FakePlugin.this.brought.take(event, observer);
		}

		@Override
		public void handleKeyChange(KeyChangeEvent change, StreamObserver<Event> observer) {
			FakePlugin.this.brought.take(change, observer);
		}

		@Override
		public void getInfo(Empty request, StreamObserver<PluginInfo> observer) {
			if (FakePlugin.this.manners == Manners.NO_INFO_NO_GETINFO) {
				super.getInfo(request, observer);
				return;
			}
			FakeConduct conduct = FakePlugin.this.conduct;
			observer.onNext((conduct != null) ? conduct.info().build()
					: PluginInfo.newBuilder().setName("fake").setVersion("8.8").build());
			observer.onCompleted();
		}

		@Override
		public void healthCheck(Empty request, StreamObserver<HealthStatus> observer) {
			if (FakePlugin.this.manners == Manners.SILENT) {
				return;
			}
			if (goPlugin()) {
				super.healthCheck(request, observer);
				return;
			}
			FakeConduct conduct = FakePlugin.this.conduct;
			if (conduct != null && conduct.failsHealth()) {
				observer.onError(Status.INTERNAL.withDescription("too much to do").asRuntimeException());
				return;
			}
			if (FakePlugin.this.manners == Manners.HEALTHY || FakePlugin.this.manners == Manners.UNHEALTHY) {
				observer.onNext(HealthStatus.newBuilder()
					.setStatus(HealthStatus.Status.valueOf(FakePlugin.this.manners.name()))
					.build());
				observer.onCompleted();
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
			if (FakePlugin.this.manners == Manners.SILENT || FakePlugin.this.manners == Manners.HANGS_IN_SHUTDOWN) {
				return;
			}
			if (FakePlugin.this.manners == Manners.EXITS_DURING_SHUTDOWN) {
				stop();
				return;
			}
			observer.onNext(ShutdownResponse.newBuilder().setSuccess(true).build());
			observer.onCompleted();
			FakeConduct conduct = FakePlugin.this.conduct;
			if (conduct != null) {
				conduct.end(FakePlugin.this::removeSocket);
			}
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
			FakeConduct conduct = FakePlugin.this.conduct;
			if (conduct != null) {
				// It does not run long enough to need to be told what it was asked.
				if (FakePlugin.this.events.size() > 1000) {
					FakePlugin.this.events.clear();
				}
				if (conduct == FakeConduct.DIES_OF_CANCELLED_CALLS) {
					onCancel(observer, () -> Runtime.getRuntime().halt(3));
				}
			}
			if (conduct != null && FakePlugin.this.behaviour == Behaviour.CONTINUES) {
				answer.setContinueChain(true);
				boolean streamed = observer instanceof FakeStream.Answer;
				if (!conduct.takes(event, streamed, FakePlugin.this::later,
						() -> observer.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException()),
						() -> answer(observer, answer))) {
					answer(observer, conduct.answered(event, answer));
				}
				return;
			}
			switch (FakePlugin.this.behaviour.of(event)) {
				case CONTINUES -> answer(observer,
						answer.setContinueChain(true).putAnnotations("target", event.getRawTarget().toStringUtf8()));
				case DENIES -> answer(observer, answer.setStatusCode(403).setBody(ByteString.copyFromUtf8("no")));
				case DENIES_WITH_REASON ->
					answer(observer, answer.setStatusCode(403).setReason("too much from " + event.getRemoteAddr()));
				case DENIES_WITH_PATH -> answer(observer, answer.setStatusCode(403).setReason(event.getPath()));
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
				case DELAYS_BY_FILE, CRASHES_AFTER_10_S ->
					later(fileDelay(), () -> answer(observer, answer.setContinueChain(true)));
				case ANSWERS_TWICE -> {
					observer.onNext(answer.setContinueChain(true).build());
					answer(observer, answer);
				}
				case ANSWERS_100_MB -> answer(observer,
						answer.setStatusCode(200).setBody(UnsafeByteOperations.unsafeWrap(new byte[100 << 20])));
				case SETS_HOST -> answer(observer,
						answer.setContinueChain(true)
							.addRequestHeaders(HeaderMutation.newBuilder()
								.setAction(HeaderMutation.Action.SET)
								.setName("Host")
								.setValue(ByteString.copyFromUtf8("evil.example"))));
				case ANSWERS_WITH_HOP_BY_HOP -> answer(observer,
						answer.setStatusCode(403)
							.putHeaders("Connection", "X-Private")
							.putHeaders("X-Private", "1")
							.putHeaders("Transfer-Encoding", "chunked")
							.putHeaders("Content-Length", "7")
							.putHeaders("X-Kept", "1"));
				case PRINTS_LONG_LINES -> {
					FakeOutput.longLines();
					answer(observer, answer.setContinueChain(true));
				}
				case FLOODS, FLOODS_FOR_A_MINUTE -> {
					if (FakePlugin.this.events.size() == 1) {
						FakeOutput.flood(Duration.ofSeconds((FakePlugin.this.behaviour == Behaviour.FLOODS) ? 2 : 60));
					}
					answer(observer, answer.setContinueChain(true));
				}
				case CALLS_HOST -> CompletableFuture.supplyAsync(HostCalls::wrongAndOwnToken)
					.thenAccept((told) -> answer(observer,
							answer.setStatusCode(200).setBody(ByteString.copyFromUtf8(told))));
				case BANS -> {
					String client = event.getRemoteAddr().replaceFirst(":\\d+$", "");
					CompletableFuture
						.supplyAsync(() -> event.getPath().endsWith("forgive") ? HostCalls.forgive(client)
								: HostCalls.banned(client))
						.thenAccept(
								(told) -> answer(observer, answer.setStatusCode(told.startsWith("banned") ? 403 : 200)
									.setBody(ByteString.copyFromUtf8(told))));
				}
				case TAKES_TOKENS -> CompletableFuture.supplyAsync(HostCalls::taken)
					.thenAccept((status) -> answer(observer,
							(status == 0) ? answer.setContinueChain(true) : answer.setStatusCode(status)));
				case ASKS_STORAGE -> CompletableFuture.supplyAsync(() -> StorageAsker.ask(event.getQueryParamsMap()))
					.thenAccept((told) -> answer(observer,
							answer.setStatusCode(200).setBody(ByteString.copyFromUtf8(told))));
				case TELLS_EVENTS -> answer(observer,
						answer.setStatusCode(200).setBody(ByteString.copyFromUtf8(FakePlugin.this.brought.told())));
				case ASKS_HOST -> CompletableFuture.supplyAsync(() -> HostEvents.ask(event.getQueryParamsMap()))
					.thenAccept((told) -> answer(observer,
							answer.setStatusCode(200).setBody(ByteString.copyFromUtf8(told))));
				case ADDS_HOST_ANSWER -> CompletableFuture.supplyAsync(HostCalls::wrongAndOwnToken)
					.thenAccept((told) -> answer(observer, answer.setContinueChain(true)
						.putHeaders("X-Host-Of-" + System.getenv("PLUGIN_NAME"), told)));
				case HOLDS_BY_FILE -> {
					if (event.getRawTarget().toStringUtf8().contains("held")) {
						System.err.println("holds a request");
						answerWhenReleased(observer, answer.setContinueChain(true));
					}
					else {
						answer(observer, answer.setContinueChain(true));
					}
				}
				case CLEANS_UPLOAD -> answer(observer, FakeDecisions.cleaned(event));
				case SHOUTS -> answer(observer, FakeDecisions.shouted(event));
				case WANTS_EXACT -> answer(observer, FakeDecisions.exact(event));
				case REWRITES_BADLY -> answer(observer,
						answer.setContinueChain(true).setRewrite(RequestRewrite.newBuilder().setPath("/pks//add")));
				case MARKS -> answer(observer, FakeDecisions.marked());
				case TELLS_TRACE -> answer(observer, FakeDecisions.traced(event));
				case TELLS_REQUEST -> answer(observer, FakeDecisions.told(event));
				case COUNTS -> {
					int real = event.getDryRun() ? FakePlugin.this.counted.get()
							: FakePlugin.this.counted.incrementAndGet();
					answer(observer,
							answer.setContinueChain(true)
								.setReason("real requests: " + real)
								.putAnnotations("real", Integer.toString(real)));
				}
				case TAKES_300_MS -> later(300, () -> answer(observer, answer.setContinueChain(true)));
				case TELLS_VIEW -> answer(observer, FakeDecisions.viewTold(event));
				case SETS_AUTHORIZATION -> answer(observer, FakeDecisions.authorized());
				case ADDS_COOKIE -> answer(observer, answer.setContinueChain(true).putHeaders("Set-Cookie", "early=1"));
				case DELAYS -> answer(observer, answer.setContinueChain(true).setDelayMs(1500));
				case DELAYS_A_MINUTE -> answer(observer, answer.setContinueChain(true).setDelayMs(60_000));
				case DENIES_SLOWLY -> answer(observer, answer.setStatusCode(429).setDelayMs(1500));
				case LEGACY_ONLY, KNOWS_NO_REQUESTS, AS_ASKED -> super.handleRequest(event, observer);
			}
		}

		@Override
		public void queryStorage(StorageQuery query, StreamObserver<StorageResponse> observer) {
			if (FakePlugin.this.providesKeys) {
				FakeKeys.answer(query, observer);
			}
			else {
				super.queryStorage(query, observer);
			}
		}

		@Override
		public void handleUpstreamResponse(UpstreamResponseEvent event,
				StreamObserver<UpstreamResponseDecision> observer) {
			FakePlugin.this.responses.add(event);
			UpstreamResponseDecision.Builder decision = UpstreamResponseDecision.newBuilder();
			switch (FakePlugin.this.responseManners) {
				case OFF, UNIMPLEMENTED -> {
					super.handleUpstreamResponse(event, observer);
					return;
				}
				case UNDECLARED, NOTHING -> {
				}
				case TELLS -> decision.setReason("told")
					.addResponseHeaders(append("X-Reviewed", System.getenv("PLUGIN_NAME") + " " + event.getStatusCode()
							+ " " + event.getMethod() + " " + event.getRawTarget().toStringUtf8()));
				case TELLS_TRACE ->
					decision.addResponseHeaders(append("X-Response-Trace", "trace:" + event.getTraceparent()));
				case MARKS -> decision.putAnnotations("client", event.getRemoteAddr())
					.addResponseHeaders(append("X-Answer-Mark", "2").toBuilder().setAction(HeaderMutation.Action.SET));
				case ANNOTATES -> decision.putAnnotations("seen", names(event));
				case TELLS_NAMES -> decision.addResponseHeaders(append("X-Seen", names(event)));
				case SETS_COOKIE -> decision.addResponseHeaders(append("X-Seen", names(event)))
					.addResponseHeaders(append("Set-Cookie", "late=1"));
				case NEVER_ANSWERS -> {
					((ServerCallStreamObserver<?>) observer).setOnCancelHandler(FakePlugin.this.cancelled::countDown);
					return;
				}
				case FAILS_UNKNOWN -> {
					observer.onError(new IllegalStateException("bug"));
					return;
				}
				case CRLF_IN_HEADER ->
					decision.addResponseHeaders(append("X-Good", "1")).addResponseHeaders(append("X-A", "b\r\nX-C: d"));
				case SETS_CONTENT_LENGTH -> decision.addResponseHeaders(append("X-Good", "1"))
					.addResponseHeaders(append("Content-Length", "7"));
				case TOO_MANY_CHANGES -> {
					for (int i = 0; i < 65; i++) {
						decision.addResponseHeaders(append("X-A", "b"));
					}
				}
				case HALTS -> Runtime.getRuntime().halt(3);
			}
			observer.onNext(decision.build());
			observer.onCompleted();
		}

		private static String names(UpstreamResponseEvent event) {
			return event.getHeaderFieldsList().stream().map(HeaderField::getName).toList().toString();
		}

		private static HeaderMutation append(String name, String value) {
			return HeaderMutation.newBuilder()
				.setAction(HeaderMutation.Action.APPEND)
				.setName(name)
				.setValue(ByteString.copyFromUtf8(value))
				.build();
		}

		private void answer(StreamObserver<HandleResponse> observer, HandleResponse.Builder answer) {
			try {
				if (FakeConduct.is(FakePlugin.this.conduct, FakeConduct.DECIDES_OTHERWISE_ON_STREAM)
						&& observer instanceof FakeStream.Answer) {
					answer.clear().setStatusCode(403);
				}
				observer.onNext(answer.build());
				observer.onCompleted();
			}
			catch (RuntimeException ex) {
				// Too late: what ANSWERS_WHEN_TOO_LATE is about.
			}
		}

		private void answerWhenReleased(StreamObserver<HandleResponse> observer, HandleResponse.Builder answer) {
			if (Files.exists(Path.of("hold"))) {
				later(20, () -> answerWhenReleased(observer, answer));
			}
			else {
				answer(observer, answer);
			}
		}

		/** What stands in a file named delay, in milliseconds; none if there is none. */
		private static long fileDelay() {
			try {
				return Long.parseLong(Files.readString(Path.of("delay")).strip());
			}
			catch (IOException | NumberFormatException ex) {
				return 0;
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

	private boolean goPlugin() {
		return this.manners.name().startsWith("GO_PLUGIN");
	}

	/** As go-plugin serves it. */
	private final class Health extends HealthGrpc.HealthImplBase {

		@Override
		public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
			if (!goPlugin()) {
				super.check(request, observer);
				return;
			}
			if (!request.getService().equals("plugin")) {
				observer.onError(Status.NOT_FOUND.asRuntimeException());
				return;
			}
			observer.onNext(HealthCheckResponse.newBuilder()
				.setStatus((FakePlugin.this.manners == Manners.GO_PLUGIN_NOT_SERVING) ? ServingStatus.NOT_SERVING
						: ServingStatus.SERVING)
				.build());
			observer.onCompleted();
		}

	}

	private final class Stdio extends GRPCStdioGrpc.GRPCStdioImplBase {

		@Override
		public void streamStdio(com.google.protobuf.Empty request, StreamObserver<StdioData> observer) {
			if (!goPlugin()) {
				super.streamStdio(request, observer);
				return;
			}
			if (FakePlugin.this.manners == Manners.GO_PLUGIN_FLOODS) {
				flood((ServerCallStreamObserver<StdioData>) observer);
				return;
			}
			observer.onNext(data(StdioData.Channel.STDOUT, "a line\nhalf "));
			observer.onNext(data(StdioData.Channel.STDERR, "panic: x\n"));
			observer.onNext(data(StdioData.Channel.INVALID, "nowhere"));
			observer.onNext(data(StdioData.Channel.STDOUT, "a line\n"));
			observer.onCompleted();
		}

		/**
		 * Prints as long as anybody takes it, as a process that writes to a pipe does.
		 */
		private void flood(ServerCallStreamObserver<StdioData> observer) {
			StdioData data = data(StdioData.Channel.STDOUT, "x".repeat(1023) + "\n");
			observer.setOnReadyHandler(() -> {
				while (observer.isReady()) {
					observer.onNext(data);
					FakePlugin.this.flooded.addAndGet(data.getData().size());
				}
			});
		}

		private StdioData data(StdioData.Channel channel, String text) {
			return StdioData.newBuilder().setChannel(channel).setData(ByteString.copyFromUtf8(text)).build();
		}

	}

	private final class Controller extends GRPCControllerGrpc.GRPCControllerImplBase {

		@Override
		public void shutdown(org.hkpgateway.proto.goplugin.Empty request,
				StreamObserver<org.hkpgateway.proto.goplugin.Empty> observer) {
			if (!goPlugin()) {
				super.shutdown(request, observer);
				return;
			}
			// In the middle of the answer, as go-plugin does.
			stop();
		}

	}

}
