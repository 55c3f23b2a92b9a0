package org.hkpgateway.grpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

import com.google.protobuf.ByteString;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EncodedEvent}.
 */
class EncodedEventTests {

	private static final HandleRequestEvent SHARED = HandleRequestEvent.newBuilder()
		.setMethod("POST")
		.putHeaders("Host", "keys.example.org")
		.setBodyLength(3)
		.build();

	private static final HandleRequestEvent OWN = HandleRequestEvent.newBuilder()
		.setRequestId("a.1")
		.setDeadlineMs(7)
		.setBody(ByteString.copyFromUtf8("abc"))
		.build();

	private final EncodedEvent event = new EncodedEvent(SHARED.toByteString(), OWN);

	@Test
	void aReaderSeesOneMessage() {
		assertThat(read(this.event)).isEqualTo(SHARED.toBuilder().mergeFrom(OWN).build());
		assertThat(this.event.requestId()).isEqualTo("a.1");
		assertThat(this.event.size()).isEqualTo(read(this.event).getSerializedSize());
	}

	@Test
	void drainedItIsTheSameAndThenEmpty() throws IOException {
		InputStream stream = stream(this.event);
		assertThat(stream).isInstanceOf(KnownLength.class);
		assertThat(stream.available()).isEqualTo(this.event.size());
		ByteArrayOutputStream drained = new ByteArrayOutputStream();
		assertThat(((Drainable) stream).drainTo(drained)).isEqualTo(this.event.size());
		assertThat(HandleRequestEvent.parseFrom(drained.toByteArray())).isEqualTo(read(this.event));
		assertThat(stream.available()).isZero();
		assertThat(stream.read()).isEqualTo(-1);
		assertThat(((Drainable) stream).drainTo(drained)).isZero();
	}

	@Test
	void whatWasReadIsNotDrainedAgain() throws IOException {
		InputStream stream = stream(this.event);
		int first = stream.read();
		assertThat(stream.available()).isEqualTo(this.event.size() - 1);
		ByteArrayOutputStream rest = new ByteArrayOutputStream();
		rest.write(first);
		assertThat(((Drainable) stream).drainTo(rest)).isEqualTo(this.event.size() - 1);
		assertThat(HandleRequestEvent.parseFrom(rest.toByteArray())).isEqualTo(read(this.event));
	}

	private static InputStream stream(EncodedEvent event) {
		return EncodedEvent.sentBy(HKPPluginGrpc.getHandleRequestMethod()).streamRequest(event);
	}

	/** What a plugin reads. */
	static HandleRequestEvent read(EncodedEvent event) {
		try {
			return HandleRequestEvent.parseFrom(stream(event).readAllBytes());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
