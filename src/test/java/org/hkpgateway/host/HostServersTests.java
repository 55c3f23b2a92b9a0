package org.hkpgateway.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.PluginInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Identity and life of {@link HostServers}, with real clients on real sockets.
 */
@Timeout(60)
class HostServersTests {

	private static final PluginSpec ALPHA = TestSpec.named("alpha").build();

	private static final PluginSpec BETA = TestSpec.named("beta").build();

	private static final Empty EMPTY = Empty.getDefaultInstance();

	@ParameterizedTest
	@EnumSource
	void tellsTheHolderOfTheTokenAboutTheGatewayWithoutAWarning(ServerTransport transport) {
		ListAppender<ILoggingEvent> log = new ListAppender<>();
		log.start();
		Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
		root.addAppender(log);
		try (TestHost host = new TestHost(transport, HostLimits.DEFAULTS);
				HostAccess.Session session = host.open(ALPHA, "a");
				HostClient client = HostClient.of(session.environment())) {
			HostInfo info = client.token(session.environment()).getHostInfo(EMPTY);
			assertThat(info.getVersion()).isEqualTo("1.2.3");
			assertThat(info.getProtocolVersion()).isEqualTo("1.0");
			assertThat(info.getConfigurationMap()).containsExactlyInAnyOrderEntriesOf(
					Map.of("chain_budget_ms", "750", "timeout_ms", "200", "replica", host.bus.replica()));
			assertThat(info.getLoadedPluginsList()).containsExactly(
					PluginInfo.newBuilder().setName("alpha").setVersion("0.1").build(),
					PluginInfo.newBuilder().setName("beta").setVersion("0.2").build());
			assertThat(host.refusals).isEmpty();
		}
		finally {
			root.detachAppender(log);
		}
		assertThat(log.list).filteredOn((event) -> event.getLevel().isGreaterOrEqual(Level.WARN)).isEmpty();
	}

	@Test
	void theEnvironmentHasAnAddressInTheLaunchDirectoryAndThirtyTwoRandomBytes() throws Exception {
		try (TestHost host = new TestHost(); HostAccess.Session session = host.open(ALPHA, "a")) {
			Path socket = host.runtime.resolve("a/host.sock");
			assertThat(session.environment()).containsOnlyKeys("PLUGIN_HOST_ADDRESS", "PLUGIN_HOST_TOKEN")
				.containsEntry("PLUGIN_HOST_ADDRESS", "unix:" + socket);
			assertThat(Base64.getUrlDecoder().decode(session.environment().get("PLUGIN_HOST_TOKEN"))).hasSize(32);
			assertThat(Files.getPosixFilePermissions(socket)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
			assertThat(host.leftovers()).containsExactly(socket);
		}
	}

	@Test
	void refusesCallsWithoutTheToken() {
		try (TestHost host = new TestHost();
				HostAccess.Session session = host.open(ALPHA, "a");
				HostClient client = HostClient.of(session.environment())) {
			String token = session.environment().get("PLUGIN_HOST_TOKEN");
			assertUnauthenticated(() -> client.authorization(null).getHostInfo(EMPTY), "got: no authorization");
			assertUnauthenticated(() -> client.authorization("Bearer nonsense").getHostInfo(EMPTY),
					"got: another token");
			assertUnauthenticated(() -> client.authorization("Bearer ").getHostInfo(EMPTY), "got: another");
			assertUnauthenticated(() -> client.authorization("Bearer " + token + "x").getHostInfo(EMPTY),
					"got: another token");
			assertUnauthenticated(() -> client.authorization(token).getHostInfo(EMPTY),
					"got: another scheme than Bearer");
			assertThat(host.refusals).hasSize(5).containsOnly("alpha unauthenticated");
			assertThat(client.authorization("bearer " + token).getHostInfo(EMPTY).getVersion()).isEqualTo("1.2.3");
		}
	}

	@Test
	void refusesTheTokenOfAnotherPlugin() {
		try (TestHost host = new TestHost();
				HostAccess.Session alpha = host.open(ALPHA, "a");
				HostAccess.Session beta = host.open(BETA, "b");
				HostClient client = HostClient.of(beta.environment())) {
			assertUnauthenticated(() -> client.token(alpha.environment()).getHostInfo(EMPTY), "got: another token");
			assertThat(host.refusals).containsExactly("beta unauthenticated");
		}
	}

	@Test
	void twoSessionsOfOnePluginLiveAndEndIndependently() {
		try (TestHost host = new TestHost();
				HostAccess.Session old = host.open(ALPHA, "a");
				HostAccess.Session young = host.open(ALPHA, "b");
				HostClient oldClient = HostClient.of(old.environment());
				HostClient youngClient = HostClient.of(young.environment())) {
			assertThat(oldClient.token(old.environment()).getHostInfo(EMPTY).getVersion()).isEqualTo("1.2.3");
			assertUnauthenticated(() -> youngClient.token(old.environment()).getHostInfo(EMPTY), "got: another token");
			old.close();
			assertThat(youngClient.token(young.environment()).getHostInfo(EMPTY).getVersion()).isEqualTo("1.2.3");
		}
	}

	@ParameterizedTest
	@EnumSource
	void afterCloseNothingIsLeft(ServerTransport transport) {
		try (TestHost host = new TestHost(transport, HostLimits.DEFAULTS)) {
			HostAccess.Session session = host.open(ALPHA, "a");
			try (HostClient client = HostClient.of(session.environment())) {
				client.token(session.environment()).getHostInfo(EMPTY);
				assertThat(client.connected()).isTrue();
				session.close();
				assertThat(host.leftovers()).isEmpty();
				TestHost.await("the end of the connection", () -> !client.connected());
				assertThat(codeOf(() -> client.token(session.environment()).getHostInfo(EMPTY)))
					.isEqualTo(Status.Code.UNAVAILABLE);
				session.close();
			}
		}
	}

	@Test
	void closingTheServersClosesSessionsAndOpensNoMore() {
		try (TestHost host = new TestHost()) {
			HostAccess.Session session = host.open(ALPHA, "a");
			try (HostClient client = HostClient.of(session.environment())) {
				client.token(session.environment()).getHostInfo(EMPTY);
				host.servers.close();
				TestHost.await("the end of the connection", () -> !client.connected());
				assertThat(host.leftovers()).isEmpty();
			}
			assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> host.open(BETA, "b"))
				.withMessageContaining("beta")
				.withMessageContaining("the gateway is stopping");
			assertThat(host.leftovers()).isEmpty();
		}
	}

	@Test
	void aPathThatNoSocketCanHaveIsAnError() {
		try (TestHost host = new TestHost()) {
			assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> host.open(ALPHA, "x".repeat(90)))
				.withMessageContaining("alpha")
				.withMessageContaining("at most 107 bytes")
				.withMessageContaining("hkp.plugins.runtime-directory");
			assertThat(host.leftovers()).isEmpty();
		}
	}

	@Test
	void aDirectoryThatIsNotThereIsAnError() {
		try (TestHost host = new TestHost()) {
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> host.servers.open(ALPHA, host.runtime.resolve("missing")))
				.withMessageContaining("no host socket");
			assertThat(host.leftovers()).isEmpty();
		}
	}

	@Test
	void aLinkInItsPlaceIsReplacedAndNotFollowed() throws Exception {
		try (TestHost host = new TestHost()) {
			Path victim = Files.writeString(host.runtime.resolve("victim"), "precious");
			Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rw-r--r--"));
			Path directory = host.directory("a");
			Path link = Files.createSymbolicLink(directory.resolve("host.sock"), victim);
			try (HostAccess.Session session = host.servers.open(ALPHA, directory);
					HostClient client = HostClient.of(session.environment())) {
				assertThat(client.token(session.environment()).getHostInfo(EMPTY).getVersion()).isEqualTo("1.2.3");
				assertThat(link).satisfies((path) -> assertThat(Files.isSymbolicLink(path)).isFalse());
			}
			assertThat(victim).hasContent("precious");
			assertThat(Files.getPosixFilePermissions(victim)).isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
			assertThat(host.leftovers()).containsExactly(victim);
		}
	}

	@Test
	void servesNothingButTheHostService() {
		ServerServiceDefinition host = new PluginHostService(TestHost.INFORMATION, TestHost.state(), TestHost.storage(),
				TestHost.events(new EventBus()))
			.bindService();
		ServerServiceDefinition other = new HKPPluginGrpc.HKPPluginImplBase() {
		}.bindService();
		for (List<ServerServiceDefinition> found : List.of(List.<ServerServiceDefinition>of(), List.of(other),
				List.of(host, other))) {
			assertThatIllegalStateException().isThrownBy(() -> new HostServers(found, (plugin, refusal) -> {
			}, ServerTransport.best(), HostLimits.DEFAULTS))
				.withMessageStartingWith("expected: the service PluginHost for plugins and no other, got: [");
		}
	}

	private static void assertUnauthenticated(ThrowingCallable call, String got) {
		StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call);
		assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
		assertThat(refused.getStatus().getDescription()).contains("authorization: Bearer", "PLUGIN_HOST_TOKEN", got);
	}

	private static Status.Code codeOf(ThrowingCallable call) {
		return catchThrowableOfType(StatusRuntimeException.class, call).getStatus().getCode();
	}

}
