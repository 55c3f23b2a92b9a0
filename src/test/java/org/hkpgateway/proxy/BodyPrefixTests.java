package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link BodyPrefix}.
 */
class BodyPrefixTests {

	private static final int FIRST = 64 * 1024;

	private final Random random = new Random(7);

	/** What is wished for is held as far as there is memory; the whole body passes. */
	@ParameterizedTest
	@CsvSource({ "1000000, 200000, 0, 1000, true", "1000000, 200000, 0, 70000, true", "70000, 200000, 0, 1000, false",
			"70000, 200000, 0, 90000, false", "70000, 200000, 5000, 1000, false",
			"70000, 200000, 65536, 65536, false" })
	void aWishEndsWhereTheMemoryDoes(long budget, int size, int needed, int part, boolean whole) {
		BufferBudget memory = new BufferBudget(budget);
		BodyPrefix prefix = new BodyPrefix(new HeldBody(size, size, memory, UnpooledByteBufAllocator.DEFAULT), size,
				needed);
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
		assertThat(prefix.held().length()).isBetween(needed, size);
		assertThat(prefix.held().length() == size).isEqualTo(whole);
		prefix.release();
		assertThat(parts).allMatch((bytes) -> bytes.refCnt() == 0);
		assertThat(memory.used()).isZero();
	}

	@Test
	void whatIsNeededIsRefusedWithoutMemory() {
		BufferBudget memory = new BufferBudget(FIRST);
		BodyPrefix prefix = new BodyPrefix(new HeldBody(-1, 200_000, memory, UnpooledByteBufAllocator.DEFAULT), 200_000,
				100_000);
		ByteBuf part = Unpooled.wrappedBuffer(new byte[300_000]);
		assertThatExceptionOfType(Refusal.class)
			.isThrownBy(() -> Flux.just(part).<ByteBuf>handle(prefix::take).blockLast());
		assertThat(part.refCnt()).isZero();
		prefix.release();
		assertThat(memory.used()).isZero();
	}

}
