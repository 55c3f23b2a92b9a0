package org.hkpgateway.host;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hkpgateway.keyserver.TestKeys;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.KeyInfo;
import org.hkpgateway.proto.PluginHostGrpc.PluginHostBlockingStub;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Queries for keys as plugins make them, over their socket.
 */
@Timeout(60)
class StorageCallsTests {

	private static final PluginSpec ALPHA = TestSpec.named("alpha").granted(Capability.STORAGE_QUERY).build();

	private static final String FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String INDEX = "pub:" + FPR + ":22:256:1700000000:1800000000:r\nuid:Alice:1::\nuid:A:1::\n";

	private volatile RawUpstream.Script script = (socket, request) -> answer(socket, "info:1:1\n" + INDEX);

	private final RawUpstream keyserver;

	private final TestHost host;

	private final HostAccess.Session session;

	private final HostClient client;

	private final PluginHostBlockingStub stub;

	StorageCallsTests() throws IOException {
		this.keyserver = new RawUpstream((socket, request) -> this.script.answer(socket, request));
		this.host = new TestHost(this.keyserver.uri());
		this.session = this.host.open(ALPHA, "a");
		this.client = HostClient.of(this.session.environment());
		this.stub = this.client.token(this.session.environment()).withDeadlineAfter(30, TimeUnit.SECONDS);
	}

	@AfterEach
	void close() throws IOException {
		this.client.close();
		this.session.close();
		this.host.close();
		this.keyserver.close();
	}

	private static void answer(Socket socket, String body) throws IOException {
		socket.getOutputStream().write(("HTTP/1.0 200 OK\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
		socket.close();
	}

	private static StorageQuery query(StorageQuery.Type type, String query) {
		return StorageQuery.newBuilder().setType(type).setQuery(query).build();
	}

	@Test
	void aKeyIsToldAsTheProtocolHasIt() {
		assertThat(this.stub.requestStorage(query(StorageQuery.Type.LOOKUP, FPR)))
			.isEqualTo(StorageResponse.newBuilder()
				.setSuccess(true)
				.setTotalCount(1)
				.addKeys(KeyInfo.newBuilder()
					.setFingerprint(FPR)
					.setKeyId(FPR.substring(24))
					.addUserIds("Alice")
					.addUserIds("A")
					.setCreationTime(1700000000)
					.setExpirationTime(1800000000)
					.setRevoked(true))
				.build());
	}

	@Test
	void aFetchBringsTheKey() {
		TestKeys key = new TestKeys();
		byte[] packets = TestKeys.packets(key.withUserIds("Alice"));
		this.script = (socket, request) -> answer(socket, TestKeys.armor(packets));
		StorageResponse answer = this.stub.requestStorage(query(StorageQuery.Type.FETCH, key.fingerprint()));
		assertThat(answer.getKeysList()).extracting(KeyInfo::getKeyData).containsExactly(ByteString.copyFrom(packets));
	}

	@Test
	void noKeyIsAnAnswerToo() {
		this.script = (socket, request) -> {
			socket.getOutputStream().write("HTTP/1.0 404 Not found\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			socket.close();
		};
		assertThat(this.stub.requestStorage(query(StorageQuery.Type.LOOKUP, FPR)))
			.isEqualTo(StorageResponse.newBuilder().setSuccess(true).build());
		assertThat(this.stub.streamStorage(query(StorageQuery.Type.LOOKUP, FPR)).hasNext()).isFalse();
	}

	@Test
	void aPageHasAHundredKeysUnlessToldOtherwise() {
		this.script = (socket, request) -> answer(socket, INDEX.repeat(1500));
		StorageQuery all = query(StorageQuery.Type.SEARCH, "a");
		assertThat(this.stub.requestStorage(all).getKeysCount()).isEqualTo(100);
		StorageResponse most = this.stub.requestStorage(all.toBuilder().setLimit(1000).setOffset(1).build());
		assertThat(most.getKeysCount()).isEqualTo(1000);
		assertThat(most.getTotalCount()).isEqualTo(1500);
		assertThat(this.stub.requestStorage(all.toBuilder().setOffset(1490).build()).getKeysCount()).isEqualTo(10);
		assertThat(this.keyserver.waiting()).isEqualTo(1);
	}

	@Test
	void aPageThatNoClientWouldAcceptIsRefused() {
		String uids = "uid:" + "x".repeat(8000) + ":::\n";
		this.script = (socket, request) -> answer(socket, (INDEX + uids.repeat(10)).repeat(60));
		StorageQuery all = query(StorageQuery.Type.SEARCH, "a");
		assertThat(status(() -> this.stub.requestStorage(all)))
			.startsWith("RESOURCE_EXHAUSTED: expected: an answer of at most 4194304 bytes, got: ")
			.endsWith(" for 60 keys; ask for fewer with limit and offset, or use StreamStorage");
		assertThat(this.stub.requestStorage(all.toBuilder().setLimit(10).build()).getKeysCount()).isEqualTo(10);
	}

	@Test
	void failuresOfTheKeyserverAreUnavailable() {
		this.script = (socket, request) -> {
			socket.getOutputStream().write("HTTP/1.0 500 Oops\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			socket.close();
		};
		String expected = "UNAVAILABLE: keyserver " + this.keyserver.uri().getAuthority()
				+ ": expected: status 200 or 404, got: 500";
		assertThat(status(() -> this.stub.requestStorage(query(StorageQuery.Type.LOOKUP, FPR)))).isEqualTo(expected);
		assertThat(status(() -> this.stub.streamStorage(query(StorageQuery.Type.LOOKUP, FPR)).hasNext()))
			.isEqualTo(expected);
	}

	@Test
	void aStreamWaitsForItsReaderAndEndsWithIt() throws Exception {
		CountDownLatch ended = new CountDownLatch(1);
		AtomicLong written = new AtomicLong();
		byte[] some = (INDEX + "uid:" + "x".repeat(8000) + ":::\n").repeat(10).getBytes(StandardCharsets.US_ASCII);
		this.script = (socket, request) -> {
			socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			try {
				while (true) {
					socket.getOutputStream().write(some);
					written.addAndGet(some.length);
				}
			}
			catch (IOException ex) {
				ended.countDown();
			}
		};
		// Endless: without back-pressure it would fill the memory.
		Iterator<KeyInfo> keys = this.stub.streamStorage(query(StorageQuery.Type.SEARCH, "a"));
		assertThat(keys.next().getFingerprint()).isEqualTo(FPR);
		long before = -1;
		while (written.get() != before) {
			before = written.get();
			assertThat(ended.await(500, TimeUnit.MILLISECONDS)).isFalse();
		}
		assertThat(before).isLessThan(64L << 20);
		for (int i = 0; i < 1000; i++) {
			assertThat(keys.next().getFingerprint()).isEqualTo(FPR);
		}
		this.client.close();
		assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
	}

	static Stream<Arguments> wrong() {
		StorageQuery lookup = query(StorageQuery.Type.LOOKUP, FPR);
		return Stream.of(
				Arguments.of(query(StorageQuery.Type.LOOKUP, "alice"),
						"query: expected: a fingerprint or key id of 8, 16, 32, 40 or 64 hex digits, got: 'alice'"),
				Arguments.of(lookup.toBuilder().putOptions("nr", "on").build(),
						"options: expected: none but 'exact', got: 'nr'"),
				Arguments.of(lookup.toBuilder().setTypeValue(3).build(),
						"type: expected: LOOKUP, SEARCH or FETCH, got: 3"),
				Arguments.of(lookup.toBuilder().setLimit(-1).build(), "limit: expected: 0 to 1000, got: -1"),
				Arguments.of(lookup.toBuilder().setLimit(1001).build(), "limit: expected: 0 to 1000, got: 1001"),
				Arguments.of(lookup.toBuilder().setOffset(-1).build(), "offset: expected: 0 to 2147483647, got: -1"));
	}

	@ParameterizedTest
	@MethodSource("wrong")
	void wrongArgumentsAreNamed(StorageQuery request, String message) {
		assertThat(status(() -> this.stub.requestStorage(request))).isEqualTo("INVALID_ARGUMENT: " + message);
		assertThat(this.keyserver.waiting()).isZero();
	}

	private static String status(ThrowingCallable call) {
		Status status = catchThrowableOfType(StatusRuntimeException.class, call).getStatus();
		return status.getCode() + ": " + status.getDescription();
	}

}
