package org.hkpgateway.testsupport;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the fixtures themselves: {@link SksServer}, {@link GpgHome} and
 * {@link LargeKey}.
 */
class SksServerIT {

	@Test
	void storesAndReturnsKeyOfOneMebibyte() {
		LargeKey key = LargeKey.ofAtLeast(1024 * 1024);
		try (SksServer sks = SksServer.start();
				GpgHome sender = GpgHome.create();
				GpgHome receiver = GpgHome.create()) {
			sender.importKeys(key.packets());
			sender.runWithKeyserver(sks.uri(), "--send-keys", key.fingerprint()).orFail();
			receiver.runWithKeyserver(sks.uri(), "--recv-keys", key.fingerprint()).orFail();
			assertThat(receiver.exportKey(key.fingerprint())).hasSizeGreaterThan(1024 * 1024);
			assertThat(sks.logLines()).anyMatch((line) -> line.contains("Handling /pks/add for 1 keys"))
				.anyMatch((line) -> line.contains("=> /pks/lookup?op=get&options=mr&search=0x" + key.fingerprint()));
		}
	}

	@Test
	void runsSeveralAtOnce() {
		try (SksServer first = SksServer.start(); SksServer second = SksServer.start()) {
			assertThat(first.port()).isNotEqualTo(second.port());
			assertThat(RawHttp.request(second.port(), "GET", "/pks/lookup?op=stats")).startsWith("HTTP/1.0 200");
			assertThat(first.logLines()).filteredOn((line) -> line.contains("Get request")).hasSize(1);
		}
	}

}
