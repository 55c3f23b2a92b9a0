package org.hkpgateway.chart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What the chart makes of values.
 */
class HelmChartTests {

	static List<Path> valuesFiles() {
		return Chart.valuesFiles();
	}

	@Test
	void lintFindsNothing() {
		LintResult result = new Helm(Chart.DIRECTORY).lint().strict().call();
		assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
		assertThat(result.getMessages()).allMatch((message) -> message.startsWith("[INFO]"));
	}

	@ParameterizedTest
	@MethodSource("valuesFiles")
	void whatIsRenderedIsKubernetes(Path values) {
		Manifests manifests = Chart.render(values);
		manifests.all().forEach(KubernetesModels::check);
		assertThat(manifests.kinds()).contains("Deployment", "ConfigMap", "Service");
		for (JsonNode one : manifests.all()) {
			assertThat(one.at("/metadata/namespace").asText()).isEqualTo("pgp");
			assertThat(one.at("/metadata/labels/app.kubernetes.io~1instance").asText()).isEqualTo("keys");
		}
	}

	@Test
	void theModelsFindWhatIsMisspeltOfAWrongTypeOrMissing() {
		ObjectNode misspelt = Chart.render("{}").one("Deployment").deepCopy();
		((ObjectNode) misspelt.at("/spec/template/spec")).put("terminationGracePeriod", 10);
		ObjectNode wrong = Chart.render("{}").one("Deployment").deepCopy();
		((ObjectNode) wrong.path("spec")).put("replicas", "many");
		ObjectNode missing = Chart.render("{}").one("Deployment").deepCopy();
		((ObjectNode) missing.path("spec")).remove("selector");
		assertThatThrownBy(() -> KubernetesModels.check(misspelt)).hasMessageContaining("terminationGracePeriod");
		assertThatThrownBy(() -> KubernetesModels.check(wrong)).hasMessageContaining("many");
		assertThatThrownBy(() -> KubernetesModels.check(missing)).hasMessageContaining("selector");
	}

	@ParameterizedTest
	@MethodSource("valuesFiles")
	void whatIsNamedIsThere(Path values) throws IOException {
		References.check(Chart.render(values), Manifests.parseOne(Files.readString(values)));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					Deployment              | /spec/template/metadata/labels                 | app.kubernetes.io/name | other
					Service                 | /spec/selector                                 | app.kubernetes.io/name | other
					PodDisruptionBudget     | /spec/selector/matchLabels                     | app.kubernetes.io/name | other
					NetworkPolicy           | /spec/podSelector/matchLabels                  | app.kubernetes.io/name | other
					Deployment              | /spec/template/spec/containers/0/ports/0       | containerPort          | 8080
					Deployment              | /spec/template/spec/containers/0/livenessProbe/httpGet | port           | hkp
					Service                 | /spec/ports/0                                  | targetPort             | http
					Service                 | /spec/ports/1                                  | targetPort             | management
					Ingress                 | /spec/rules/0/http/paths/0/backend/service     | name                   | keys-front-management
					Ingress                 | /spec/rules/0/http/paths/0/backend/service/port | name                  | http
					NetworkPolicy           | /spec/ingress/0/ports/0                        | port                   | management
					NetworkPolicy           | /spec/ingress/1                                | ports                  | ``
					NetworkPolicy           | /spec/ingress/1                                | from                   | ``
					HorizontalPodAutoscaler | /spec/scaleTargetRef                           | name                   | other
					ServiceMonitor          | /spec/selector/matchLabels                     | app.kubernetes.io/component | public
					ServiceMonitor          | /spec/endpoints/0                              | port                   | hkp
					ServiceMonitor          | /spec/endpoints/0                              | path                   | /metrics
					ServiceMonitor          | /spec/endpoints/0/authorization/credentials    | key                    | password
					Deployment              | /spec/template/spec/containers/0/volumeMounts/1 | name                  | other
					Deployment              | /spec/template/spec/containers/0/volumeMounts/0 | mountPath             | /etc/other
					Deployment              | /spec/template/spec/volumes/0/configMap        | name                   | other
					Deployment              | /spec/template/spec/containers/0/env/1/valueFrom/secretKeyRef | name    | other
					Deployment              | /spec/template/spec/containers/0/env/2/valueFrom/secretKeyRef | key     | other
					Deployment              | /spec/template/spec                            | serviceAccountName     | other
					""")
	void aNameThatLeadsNowhereIsFound(String kind, String place, String field, String other) throws IOException {
		Manifests manifests = Chart.render(ci("everything"));
		JsonNode values = Manifests.parseOne(Files.readString(ci("everything")));
		References.check(manifests, values);
		ObjectNode changed = (ObjectNode) manifests.one(kind, "keys-front").at(place);
		assertThat(changed.has(field)).isTrue();
		changed.put(field, other);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> References.check(manifests, values));
	}

	/** Of each kind there is one in some file. */
	@Test
	void nothingIsRenderedInNoFile() {
		assertThat(Chart.valuesFiles().stream().flatMap((file) -> Chart.render(file).kinds().stream()).distinct())
			.containsExactlyInAnyOrder("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy",
					"PodDisruptionBudget", "PrometheusRule", "Secret", "Service", "ServiceAccount", "ServiceMonitor");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			replicas: 3                                            | additional properties 'replicas' not allowed
			service: {port: 70000}                                 | at '/service/port'
			service: {type: ExternalName}                          | at '/service/type'
			service: {externalTrafficPolicy: local}                | at '/service/externalTrafficPolicy'
			shutdown: {preStop: 10}                                | at '/shutdown/preStop'
			shutdown: {drain: 1 minute}                            | at '/shutdown/drain'
			upstream: {urls: ["hockeypuck:11371"]}                 | at '/upstream/urls/0'
			upstream: {urls: ["http://user@keys"]}                 | at '/upstream/urls/0'
			management: {token: short}                             | at '/management/token'
			management: {user: "a:b", password: 0123456789ab}      | at '/management/user'
			management: {user: a, password: 0123456789a}           | at '/management/password'
			memory: {heapMiB: 256Mi}                               | at '/memory/heapMiB'
			plugins: {onChange: restart}                           | at '/plugins/onChange'
			plugins: {copied: [{name: Filter, image: a}]}          | at '/plugins/copied/0/name'
			plugins: {sidecars: [{name: filter}]}                  | missing property 'image'
			plugins: {sidecars: [{name: a, image: a, port: 1}]}    | additional properties 'port' not allowed
			redis: {url: "http://redis"}                           | at '/redis/url'
			image: {digest: 0123}                                  | at '/image/digest'
			probes: {liveness: {httpGet: {}}}                      | additional properties 'httpGet' not allowed
			tolerations: [all]                                     | at '/tolerations/0'
			podAnnotations: {a: 1}                                 | at '/podAnnotations/a'
			""")
	void theSchemaRefuses(String values, String message) {
		assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining("values don't meet the specifications")
			.hasMessageContaining(message);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					upstream: {urls: []}                                   | upstream.urls: expected: the keyservers
					upstream: {embedded: true}                             | upstream: expected: urls, or embedded: true, got: both
					upstream: {urls: [], embedded: true}                   | upstream.embedded: expected: replicaCount: 1
					management: {token: ""}                                | management.token: expected: a token
					management: {user: operator}                           | management: expected: user and password together
					tls: {enabled: true}                                   | tls: expected: existingSecret, or certificate and key
					tls: {enabled: true, certificate: x}                   | tls: expected: existingSecret, or certificate and key
					ingress: {enabled: true}                               | ingress.hosts: expected: at least one host
					autoscaling: {enabled: true, minReplicas: 9}           | autoscaling: expected: minReplicas up to maxReplicas
					plugins: {copied: [{name: a, image: a}], sidecars: [{name: a, image: a}]} | got: a twice
					config: {server: {port: 80}}                           | no server.port
					config: {server.port: 80}                              | no server.port
					config: {management.server: {address: 127.0.0.1}}      | set instead: management.address
					config: {hkp: {shutdown: {preStop: 1s}}}               | set instead: shutdown.preStop and shutdown.drain
					config: {hkp.upstream.urls: ["http://a"]}              | set instead: upstream.urls
					config: {HKP: {Plugins: {runtime_directory: /x}}}      | no hkp.plugins.runtimedirectory
					config: {hkp: {management: {token: x}}}                | set instead: management.token
					config: {hkp.cluster: {redis: {url: "redis://a"}}}     | set instead: redis
					config: {hkp: {tls: {bundle: x}}}                      | set instead: tls
					config: {"hkp.upstream.urls[0]": "http://a"}           | set instead: upstream.urls
					config: {hkp: {"plugins.directories[0]": /x}}          | set instead: plugins.directories
					config: {"hkp[management][token]": x}                  | set instead: management.token
					config: {hkp: {"[upstream]": {urls: ["http://a"]}}}    | set instead: upstream.urls
					config: {hkp: {plugins: {remote: {a: {token: x}}}}}    | no hkp.plugins.remote.a.token
					config: {hkp.plugins.remote.a.host-token: x}           | set instead: extraEnv
					config: {hkp.plugins: {"remote[a-b].hostToken": x}}    | no hkp.plugins.remote.ab.hosttoken
					config: {hkp.plugins.remote.a.token: "x${B}"}          | no hkp.plugins.remote.a.token
					config: {hkp.plugins.remote.a.token: "${B:x}"}         | no hkp.plugins.remote.a.token
					""")
	void theTemplatesRefuse(String values, String message) {
		assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining(message);
	}

	@Test
	void aTokenOfARemotePluginMayBeAVariable() {
		String token = "${FILTER_TOKEN}";
		JsonNode configuration = Chart.render("config: {hkp: {plugins: {remote: {filter: {token: '" + token + "'}}}}}")
			.configuration();
		assertThat(configuration.at("/hkp/plugins/remote/filter/token").asText()).isEqualTo(token);
	}

	@Test
	void podsAreRestricted() {
		for (Path file : List.of(ci("minimal"), ci("copied"), ci("sidecars"))) {
			JsonNode pod = Chart.render(file).pod();
			assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
			assertThat(pod.path("enableServiceLinks").asBoolean(true)).isFalse();
			assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
			assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
			List<JsonNode> containers = new ArrayList<>();
			pod.path("containers").forEach(containers::add);
			pod.path("initContainers").forEach(containers::add);
			for (JsonNode container : containers) {
				JsonNode security = container.path("securityContext");
				assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
				assertThat(security.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
				assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "10s, 30s, 75", "0s, 5s, 40", "1500ms, 2m, 157", "1m, 1h, 3695" })
	void theGraceIsLongerThanAStop(String preStop, String drain, int expected) {
		String shutdown = "shutdown: {preStop: " + preStop + ", drain: " + drain + "}\n";
		assertThat(Chart.render(shutdown).pod().path("terminationGracePeriodSeconds").asInt()).isEqualTo(expected);
		assertThat(Chart.render(shutdown + "plugins: {sidecars: [{name: a, image: a}]}")
			.pod()
			.path("terminationGracePeriodSeconds")
			.asInt()).isEqualTo(expected + 10);
	}

	@Test
	void memoryFitsTheOptionsOfJava() {
		JsonNode gateway = Chart.render("memory: {heapMiB: 512, directMiB: 300, pluginsMiB: 38}").gateway();
		assertThat(env(gateway, "JDK_JAVA_OPTIONS")).startsWith("-Xmx512m -XX:MaxDirectMemorySize=300m ");
		assertThat(gateway.at("/resources/limits/memory").asText()).isEqualTo("1100Mi");
		assertThat(gateway.at("/resources/requests/memory").asText()).isEqualTo("1100Mi");
		JsonNode own = Chart.render("resources: {limits: {memory: 2Gi}}").gateway();
		assertThat(own.at("/resources/limits/memory").asText()).isEqualTo("2Gi");
	}

	@Test
	void configurationIsMergedOverWhatTheChartMakes() {
		JsonNode configuration = Chart.render("""
				config:
				  logging.level.hkp: debug
				  hkp:
				    edge: {max-body: 8MB}
				    plugins:
				      remote: {a: {required: true, address: "unix:/elsewhere"}}
				plugins: {sidecars: [{name: a, image: a}]}
				""").configuration();
		assertThat(configuration.path("logging.level.hkp").asText()).isEqualTo("debug");
		assertThat(configuration.at("/hkp/edge/max-body").asText()).isEqualTo("8MB");
		assertThat(configuration.at("/hkp/upstream/urls/0").asText()).isEqualTo("http://keys:11371");
		assertThat(configuration.at("/hkp/plugins/remote/a/address").asText()).isEqualTo("unix:/elsewhere");
		assertThat(configuration.at("/hkp/plugins/remote/a/required").asBoolean()).isTrue();
	}

	@Test
	void changedSettingsOfPluginsRollPodsOnlyIfTheyShould() {
		String settings = "config: {hkp: {plugins: {settings: {antiabuse: {config: {threshold: %d}}}, watch: %s}}}\n";
		String rescan = "plugins: {onChange: rescan}\n";
		assertThat(checksum(settings.formatted(1, false))).isNotEqualTo(checksum(settings.formatted(2, false)));
		assertThat(checksum(rescan + settings.formatted(1, false)))
			.isEqualTo(checksum(rescan + settings.formatted(2, false)))
			.as("watch needs a restart")
			.isNotEqualTo(checksum(rescan + settings.formatted(1, true)));
		assertThat(checksum(rescan + "config: {hkp: {edge: {max-body: 1MB}}}"))
			.isNotEqualTo(checksum(rescan + "config: {hkp: {edge: {max-body: 2MB}}}"));
		assertThat(annotation("management: {token: 0123456789abcdef0123456789abcdef}", "secret"))
			.isNotEqualTo(annotation("management: {token: 0123456789abcdef0123456789abcdeF}", "secret"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			config: {hkp.plugins.settings.antiabuse.config.threshold: %d}                   | true
			config: {hkp: {plugins.settings: {antiabuse.config: {threshold: %d}}}}          | true
			config: {hkp: {"plugins.settings[antiabuse]": {order: %d}}}                     | true
			config: {hkp.plugins: {remote.filter.timeout: %dms}}                            | true
			config: {hkp.plugins.defaultGrants: [a, "%d"]}                                  | true
			config: {hkp.plugins.chain-budget: %ds}                                         | false
			config: {hkp.plugins.settings-of-others: %d}                                    | false
			config: {hkp: {edge.max-body: %dMB}}                                            | false
			config: {logging.level.a: "hkp.plugins.settings.%d"}                            | false
			""")
	void withRescanSoDoDottedOnes(String config, boolean live) {
		String rescan = "plugins: {onChange: rescan}\n" + config;
		assertThat(checksum(rescan.formatted(1)).equals(checksum(rescan.formatted(2)))).isEqualTo(live);
		assertThat(checksum(config.formatted(1))).isNotEqualTo(checksum(config.formatted(2)));
	}

	@Test
	void clientsKeepTheirAddressesWhereTheTypeOfServiceCanSay() {
		assertThat(Chart.render("{}").one("Service", "keys-hkp-gateway").path("spec").has("externalTrafficPolicy"))
			.isFalse();
		for (String type : List.of("NodePort", "LoadBalancer")) {
			Manifests manifests = Chart.render("service: {type: " + type + "}");
			assertThat(manifests.one("Service", "keys-hkp-gateway").at("/spec/externalTrafficPolicy").asText())
				.isEqualTo("Local");
			JsonNode management = manifests.one("Service", "keys-hkp-gateway-management").path("spec");
			assertThat(management.path("type").asText()).isEqualTo("ClusterIP");
			assertThat(management.path("ports")).hasSize(1);
		}
	}

	@Test
	void secretsAreInSecretsOnly() {
		Manifests manifests = Chart.render(ci("everything"));
		assertThat(manifests.secret("keys-front", "token")).isEqualTo("0123456789abcdefghijklmnopqrstuv");
		assertThat(manifests.secret("keys-front", "password")).isEqualTo("a password: with \"quotes\"");
		assertThat(manifests.secret("keys-front", "redis-url")).isEqualTo("redis://:secret@redis:6379/1");
		assertThat(manifests.secret("keys-front-tls", "tls.key")).startsWith("-----BEGIN");
		for (JsonNode one : manifests.all()) {
			if (!one.path("kind").asText().equals("Secret")) {
				assertThat(one.toString()).doesNotContain("0123456789abcdefghijklmnopqrstuv", "a password", ":secret@");
			}
		}
		assertThat(Chart.render(ci("public")).kinds()).as("all of them are the operator's own")
			.doesNotContain("Secret");
	}

	@Test
	void sidecarsEndAfterTheGatewayAndShareNothingButTheirSocketWithIt() {
		JsonNode pod = Chart.render(ci("sidecars")).pod();
		List<String> shared = new ArrayList<>();
		for (JsonNode sidecar : pod.path("initContainers")) {
			assertThat(sidecar.path("restartPolicy").asText()).isEqualTo("Always");
			String directory = "/run/hkp-sidecars/" + sidecar.path("name").asText().replace("plugin-", "");
			assertThat(env(sidecar, "PLUGIN_UNIX_SOCKET")).startsWith(directory + "/");
			sidecar.path("volumeMounts").forEach((mount) -> shared.add(mount.path("name").asText()));
		}
		List<String> ofTheGateway = new ArrayList<>();
		pod.at("/containers/0/volumeMounts").forEach((mount) -> ofTheGateway.add(mount.path("name").asText()));
		shared.retainAll(ofTheGateway);
		assertThat(shared).containsExactlyInAnyOrder("socket-limits", "socket-filter");
		assertThat(pod.at("/initContainers/0/securityContext/runAsUser").asInt()).isEqualTo(65533);
	}

	@Test
	void copiedPluginsAreMountedReadOnly() {
		JsonNode pod = Chart.render(ci("copied")).pod();
		assertThat(pod.at("/initContainers/0").has("command")).as("the image copies by itself").isFalse();
		assertThat(pod.at("/initContainers/1/command").toString())
			.isEqualTo("[\"cp\",\"-RT\",\"/opt/no-uploads\",\"/plugins/no-uploads\"]");
		assertThat(pod.at("/initContainers/2/command/0").asText()).isEqualTo("/opt/install");
		JsonNode mount = StreamSupport.stream(pod.at("/containers/0/volumeMounts").spliterator(), false)
			.filter((one) -> one.path("name").asText().equals("copied-plugins"))
			.findFirst()
			.orElseThrow();
		assertThat(mount.path("readOnly").asBoolean()).as("a directory that others may write is no place for plugins")
			.isTrue();
		assertThat(mount.path("mountPath").asText()).isEqualTo("/var/lib/hockeypuck/plugins");
	}

	@Test
	void theReadmeHasEveryValueWithItsDefault() throws IOException {
		Map<String, String> values = new LinkedHashMap<>();
		leaves("", Manifests.parseOne(Files.readString(Chart.DIRECTORY.resolve("values.yaml"))), values);
		Map<String, String> documented = new TreeMap<>();
		Pattern row = Pattern.compile("(?m)^\\| `([A-Za-z.]+)` \\| `(.*?)` \\| .+ \\|$");
		for (MatchResult one : row.matcher(Files.readString(Chart.DIRECTORY.resolve("README.md"))).results().toList()) {
			assertThat(documented.put(one.group(1), one.group(2))).as("%s is there twice", one.group(1)).isNull();
		}
		assertThat(documented).isEqualTo(new TreeMap<>(values));
	}

	/** A chart cannot reach files beside it. */
	@Test
	void theAlertsAreThoseOfTheRepository() throws IOException {
		String rules = Files.readString(Chart.ROOT.resolve("config/prometheus/hkp-gateway.rules.yml"));
		assertThat(Files.readString(Chart.DIRECTORY.resolve("files/hkp-gateway.rules.yml"))).isEqualTo(rules);
		Manifests manifests = Chart.render("{prometheusRule: {enabled: true}, serviceMonitor: {enabled: true}}");
		assertThat(manifests.one("PrometheusRule").path("spec")).isEqualTo(Manifests.parseOne(rules));
		JsonNode job = manifests.one("ServiceMonitor").at("/spec/endpoints/0/relabelings/0");
		assertThat(job.path("targetLabel").asText()).isEqualTo("job");
		assertThat(rules).contains("{job=\"" + job.path("replacement").asText() + "\"}");
	}

	@Test
	void theNotesTellHowToTestItAndWhatIsWrong(@TempDir Path copy) throws IOException {
		assertThat(Chart.notes(copy, "replicaCount: 1"))
			.contains("rollout status deployment/keys-hkp-gateway", "port-forward service/keys-hkp-gateway 11371:11371",
					"get secret keys-hkp-gateway")
			.doesNotContain("rescan", "WARNING", "NOTE:", "for-tests-only");
		assertThat(Chart.notes(copy, """
				plugins: {onChange: rescan}
				ingress: {enabled: true, hosts: [{host: keys.example.org}]}
				service: {type: NodePort, externalTrafficPolicy: Cluster}
				serviceMonitor: {enabled: true}
				""")).contains("rescan", "Set\nconfig.hkp.client-address.trusted-proxies", "nodes stand in for clients",
				"networkPolicy.managementFrom", "without redis");
	}

	@Test
	void aTooLongNameIsCut() {
		Manifests manifests = Chart.render("fullnameOverride: " + "n".repeat(70));
		manifests.all().forEach((one) -> assertThat(one.at("/metadata/name").asText()).hasSizeLessThanOrEqualTo(63));
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> manifests.one("Ingress"));
	}

	private static void leaves(String path, JsonNode node, Map<String, String> into) {
		if (node.isObject() && !node.isEmpty()) {
			node.properties()
				.forEach((entry) -> leaves(path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(),
						entry.getValue(), into));
			return;
		}
		into.put(path, node.toString());
	}

	private static Path ci(String name) {
		return Chart.DIRECTORY.resolve("ci/" + name + "-values.yaml");
	}

	private static String checksum(String values) {
		return annotation(values, "config");
	}

	private static String annotation(String values, String name) {
		String found = Chart.render(values)
			.one("Deployment")
			.at("/spec/template/metadata/annotations/checksum~1" + name)
			.asText();
		assertThat(found).hasSize(64);
		return found;
	}

	private static String env(JsonNode container, String name) {
		return StreamSupport.stream(container.path("env").spliterator(), false)
			.filter((one) -> one.path("name").asText().equals(name))
			.findFirst()
			.orElseThrow()
			.path("value")
			.asText();
	}

}
