package org.hkpgateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.hkpgateway.http.AddressRange;
import org.hkpgateway.chain.ChainSettings;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PathGlob;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.proxy.ClientAddressSettings;
import org.hkpgateway.proxy.TlsSettings;
import org.hkpgateway.proxy.UpstreamSettings;
import org.hkpgateway.storage.StorageSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HkpProperties}.
 */
class HkpPropertiesTests {

	/** As short as it may be. */
	private static final String HOST_TOKEN = "c3VjaCBhIHRva2VuIGlzIHNlY3JldC4=";

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withUserConfiguration(Bound.class);

	@Test
	void nothingBoundGivesTheDocumentedDefaults() {
		this.runner.run((context) -> {
			HkpProperties hkp = context.getBean(HkpProperties.class);
			assertThat(hkp.upstream()).isEqualTo(new UpstreamSettings(List.of(), Duration.ofSeconds(5),
					Duration.ofSeconds(150), 500, UpstreamSettings.ContentLength.REQUIRE,
					new UpstreamSettings.Health(Duration.ofSeconds(10), Duration.ofSeconds(2), 3, 2)));
			assertThat(hkp.clientAddress()).isEqualTo(new ClientAddressSettings(List.of(), "",
					ClientAddressSettings.ProxyProtocol.OFF, ClientAddressSettings.Log.FULL));
			assertThat(hkp.tls()).isEqualTo(new TlsSettings(""));
			assertThat(hkp.edge().allowedHosts()).isEmpty();
			assertThat(hkp.edge().hsts()).isEqualTo("off");
			assertThat(hkp.edge().maxBody()).isEqualTo(DataSize.ofMegabytes(16));
			assertThat(hkp.edge().maxBufferedBytes()).isEqualTo(DataSize.ofMegabytes(256));
			assertThat(hkp.edge().maxHeaderBytes()).isEqualTo(DataSize.ofKilobytes(16));
			assertThat(hkp.edge().idleTimeout()).isEqualTo(Duration.ofSeconds(60));
			assertThat(hkp.shutdown())
				.isEqualTo(new HkpProperties.Shutdown(Duration.ofSeconds(10), Duration.ofSeconds(30)));
			assertThat(hkp.readiness())
				.isEqualTo(new HkpProperties.Readiness(HkpProperties.Readiness.Required.STARTUP, false));
			assertThat(hkp.health()).isEqualTo(new HkpProperties.Health(Duration.ofMinutes(5)));
			assertThat(hkp.management()).isEqualTo(new ManagementProperties("", "", "", List.of()));
			assertThat(hkp.cluster().redis())
				.isEqualTo(new HkpProperties.Redis("", HkpProperties.Redis.OnFailure.LOCAL));
			assertThat(hkp.storageSettings()).isEqualTo(new StorageSettings(32L << 20, Duration.ofSeconds(30),
					Duration.ofSeconds(10), 8 << 20, Duration.ofSeconds(5)));
			assertThat(hkp.plugins().directories()).containsExactly(Path.of("/var/lib/hockeypuck/plugins"));
			assertThat(hkp.plugins().chainBudget()).isEqualTo(Duration.ofSeconds(1));
			assertThat(hkp.chainSettings()).isEqualTo(new ChainSettings(Duration.ofSeconds(1), Duration.ofMillis(200),
					16L * 1024 * 1024, Duration.ofSeconds(30), 1000, hkp.edge().bufferBudget() / 4, true));
			assertThat(hkp.plugins().defaults().grants()).containsExactly(Capability.HTTP_REQUEST,
					Capability.HTTP_RESPOND);
			assertThat(hkp.plugins().of(new PluginId("any"))).isEqualTo(PluginSettings.DEFAULTS);
		});
	}

	@Test
	void settingsWithoutValuesAreTheDefaultsOfThePluginDomain() {
		this.runner.withPropertyValues("hkp.plugins.settings.a.enabled=true")
			.run((context) -> assertThat(context.getBean(HkpProperties.class).plugins().of(new PluginId("a")))
				.isEqualTo(PluginSettings.DEFAULTS));
	}

	@Test
	void everythingBindsRelaxed() {
		this.runner.withPropertyValues("hkp.upstream.urls=http://keys.example:11371,http://more.example",
				"hkp.upstream.health.interval=20s", "hkp.upstream.health.timeout=1s",
				"hkp.upstream.health.down-after=4", "hkp.upstream.health.up-after=5", "hkp.upstream.connect-timeout=1s",
				"hkp.upstream.response-timeout=2m", "hkp.upstream.max-connections=7",
				"hkp.upstream.content-length=stream", "hkp.client-address.trusted-proxies=10.0.0.0/8,::1",
				"hkp.client-address.header=CF-Connecting-IP", "hkp.client-address.proxy-protocol=required",
				"hkp.tls.bundle=keys", "hkp.client-address.log=truncated",
				"hkp.edge.allowed-hosts=keys.example,*.pool.example", "hkp.edge.hsts=365d include-subdomains",
				"hkp.edge.max-body=1MB", "hkp.edge.max-buffered-bytes=2MB", "hkp.edge.max-header-bytes=8KB",
				"hkp.edge.idle-timeout=5s", "hkp.shutdown.pre-stop=0s", "hkp.shutdown.drain=1s",
				"hkp.readiness.required=always", "hkp.readiness.upstream=true", "hkp.storage.cache-bytes=0B",
				"hkp.storage.cache-ttl=60s", "hkp.storage.timeout=2s", "hkp.storage.max-answer=1MB",
				"hkp.cluster.redis.url=redis://:secret@redis.example", "hkp.cluster.redis.on-failure=fail",
				"hkp.plugins.directories=/a,/b", "hkp.plugins.runtime-directory=/run/x",
				"hkp.plugins.chain-budget=50ms", "hkp.plugins.response-budget=70ms", "hkp.plugins.max-delay=2s",
				"hkp.plugins.max-delayed=3", "hkp.plugins.settings.my-plugin.mode=shadow",
				"hkp.plugins.default-grants=http.request", "hkp.plugins.settings.my-plugin.enabled=false",
				"hkp.plugins.settings.my-plugin.order=5", "hkp.plugins.settings.my-plugin.match.methods=POST,GET",
				"hkp.plugins.settings.my-plugin.match.operations=index,v2-add,not-hkp",
				"hkp.plugins.settings.my-plugin.match.paths=/pks/**,/*.html",
				"hkp.plugins.settings.my-plugin.match.clients=10.0.0.0/8,2001:db8::1",
				"hkp.plugins.settings.my-plugin.required=true", "hkp.plugins.settings.my-plugin.fail=open",
				"hkp.plugins.settings.my-plugin.timeout=20ms", "hkp.plugins.settings.my-plugin.max-concurrent=3",
				"hkp.plugins.settings.my-plugin.body=prefix", "hkp.plugins.settings.my-plugin.body-prefix=1KB",
				"hkp.plugins.settings.my-plugin.grants=http.request,http.request.body",
				"hkp.plugins.settings.my-plugin.environment.MY_VAR=x",
				"hkp.plugins.settings.my-plugin.config.allow[0]=10.0.0.1",
				"hkp.plugins.settings.my-plugin.config.allow[1]=10.0.0.2",
				"hkp.plugins.settings.my-plugin.config.deep.er=1")
			.run((context) -> {
				HkpProperties hkp = context.getBean(HkpProperties.class);
				assertThat(hkp.upstream()).isEqualTo(new UpstreamSettings(
						List.of(URI.create("http://keys.example:11371"), URI.create("http://more.example")),
						Duration.ofSeconds(1), Duration.ofMinutes(2), 7, UpstreamSettings.ContentLength.STREAM,
						new UpstreamSettings.Health(Duration.ofSeconds(20), Duration.ofSeconds(1), 4, 5)));
				assertThat(hkp.clientAddress())
					.isEqualTo(new ClientAddressSettings(List.of("10.0.0.0/8", "::1"), "CF-Connecting-IP",
							ClientAddressSettings.ProxyProtocol.REQUIRED, ClientAddressSettings.Log.TRUNCATED));
				assertThat(hkp.tls()).isEqualTo(new TlsSettings("keys"));
				assertThat(hkp.edge().allowedHosts()).containsExactly("keys.example", "*.pool.example");
				assertThat(hkp.edge().hsts()).isEqualTo("365d include-subdomains");
				assertThat(hkp.edge().maxBufferedBytes()).isEqualTo(DataSize.ofMegabytes(2));
				assertThat(hkp.shutdown()).isEqualTo(new HkpProperties.Shutdown(Duration.ZERO, Duration.ofSeconds(1)));
				assertThat(hkp.readiness())
					.isEqualTo(new HkpProperties.Readiness(HkpProperties.Readiness.Required.ALWAYS, true));
				assertThat(hkp.cluster().redis()).isEqualTo(
						new HkpProperties.Redis("redis://:secret@redis.example", HkpProperties.Redis.OnFailure.FAIL));
				assertThat(hkp.toString()).contains("redis://***@redis.example").doesNotContain("secret");
				assertThat(hkp.storageSettings()).isEqualTo(new StorageSettings(0, Duration.ofSeconds(60),
						Duration.ofSeconds(2), 1 << 20, Duration.ofSeconds(1)));
				assertThat(hkp.plugins().directories()).containsExactly(Path.of("/a"), Path.of("/b"));
				assertThat(hkp.plugins().runtimeDirectory()).isEqualTo("/run/x");
				assertThat(hkp.plugins().chainBudget()).isEqualTo(Duration.ofMillis(50));
				assertThat(hkp.chainSettings())
					.isEqualTo(new ChainSettings(Duration.ofMillis(50), Duration.ofMillis(70), 1024 * 1024,
							Duration.ofSeconds(2), 3, hkp.edge().bufferBudget() / 4, false));
				assertThat(hkp.plugins().defaults().grants()).containsExactly(Capability.HTTP_REQUEST);
				assertThat(hkp.plugins().of(new PluginId("my-plugin"))).isEqualTo(new PluginSettings(false, 5,
						PluginMode.SHADOW,
						new MatchRules(Set.of("GET", "POST"), Set.of("index", "v2-add", "not-hkp"),
								List.of(PathGlob.parse("/pks/**"), PathGlob.parse("/*.html")),
								ranges("10.0.0.0/8", "2001:db8::1")),
						true, FailPolicy.OPEN, Duration.ofMillis(20), 3, BodyMode.PREFIX, 1024,
						List.of(Capability.HTTP_REQUEST, Capability.HTTP_REQUEST_BODY), null, null, null, Network.UNIX,
						null, null, Map.of("MY_VAR", "x"),
						Map.of("allow", List.of("10.0.0.1", "10.0.0.2"), "deep", Map.of("er", "1"))));
			});
	}

	@ParameterizedTest
	@CsvSource({ "hkp.upstream.urls, https://keys.example", "hkp.upstream.urls, http://keys.example/path",
			"hkp.upstream.urls, http://keys.example:99999",
			"hkp.upstream.urls, 'http://keys.example,http://keys.example'", "hkp.upstream.health.interval, 0s",
			"hkp.upstream.health.timeout, never", "hkp.upstream.health.down-after, 0",
			"hkp.upstream.health.up-after, -1", "hkp.upstream.connect-timeout, 0s",
			"hkp.upstream.connect-timeout, 100d", "hkp.upstream.max-connections, 0",
			"hkp.upstream.content-length, maybe", "hkp.client-address.trusted-proxies, nonsense",
			"hkp.client-address.header, CF-Connecting-IP", "hkp.client-address.proxy-protocol, required",
			"hkp.client-address.proxy-protocol, sometimes", "hkp.edge.allowed-hosts, keys:80",
			"hkp.edge.hsts, 31536000", "hkp.edge.max-body, 3GB", "hkp.edge.max-buffered-bytes, 1B",
			"hkp.edge.max-header-bytes, 1B", "hkp.edge.idle-timeout, never", "hkp.shutdown.pre-stop, -1s",
			"hkp.readiness.required, sometimes", "hkp.cluster.redis.url, localhost:6379",
			"hkp.cluster.redis.on-failure, retry", "hkp.cluster.redis.urls, redis://h", "hkp.plugins.chain-budget, 0s",
			"hkp.plugins.response-budget, -1s", "hkp.plugins.max-delay, 2h", "hkp.plugins.max-delay, -1s",
			"hkp.plugins.max-delayed, -1", "hkp.plugins.settings.a.mode, off", "hkp.plugins.default-grants, everything",
			"hkp.plugins.settings.a.fail, ajar", "hkp.plugins.settings.a.timeout, 0s",
			"hkp.plugins.settings.a.max-concurrent, 0", "hkp.plugins.settings.a.body-prefix, 2MB",
			"hkp.plugins.settings.a.grants, root", "hkp.plugins.settings.a.tiemout, 1s",
			"hkp.plugins.settings.a.match.methods, TRACE", "hkp.plugins.settings.a.match.operations, LOOKUP_GET",
			"hkp.plugins.settings.a.match.paths, pks", "hkp.plugins.settings.a.match.clients, 10.0.0.0/33",
			"hkp.plugins.settings.a.match.path, /pks", "hkp.storage.cache-bytes, -1B", "hkp.storage.cache-ttl, 61s",
			"hkp.storage.cache-ttl, 0s", "hkp.storage.timeout, 0s", "hkp.storage.max-answer, 1B",
			"hkp.storage.max-answer, 1GB", "hkp.edge.max-bdy, 1MB", "hkp.nonsense, 1" })
	void aWrongValueOrAnUnknownKeyStopsTheStartAndIsNamed(String key, String value) {
		this.runner.withPropertyValues(key + "=" + value).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(messages(context.getStartupFailure())).contains(key);
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', value = {
			"settings.b.match.methods | GET,get | expected: one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS | get",
			"settings.b.match.operations | index,lookup | expected: one of other, get, hget, index, | lookup",
			"settings.b.match.paths | /pks/lookup?op=get | expected: a path of at most 256 characters, | /pks/lookup?op=get",
			"settings.b.match.clients | ::1,10.0.0 | expected: addresses or CIDRs, for example 192.0.2.0/24 | 10.0.0",
			"remote.a.match.methods | post | expected: one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS | post" })
	void aWrongMatchRuleIsReportedWithItsKeyWhatWasExpectedAndWhatCame(String key, String value, String expected,
			String got) {
		this.runner.withPropertyValues("hkp.plugins.remote.a.address=unix:/a", "hkp.plugins." + key + "=" + value)
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(context.getStartupFailure()).rootCause()
					.hasMessageStartingWith("hkp.plugins." + key + ": " + expected)
					.hasMessageEndingWith(", got: " + got);
			});
	}

	@Test
	void matchRulesHaveABound() {
		String many = IntStream.rangeClosed(0, 256)
			.mapToObj((number) -> "10.0.0." + number)
			.collect(Collectors.joining(","));
		this.runner.withPropertyValues("hkp.plugins.settings.a.match.clients=" + many).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).rootCause()
				.hasMessage("hkp.plugins.settings.a.match.clients: expected: at most 256 entries, got: 257");
		});
	}

	@Test
	void remotePluginsHaveMatchRulesToo() {
		this.runner
			.withPropertyValues("hkp.plugins.remote.a.address=unix:/a", "hkp.plugins.remote.a.match.operations=add")
			.run((context) -> assertThat(
					context.getBean(HkpProperties.class).plugins().of(new PluginId("a")).match().operations())
				.containsExactly("add"));
	}

	@Test
	void remotePluginsCallBackOnAPortWithTheirTokens() {
		this.runner
			.withPropertyValues("hkp.plugins.host.address=[2001:db8::1]:11391", "hkp.plugins.host.tls-bundle=host",
					"hkp.plugins.remote.a.address=unix:/a", "hkp.plugins.remote.a.host-token=" + HOST_TOKEN,
					"hkp.plugins.remote.b.address=unix:/b")
			.run((context) -> {
				PluginsProperties plugins = context.getBean(HkpProperties.class).plugins();
				assertThat(plugins.host().host()).isEqualTo("2001:db8::1");
				assertThat(plugins.host().port()).isEqualTo(11391);
				assertThat(plugins.scanRequest().remotes()).containsOnly(
						Map.entry(new PluginId("a"), new PluginSource.Remote("unix:/a", null, null, HOST_TOKEN)),
						Map.entry(new PluginId("b"), new PluginSource.Remote("unix:/b", null, null)));
				assertThat(plugins.toString()).doesNotContain(HOST_TOKEN);
			});
		this.runner.run((context) -> {
			RemoteHostProperties host = context.getBean(HkpProperties.class).plugins().host();
			assertThat(host).isEqualTo(new RemoteHostProperties("", ""));
			assertThat(host.enabled()).isFalse();
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"host.address=0.0.0.0:11391 | hkp.plugins.host.tls-bundle: expected: the name of an SSL bundle with a key",
			"host.tls-bundle=host | hkp.plugins.host.address: expected: host:port to listen on beside",
			"host.address=11391 host.tls-bundle=host | hkp.plugins.host.address: expected: host:port to listen on",
			"host.address=:11391 host.tls-bundle=host | hkp.plugins.host.address: expected: host:port to listen on",
			"host.address=a:0 host.tls-bundle=host | hkp.plugins.host.address: expected: host:port to listen on",
			"host.address=a:70000 host.tls-bundle=host | hkp.plugins.host.address: expected: host:port to listen on",
			"host.address=::1:9 host.tls-bundle=host | hkp.plugins.host.address: expected: host:port to listen on",
			"remote.a.host-token=TOKEN | hkp.plugins.remote.a.host-token: expected: hkp.plugins.host.address and",
			"ON remote.a.host-token=SHORT | hkp.plugins.remote.a.host-token: expected: 32 to 1024 printable ASCII",
			"ON remote.a.host-token=SHORT~x~x | hkp.plugins.remote.a.host-token: expected: 32 to 1024 printable ASCII",
			"ON remote.a.host-token=TOKEN remote.b.host-token=TOKEN | hkp.plugins.remote.b.host-token: expected: a token "
					+ "that is used for nothing else; make one, for example with openssl rand -base64 32, got: the "
					+ "host-token of a",
			"ON remote.a.token=TOKEN remote.b.host-token=TOKEN | hkp.plugins.remote.b.host-token: expected: a token "
					+ "that is used for nothing else; make one, for example with openssl rand -base64 32, got: the token of a" })
	void aWayBackThatCannotBeIsReportedWithItsKeyAndWithoutTheToken(String settings, String message) {
		List<String> properties = new ArrayList<>(
				List.of("hkp.plugins.remote.a.address=unix:/a", "hkp.plugins.remote.b.address=unix:/b"));
		for (String setting : settings.replace("ON ", "host.address=127.0.0.1:11391 host.tls-bundle=host ")
			.split(" ")) {
			properties.add("hkp.plugins." + setting.replace("TOKEN", HOST_TOKEN)
				.replace("SHORT", HOST_TOKEN.substring(1))
				// A blank is none of the characters.
				.replace('~', ' '));
		}
		this.runner.withPropertyValues(properties.toArray(String[]::new)).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).rootCause().hasMessageStartingWith(message);
			assertThat(messages(context.getStartupFailure())).doesNotContain(HOST_TOKEN.substring(1));
		});
	}

	@Test
	void aWrongPluginNameIsReportedWithItsKey() {
		this.runner.withPropertyValues("hkp.plugins.settings.Not_Valid.timeout=1s").run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).rootCause().hasMessageStartingWith("hkp.plugins.settings: ");
		});
	}

	private static List<AddressRange> ranges(String... texts) {
		return Stream.of(texts).map(AddressRange::parse).toList();
	}

	private static String messages(Throwable failure) {
		StringBuilder messages = new StringBuilder();
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			messages.append(cause.getMessage()).append('\n');
		}
		return messages.toString();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(HkpProperties.class)
	static class Bound {

	}

}
