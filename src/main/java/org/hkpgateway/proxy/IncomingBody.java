package org.hkpgateway.proxy;

import java.nio.ByteBuffer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.hkpgateway.chain.BodyDemand;
import org.hkpgateway.chain.BodyTap;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.RequestBody;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads as much of a request body as plugins or the keyserver need, and no more.
 */
final class IncomingBody {

	/** Reactor's key for what happens to an error that comes too late. */
	private static final String ERROR_DROPPED = "reactor.onErrorDropped.local";

	/** The keyserver is called once so much of a body is there, or all. */
	private static final int BEGINNING = 64 * 1024;

	private final int maxBody;

	private final BufferBudget budget;

	private final boolean requireLength;

	private final BodyRate rate;

	IncomingBody(int maxBody, BufferBudget budget, boolean requireLength, BodyRate rate) {
		this.maxBody = maxBody;
		this.budget = budget;
		this.requireLength = requireLength;
		this.rate = rate;
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
		if (HashqueryBody.isExpected(exchange.method(), exchange.target(), length)) {
			return hashquery(exchange, length, demand, next);
		}
		if (length == 0) {
			return next.apply(RequestBody.ABSENT, new UpstreamBody.None());
		}
		if (length > this.maxBody) {
			return Mono.error(Refusal.tooLarge(this.maxBody));
		}
		return switch (demand.mode()) {
			case FULL -> hold(exchange, length, limit(this.maxBody, demand),
					(held) -> next.apply(
							new RequestBody(RequestBody.State.COMPLETE, held.copy(Integer.MAX_VALUE), held.length()),
							new UpstreamBody.Held(held)));
			case PREFIX -> (length < 0 && this.requireLength)
					? hold(exchange, length, this.maxBody,
							(held) -> next.apply(prefixOf(held, demand.bytes()), new UpstreamBody.Held(held)))
					: peek(exchange, length, demand.bytes(), next);
			case NONE -> next.apply(RequestBody.withheld(length), stream(exchange, length));
		};
	}

	/** All of a body is held twice: for the keyserver, and for plugins. */
	private int limit(int most, BodyDemand demand) {
		return (demand.mode() == BodyMode.FULL)
				? (int) Math.min(Math.min(most, demand.bytes()), this.budget.limit() / 2) : most;
	}

	/**
	 * Accounts for a body that a plugin has put in the place of the client's, which is
	 * let go. What plugins were shown stays, so half of the memory is left at least.
	 * @param client the body that is not sent
	 * @param bytes all of the new one
	 * @param next given the body to send
	 * @return what {@code next} returns, or a {@link Refusal} if there is no memory for
	 * it
	 */
	Mono<Void> replaced(UpstreamBody client, ByteBuffer bytes, Function<UpstreamBody, Mono<Void>> next) {
		long most = this.budget.limit() / 2;
		if (bytes.remaining() > most) {
			return Mono.error(Refusal.tooLarge(most));
		}
		return Mono.using(() -> {
			if (client instanceof UpstreamBody.Held held) {
				held.body().drop();
			}
			if (!this.budget.take(bytes.remaining())) {
				throw Refusal.tooManyUploads();
			}
			return (long) bytes.remaining();
		}, (length) -> next.apply(new UpstreamBody.Replaced(bytes)), this.budget::giveBack);
	}

	/**
	 * Checks a body that is all there and goes nowhere by the same rules.
	 * @param method of its request
	 * @param target of its request
	 * @param length as declared; 0 if there is none, -1 if it was not declared
	 * @param body its bytes, read-only from now on
	 * @param demand how much plugins want
	 * @return all of it, of which each plugin is shown what it may see
	 * @throws Refusal if {@link #read} would refuse it
	 */
	RequestBody checked(String method, String target, long length, ByteBuffer body, BodyDemand demand) {
		boolean hashquery = HashqueryBody.isExpected(method, target, length);
		if (hashquery) {
			HashqueryBody.checkLength(length);
		}
		else if (length == 0) {
			return RequestBody.ABSENT;
		}
		else if (length > this.maxBody) {
			throw Refusal.tooLarge(this.maxBody);
		}
		int limit = limit(hashquery ? Math.min(this.maxBody, HashqueryBody.MAX_BYTES) : this.maxBody, demand);
		if (Math.max(length, body.remaining()) > limit) {
			throw Refusal.tooLarge(limit);
		}
		if (hashquery) {
			HashqueryBody.check(Unpooled.wrappedBuffer(body));
		}
		boolean held = demand.mode() == BodyMode.FULL
				|| (demand.mode() == BodyMode.PREFIX && (hashquery || this.requireLength));
		return new RequestBody(RequestBody.State.COMPLETE, body, held ? body.remaining() : length);
	}

	/**
	 * Whether the keyserver is told the length of each body.
	 * @return false if one of unknown length is sent as it comes
	 */
	boolean requiresLength() {
		return this.requireLength;
	}

	/** Always held, whatever plugins want: none of it is forwarded before all is read. */
	private Mono<Void> hashquery(Exchange exchange, long length, BodyDemand demand,
			BiFunction<RequestBody, UpstreamBody, Mono<Void>> next) {
		HashqueryBody.checkLength(length);
		int most = Math.min(this.maxBody, HashqueryBody.MAX_BYTES);
		return hold(exchange, length, limit(most, demand), (held) -> {
			held.inspect(HashqueryBody::check);
			RequestBody shown = switch (demand.mode()) {
				case FULL -> new RequestBody(RequestBody.State.COMPLETE, held.copy(Integer.MAX_VALUE), held.length());
				case PREFIX -> prefixOf(held, demand.bytes());
				case NONE -> RequestBody.withheld(length);
			};
			return next.apply(shown, new UpstreamBody.Held(held));
		});
	}

	/**
	 * Makes a body fit to be sent: its length known, if it must be, and its beginning
	 * there, so that clients whose bodies do not come take up no connection to the
	 * keyserver.
	 * @param exchange the exchange
	 * @param body the body
	 * @param tap shown the body as it goes by; null for nobody
	 * @param next given the body to send
	 * @return what {@code next} returns, or a {@link Refusal}
	 */
	Mono<Void> toSend(Exchange exchange, UpstreamBody body, @Nullable BodyTap tap,
			Function<UpstreamBody, Mono<Void>> next) {
		if (!(body instanceof UpstreamBody.Streamed streamed)) {
			show(body, tap);
			return next.apply(body);
		}
		if (this.requireLength && streamed.length() < 0) {
			return hold(exchange, -1, this.maxBody, (bytes) -> {
				UpstreamBody held = new UpstreamBody.Held(bytes);
				show(held, tap);
				return next.apply(held);
			});
		}
		UpstreamBody.Streamed shown = (tap != null && tap.isWanted()) ? tapped(streamed, tap) : streamed;
		if (shown.begun()) {
			return next.apply(shown);
		}
		return begin(exchange, shown.bytes(), shown.length(), BEGINNING, (prefix, begun) -> next.apply(begun));
	}

	/**
	 * How much memory a body takes while plugins decide.
	 * @param shown to plugins, a copy
	 * @param body as it was read so far
	 * @return bytes of both
	 */
	static long memory(RequestBody shown, UpstreamBody body) {
		long held = (body instanceof UpstreamBody.Held whole) ? whole.body().memory()
				: (body instanceof UpstreamBody.Streamed streamed) ? streamed.held() : 0;
		return held + shown.bytes().remaining();
	}

	/**
	 * Shows a body that is in memory already.
	 * @param body the body; of another kind it is not shown
	 * @param tap who is shown it; null for nobody
	 */
	static void show(UpstreamBody body, @Nullable BodyTap tap) {
		if (tap != null && body instanceof UpstreamBody.Held held && tap.isWanted()) {
			held.body().inspect((bytes) -> tap.whole(bytes.nioBuffer()));
		}
	}

	private static UpstreamBody.Streamed tapped(UpstreamBody.Streamed body, BodyTap tap) {
		return new UpstreamBody.Streamed(
				body.bytes().doOnNext((part) -> tap.next(part.nioBuffer())).doOnComplete(tap::end), body.length(),
				body.held());
	}

	private RequestBody prefixOf(HeldBody held, int bytes) {
		return new RequestBody((held.length() <= bytes) ? RequestBody.State.COMPLETE : RequestBody.State.PREFIX,
				held.copy(bytes), held.length());
	}

	private UpstreamBody stream(Exchange exchange, long length) {
		Flux<ByteBuf> bytes = receive(exchange).doOnNext(ByteBuf::retain);
		return new UpstreamBody.Streamed((length < 0) ? limited(bytes) : bytes, length, 0);
	}

	/**
	 * The body as it comes. Its errors are the client's: the keyserver must not be blamed
	 * for them. The server library reports an error once more when the exchange ends;
	 * that is ignored, or any client could fill the log.
	 */
	private Flux<ByteBuf> receive(Exchange exchange) {
		ClientAddress client = exchange.client();
		return this.rate
			.watch(exchange.request().receive().doOnNext(exchange::received), exchange.channel(),
					(client != null) ? client.client() : null)
			.onErrorMap((error) -> !(error instanceof Refusal), (error) -> Refusal.bodyCutShort())
			.contextWrite((context) -> context.put(ERROR_DROPPED, (Consumer<Throwable>) (error) -> {
			}));
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
				(held) -> receive(exchange).doOnNext(held::add).then(Mono.defer(() -> next.apply(held))),
				HeldBody::release);
	}

	/** Holds the first bytes, shows a copy of them, and sends them on before the rest. */
	private Mono<Void> peek(Exchange exchange, long length, int most,
			BiFunction<RequestBody, UpstreamBody, Mono<Void>> next) {
		Flux<ByteBuf> bytes = receive(exchange).doOnNext(ByteBuf::retain);
		return begin(exchange, (length < 0) ? limited(bytes) : bytes, length, most, (prefix, begun) -> {
			boolean complete = begun instanceof UpstreamBody.Held || prefix.length() == length;
			return next.apply(new RequestBody(complete ? RequestBody.State.COMPLETE : RequestBody.State.PREFIX,
					prefix.copy(Integer.MAX_VALUE), length), begun);
		});
	}

	/**
	 * Holds the first bytes and goes on when they are there.
	 * @param most how many are held
	 * @param next given the first bytes, and all of the body: held if it was so short
	 */
	private Mono<Void> begin(Exchange exchange, Flux<ByteBuf> bytes, long length, int most,
			BiFunction<HeldBody, UpstreamBody, Mono<Void>> next) {
		int size = (length < 0) ? most : (int) Math.min(most, length);
		return Mono.using(() -> new BodyPrefix(new HeldBody(size, size, this.budget, exchange.channel().alloc()), size),
				(prefix) -> bytes.<ByteBuf>handle(prefix::take).switchOnFirst((first, rest) -> {
					Throwable error = first.getThrowable();
					if (error != null) {
						return Mono.<Void>error(error);
					}
					return next.apply(prefix.held(),
							first.hasValue()
									? new UpstreamBody.Streamed(prefix.followedBy(rest), length, prefix.memory())
									: new UpstreamBody.Held(prefix.held()));
				}).then(), BodyPrefix::release);
	}

}
