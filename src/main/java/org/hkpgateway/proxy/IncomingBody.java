package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import org.hkpgateway.chain.BodyDemand;
import org.hkpgateway.plugin.RequestBody;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads as much of a request body as plugins or the keyserver need, and no more.
 */
final class IncomingBody {

	private final int maxBody;

	private final BufferBudget budget;

	private final boolean requireLength;

	IncomingBody(int maxBody, BufferBudget budget, boolean requireLength) {
		this.maxBody = maxBody;
		this.budget = budget;
		this.requireLength = requireLength;
	}

	/**
	 * Reads what is demanded and goes on with it. Memory is given back when the result
	 * ends, however it ends.
	 * @param exchange the exchange
	 * @param demand how much plugins want
	 * @param next given what plugins may see, and what goes to the keyserver
	 * @return what {@code next} returns, or a {@link Refusal}
	 */
	Mono<Void> read(Exchange exchange, BodyDemand demand, BiFunction<RequestBody, UpstreamBody, Mono<Void>> next) {
		long length = exchange.bodyLength();
		if (length == 0) {
			return next.apply(RequestBody.ABSENT, new UpstreamBody.None());
		}
		if (length > this.maxBody) {
			return Mono.error(Refusal.tooLarge(this.maxBody));
		}
		return switch (demand.mode()) {
			case FULL -> hold(exchange, length, Math.min(this.maxBody, demand.bytes()),
					(held) -> next.apply(new RequestBody(RequestBody.State.COMPLETE, held.copy(), held.length()),
							new UpstreamBody.Held(held)));
			case PREFIX -> (length < 0 && this.requireLength)
					? hold(exchange, length, this.maxBody,
							(held) -> next.apply(prefixOf(held, demand.bytes()), new UpstreamBody.Held(held)))
					: peek(exchange, length, demand.bytes(), next);
			case NONE -> next.apply(RequestBody.withheld(length), stream(exchange, length));
		};
	}

	/**
	 * Makes the length of a body known, if it must be.
	 * @param exchange the exchange
	 * @param body the body
	 * @param next given the body to send
	 * @return what {@code next} returns, or a {@link Refusal}
	 */
	Mono<Void> withLength(Exchange exchange, UpstreamBody body, Function<UpstreamBody, Mono<Void>> next) {
		if (this.requireLength && body instanceof UpstreamBody.Streamed streamed && streamed.length() < 0) {
			return hold(exchange, -1, this.maxBody, (held) -> next.apply(new UpstreamBody.Held(held)));
		}
		return next.apply(body);
	}

	private RequestBody prefixOf(HeldBody held, int bytes) {
		return new RequestBody((held.length() <= bytes) ? RequestBody.State.COMPLETE : RequestBody.State.PREFIX,
				held.copy().limit(Math.min(bytes, held.length())), held.length());
	}

	private UpstreamBody stream(Exchange exchange, long length) {
		Flux<ByteBuf> bytes = exchange.request().receive().retain();
		return new UpstreamBody.Streamed((length < 0) ? limited(bytes) : bytes, length);
	}

	private Flux<ByteBuf> limited(Flux<ByteBuf> bytes) {
		long[] seen = new long[1];
		return bytes.doOnNext((buffer) -> {
			seen[0] += buffer.readableBytes();
			if (seen[0] > this.maxBody) {
				buffer.release();
				throw Refusal.tooLarge(this.maxBody);
			}
		});
	}

	private Mono<Void> hold(Exchange exchange, long length, int limit, Function<HeldBody, Mono<Void>> next) {
		return Mono.using(() -> new HeldBody(length, limit, this.budget, exchange.channel().alloc()),
				(held) -> exchange.request().receive().doOnNext(held::add).then(Mono.defer(() -> next.apply(held))),
				HeldBody::release);
	}

	/**
	 * Waits for the first bytes, shows a copy of them, and streams them on with the rest.
	 */
	private Mono<Void> peek(Exchange exchange, long length, int wanted,
			BiFunction<RequestBody, UpstreamBody, Mono<Void>> next) {
		long[] seen = new long[1];
		Flux<ByteBuf> bytes = exchange.request().receive().retain();
		return Mono.using(
				() -> new HeldBody(Math.min(wanted, (length < 0) ? wanted : length), wanted, this.budget,
						exchange.channel().alloc()),
				(held) -> ((length < 0) ? limited(bytes) : bytes)
					.bufferUntil((buffer) -> (seen[0] += buffer.readableBytes()) >= wanted)
					.switchOnFirst((first, lists) -> {
						List<ByteBuf> head = first.hasValue() ? first.get() : null;
						if (head == null) {
							Throwable error = first.getThrowable();
							return (error != null) ? Mono.<Void>error(error)
									: next.apply(new RequestBody(RequestBody.State.COMPLETE, held.copy(), 0),
											new UpstreamBody.None());
						}
						for (ByteBuf buffer : head) {
							held.add(buffer.slice(buffer.readerIndex(),
									Math.min(buffer.readableBytes(), wanted - held.length())));
						}
						boolean complete = seen[0] < wanted || (seen[0] == length && length <= wanted);
						return next.apply(
								new RequestBody(complete ? RequestBody.State.COMPLETE : RequestBody.State.PREFIX,
										held.copy(), length),
								new UpstreamBody.Streamed(lists.flatMapIterable((list) -> list, 1), length));
					})
					.doOnDiscard(List.class, IncomingBody::releaseAll)
					.doOnDiscard(ByteBuf.class, ReferenceCountUtil::safeRelease)
					.then(),
				HeldBody::release);
	}

	private static void releaseAll(List<?> buffers) {
		new ArrayList<>(buffers).forEach(ReferenceCountUtil::safeRelease);
	}

}
