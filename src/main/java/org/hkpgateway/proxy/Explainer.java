package org.hkpgateway.proxy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.chain.ChainResult;
import org.hkpgateway.chain.ChainRun;
import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.DryAsker;
import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.chain.Seat;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Goes the way of a request without sending anything: it is read, understood and checked
 * by what reads, understands and checks real ones, and plugins are asked past the guards
 * that remember. Neither log nor metrics hear of it. Thread-safe; does not block.
 */
final class Explainer {

	private final RequestReader reader;

	private final PluginChain chain;

	private final IncomingBody bodies;

	private final Upstreams upstreams;

	private final StrictTransport strictTransport;

	private final int maxHead;

	Explainer(RequestReader reader, PluginChain chain, IncomingBody bodies, Upstreams upstreams,
			StrictTransport strictTransport, int maxHead) {
		this.reader = reader;
		this.chain = chain;
		this.bodies = bodies;
		this.upstreams = upstreams;
		this.strictTransport = strictTransport;
		this.maxHead = maxHead;
	}

	/**
	 * Explains a request.
	 * @param asked the request
	 * @return what would be done; an {@link IllegalArgumentException} if head and body do
	 * not belong together
	 */
	Mono<Explanation> explain(ExplainedRequest asked) {
		return Mono.defer(() -> {
			ExplainedArrival arrival;
			try {
				arrival = ExplainedArrival.read(asked, this.maxHead);
			}
			catch (Refusal refusal) {
				return Mono.just(refused(null, refusal, asked.tls()));
			}
			try {
				return decide(asked, arrival, this.reader.read(arrival));
			}
			catch (Refusal refusal) {
				Explanation.Understood understood = arrival.understood();
				return Mono.just(refused(understood, refusal, understood.tls()));
			}
		});
	}

	private Mono<Explanation> decide(ExplainedRequest asked, ExplainedArrival arrival,
			RequestReader.Understood understood) {
		DryAsker asker = new DryAsker(asked.force());
		String id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
		ChainRun run = this.chain.rehearsal(asker)
			.start(RequestEvent.arrived(id, understood.head(), understood.hkp(), understood.client().client(),
					understood.client().tls()));
		long length = Exchange.bodyLength(arrival.fields());
		RequestBody shown = this.bodies.checked(arrival.method(), arrival.target(), length, asked.body(),
				run.bodyDemand());
		if (length >= 0 && length != asked.body().remaining()) {
			throw new IllegalArgumentException("body: expected: as many bytes as its Content-Length says, " + length
					+ ", got: " + asked.body().remaining() + "; leave the header out");
		}
		long started = System.nanoTime();
		return run.decide(shown)
			.map((result) -> new Explanation(arrival.understood(), run.seats(), result.trace(), asker.forced(),
					asker.notCalled(), result(asked, understood, length, run.seats(), result),
					System.nanoTime() - started));
	}

	private Explanation.Result result(ExplainedRequest asked, RequestReader.Understood understood, long length,
			List<Seat> seats, ChainResult result) {
		boolean tls = understood.client().tls();
		if (result instanceof ChainResult.Answer answer) {
			return new Explanation.Answer(complete(answer.head(), answer.body().remaining(), tls), answer.body());
		}
		ChainResult.Forward forward = (ChainResult.Forward) result;
		if (understood.head().method().equals("OPTIONS")) {
			ResponseHead options = OptionsAnswer.to(understood.head().headers(), forward.responseHeaders());
			return new Explanation.Answer(complete(options, 0, tls), ByteBuffer.allocate(0));
		}
		UpstreamHead head = understood.upstreamHead(forward.request().head(), forward.request().hkp());
		UpstreamBody body = body(asked, length, forward);
		boolean reads = Reading.only(head, body);
		List<UpstreamServer> servers = reads ? this.upstreams.all() : List.of(this.upstreams.primary());
		HttpHeaders fields = head.fields();
		if (!fields.contains(HttpHeaderNames.HOST)) {
			fields.set(HttpHeaderNames.HOST, servers.get(0).name());
		}
		UpstreamClient.frame(fields, head.method(), body);
		return new Explanation.Forward(head.method(), head.target(), NettyHeaders.copy(fields), length(body),
				forward.bodyReplaced(), reads,
				servers.stream().map((server) -> this.upstreams.status(server, "")).toList(), forward.responseHeaders(),
				reviewers(seats));
	}

	private UpstreamBody body(ExplainedRequest asked, long length, ChainResult.Forward forward) {
		if (forward.bodyReplaced()) {
			return new UpstreamBody.Replaced(forward.request().body().bytes());
		}
		if (length == 0) {
			return new UpstreamBody.None();
		}
		return (length < 0 && !this.bodies.requiresLength()) ? new UpstreamBody.Streamed(Flux.empty(), -1, 0)
				: new UpstreamBody.Replaced(asked.body());
	}

	private static long length(UpstreamBody body) {
		return (body instanceof UpstreamBody.Replaced bytes) ? bytes.bytes().remaining()
				: (body instanceof UpstreamBody.None) ? 0 : -1;
	}

	private static List<PluginId> reviewers(List<Seat> seats) {
		List<PluginId> reviewers = new ArrayList<>();
		seats.stream().filter(Seat::reviews).forEach((seat) -> reviewers.add(seat.spec().id()));
		Collections.reverse(reviewers);
		return reviewers;
	}

	private Explanation refused(Explanation.@Nullable Understood understood, Refusal refusal, boolean tls) {
		ResponseHead head = complete(GatewayHandler.refusalHead(refusal), refusal.text().length() + 1, tls);
		return new Explanation(understood, List.of(), ChainTrace.EMPTY, Set.of(), Set.of(),
				new Explanation.Refused(head, refusal.text()), 0);
	}

	private ResponseHead complete(ResponseHead head, int length, boolean tls) {
		HttpHeaders fields = new DefaultHttpHeaders();
		NettyHeaders.add(head.headers(), fields);
		this.strictTransport.complete(fields, tls);
		CorsHeader.complete(fields);
		if (head.status() != 204 && head.status() != 304) {
			fields.set(HttpHeaderNames.CONTENT_LENGTH, length);
		}
		return new ResponseHead(head.status(), NettyHeaders.copy(fields));
	}

}
