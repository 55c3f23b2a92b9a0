package org.hkpgateway.bench.forwarder;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

import com.google.protobuf.ByteString;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Asks one decision process on one stream, in plaintext over its unix socket: what gRPC
 * costs and nothing else. It knows no deadline, no limit and no flow control, and when
 * the stream breaks it is broken for good.
 */
final class DecisionStream implements StreamObserver<HandleResponse> {

	private final Map<String, MonoSink<HandleResponse>> waiting = new ConcurrentHashMap<>();

	private final AtomicLong ids = new AtomicLong();

	private final StreamObserver<HandleRequestEvent> events;

	/**
	 * Opens a stream.
	 * @param socket where the process listens
	 * @param loops serve it, and answers come on them
	 */
	DecisionStream(Path socket, EventLoopGroup loops) {
		NettyChannelBuilder builder = NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
			.eventLoopGroup(loops)
			.channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
			.overrideAuthority("localhost")
			.usePlaintext()
			.directExecutor();
		// gRPC sets it on every channel; a unix socket has no such option.
		builder.withOption(ChannelOption.SO_KEEPALIVE, null);
		this.events = HKPPluginGrpc.newStub(builder.build()).handleRequests(this);
	}

	/**
	 * Asks.
	 * @param request about which request
	 * @return the answer
	 */
	Mono<HandleResponse> ask(HttpServerRequest request) {
		return Mono.create((sink) -> {
			String id = Long.toString(this.ids.incrementAndGet());
			this.waiting.put(id, sink);
			HandleRequestEvent event = event(id, request);
			// It must not be used by two threads at a time.
			synchronized (this.events) {
				this.events.onNext(event);
			}
		});
	}

	private static HandleRequestEvent event(String id, HttpServerRequest request) {
		HandleRequestEvent.Builder event = HandleRequestEvent.newBuilder()
			.setRequestId(id)
			.setMethod(request.method().name())
			.setPath(request.fullPath())
			.setRemoteAddr(String.valueOf(request.remoteAddress()))
			.setRawTarget(ByteString.copyFrom(request.uri(), StandardCharsets.ISO_8859_1));
		request.requestHeaders().forEach((field) -> event.putHeaders(field.getKey(), field.getValue()));
		return event.build();
	}

	@Override
	public void onNext(HandleResponse answer) {
		MonoSink<HandleResponse> sink = this.waiting.remove(answer.getRequestId());
		if (sink != null) {
			sink.success(answer);
		}
	}

	@Override
	public void onError(Throwable error) {
		this.waiting.values().forEach((sink) -> sink.error(error));
	}

	@Override
	public void onCompleted() {
		onError(new IllegalStateException("expected: answers, got: the end of the stream"));
	}

}
