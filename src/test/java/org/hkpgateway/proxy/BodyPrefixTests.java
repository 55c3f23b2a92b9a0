package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ReferenceCountUtil;

import org.hkpgateway.plugin.RequestBody;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link BodyPrefix}.
 */
class BodyPrefixTests {

	private static final int FIRST = 64 * 1024;

	private final Random random = new Random(7);

	/** The first bytes are held; the whole body passes. */
	@ParameterizedTest
	@CsvSource({ "200000, 1000", "200000, 70000", "200000, 300000", "10, 1000", "400000, 70000" })
	void thePrefixIsHeldAndTheWholeBodyPasses(int size, int part) {
		BufferBudget memory = new BufferBudget(1_000_000);
		BodyPrefix prefix = new BodyPrefix(new HeldBody(size, size, memory, UnpooledByteBufAllocator.DEFAULT), size);
		byte[] body = new byte[300_000];
		this.random.nextBytes(body);
		List<ByteBuf> parts = new ArrayList<>();
		for (int i = 0; i < body.length; i += part) {
			parts.add(Unpooled.copiedBuffer(body, i, Math.min(part, body.length - i)));
		}
		ByteBuf all = Unpooled.buffer();
		List<ByteBuf> rest = Flux.fromIterable(parts).<ByteBuf>handle(prefix::take).collectList().block();
		assertThat(rest).isNotNull();
		prefix.followedBy(Flux.fromIterable(rest)).doOnNext((bytes) -> {
			all.writeBytes(bytes);
			bytes.release();
		}).blockLast();
		assertThat(ByteBufUtil.getBytes(all)).isEqualTo(body);
		assertThat(prefix.held().length()).isEqualTo(Math.min(size, body.length));
		prefix.release();
		assertThat(parts).allMatch((bytes) -> bytes.refCnt() == 0);
		assertThat(memory.used()).isZero();
	}

	/** As the server library's sender does when its connection breaks while it writes. */
	@Test
	void whatItsReaderDiscardsIsReleasedOnce() {
		BodyPrefix prefix = new BodyPrefix(
				new HeldBody(100, 100, new BufferBudget(1_000_000), UnpooledByteBufAllocator.DEFAULT), 100);
		ByteBuf part = Unpooled.wrappedBuffer(new byte[300]).retain();
		Flux.just(part).<ByteBuf>handle(prefix::take).blockLast();
		prefix.followedBy(Flux.never()).subscribe(new BaseSubscriber<>() {

			@Override
			protected void hookOnNext(ByteBuf first) {
				first.release();
				cancel();
			}

			@Override
			public Context currentContext() {
				return Operators.enableOnDiscard(Context.empty(), ReferenceCountUtil::release);
			}

		});
		prefix.release();
		assertThat(part.refCnt()).isOne();
		part.release();
	}

	/**
	 * The call of the keyserver may begin on another event loop when the client leaves.
	 */
	@Test
	void afterItsEndNothingIsTakenFromIt() {
		BodyPrefix prefix = new BodyPrefix(
				new HeldBody(100, 100, new BufferBudget(1_000_000), UnpooledByteBufAllocator.DEFAULT), 100);
		ByteBuf part = Unpooled.wrappedBuffer(new byte[300]);
		Flux.just(part).<ByteBuf>handle(prefix::take).blockLast();
		prefix.release();
		assertThat(prefix.followedBy(Flux.empty()).collectList().block()).isEmpty();
		assertThat(part.refCnt()).isZero();
		assertThat(prefix.held().content().isReadable()).isFalse();
	}

	/** What came with the last bytes of the prefix, and the copy for plugins, too. */
	@Test
	void whatItTakesIsKnown() {
		BodyPrefix prefix = new BodyPrefix(
				new HeldBody(100, 100, new BufferBudget(1_000_000), UnpooledByteBufAllocator.DEFAULT), 100);
		Flux.just(Unpooled.wrappedBuffer(new byte[300])).<ByteBuf>handle(prefix::take).blockLast();
		assertThat(prefix.memory()).isEqualTo(300);
		RequestBody shown = RequestBody.complete(prefix.held().copy(100));
		UpstreamBody streamed = new UpstreamBody.Streamed(Flux.empty(), 300, prefix.memory());
		assertThat(IncomingBody.memory(shown, streamed)).isEqualTo(400);
		assertThat(IncomingBody.memory(shown, new UpstreamBody.Held(prefix.held()))).isEqualTo(200);
		assertThat(IncomingBody.memory(RequestBody.ABSENT, new UpstreamBody.None())).isZero();
		prefix.release();
	}

	@Test
	void itIsRefusedWithoutMemory() {
		BufferBudget memory = new BufferBudget(FIRST);
		BodyPrefix prefix = new BodyPrefix(new HeldBody(-1, 200_000, memory, UnpooledByteBufAllocator.DEFAULT),
				200_000);
		ByteBuf part = Unpooled.wrappedBuffer(new byte[300_000]);
		assertThatExceptionOfType(Refusal.class)
			.isThrownBy(() -> Flux.just(part).<ByteBuf>handle(prefix::take).blockLast());
		assertThat(part.refCnt()).isZero();
		prefix.release();
		assertThat(memory.used()).isZero();
	}

}
