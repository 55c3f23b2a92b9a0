package org.hkpgateway.keyserver;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.LargeKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The real gpg with the embedded keyserver: send, search, receive, refresh.
 */
class GpgWithEmbeddedKeyserverIT {

	private final GpgHome alice = GpgHome.create();

	private final GpgHome bob = GpgHome.create();

	private final EmbeddedKeyserver keyserver = EmbeddedKeyserver.start();

	@AfterEach
	void close() {
		this.alice.close();
		this.bob.close();
		this.keyserver.close();
	}

	@Test
	void keyTravelsAndIsRefreshed() {
		String fingerprint = this.alice.generate("Alice Lab <alice@lab.example>");
		this.alice.runWithKeyserver(this.keyserver.uri(), "--send-keys", fingerprint).orFail();

		String found = this.bob
			.runWithKeyserver(this.keyserver.uri(), "--with-colons", "--search-keys", "alice@lab.example")
			.text();
		assertThat(found).contains("info:1:1")
			.contains("pub:" + fingerprint + ":22:256:")
			.contains("uid:Alice Lab <alice@lab.example>:");

		this.bob.runWithKeyserver(this.keyserver.uri(), "--recv-keys", fingerprint).orFail();
		assertThat(this.bob.fingerprints()).containsExactly(fingerprint);
		assertThat(this.bob.exportKey(fingerprint)).isEqualTo(this.alice.exportKey(fingerprint));

		this.alice.run("--quick-add-uid", fingerprint, "Alice Elsewhere <alice@elsewhere.example>").orFail();
		this.alice.runWithKeyserver(this.keyserver.uri(), "--send-keys", fingerprint).orFail();
		assertThat(this.bob.run("--with-colons", "--list-keys").text()).doesNotContain("Elsewhere");
		this.bob.runWithKeyserver(this.keyserver.uri(), "--refresh-keys").orFail();
		assertThat(this.bob.run("--with-colons", "--list-keys").text()).contains("Alice Elsewhere", "Alice Lab");
	}

	@Test
	void keyIsFoundByKeyIdAndRevocationArrives() {
		String fingerprint = this.alice.generate("Carol Lab <carol@lab.example>");
		this.alice.runWithKeyserver(this.keyserver.uri(), "--send-keys", fingerprint).orFail();
		this.bob.runWithKeyserver(this.keyserver.uri(), "--recv-keys", "0x" + fingerprint.substring(24)).orFail();
		this.alice.run("--quick-add-uid", fingerprint, "Carol Other <carol@other.example>").orFail();
		this.alice.run("--quick-revoke-uid", fingerprint, "Carol Lab <carol@lab.example>").orFail();
		this.alice.runWithKeyserver(this.keyserver.uri(), "--send-keys", fingerprint).orFail();
		this.bob.runWithKeyserver(this.keyserver.uri(), "--refresh-keys").orFail();
		assertThat(this.bob.run("--with-colons", "--list-keys").text()).containsPattern("uid:r:.*Carol Lab");
	}

	@Test
	void unknownKeyIsReportedAsMissing() {
		Command.Result received = this.bob.runWithKeyserver(this.keyserver.uri(), "--recv-keys",
				"0123456789ABCDEF0123456789ABCDEF01234567");
		assertThat(received.exitCode()).isNotZero();
		assertThat(received.errors()).containsAnyOf("No data", "not found", "Not found");
		Command.Result searched = this.bob.runWithKeyserver(this.keyserver.uri(), "--with-colons", "--search-keys",
				"nobody@lab.example");
		assertThat(searched.errors()).containsAnyOf("No data", "not found", "Not found");
	}

	@Test
	void keyOfOneMebibyteTravels() {
		LargeKey key = LargeKey.ofAtLeast(1024 * 1024);
		this.alice.importKeys(key.packets());
		this.alice.runWithKeyserver(this.keyserver.uri(), "--send-keys", key.fingerprint()).orFail();
		this.bob.runWithKeyserver(this.keyserver.uri(), "--recv-keys", key.fingerprint()).orFail();
		assertThat(this.bob.exportKey(key.fingerprint())).hasSizeGreaterThan(1024 * 1024)
			.isEqualTo(this.alice.exportKey(key.fingerprint()));
	}

}
