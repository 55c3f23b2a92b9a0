package org.hkpgateway.chart;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Names by which manifests refer to each other, which Kubernetes does not check: a
 * selector that selects nothing is valid.
 */
final class References {

	private static final String PUBLIC = "hkp";

	private static final String MANAGEMENT = "management";

	private final Manifests manifests;

	private final JsonNode values;

	private final JsonNode pod;

	private final JsonNode gateway;

	private final JsonNode configuration;

	private References(Manifests manifests, JsonNode values) {
		this.manifests = manifests;
		this.values = values;
		this.pod = manifests.pod();
		this.gateway = manifests.gateway();
		this.configuration = manifests.configuration();
	}

	/**
	 * Fails if one of them leads nowhere, or to something else than it should.
	 * @param manifests all of a rendering
	 * @param values it was rendered from, which may name what is the operator's own
	 */
	static void check(Manifests manifests, JsonNode values) {
		References references = new References(manifests, values);
		references.selectors();
		references.ports();
		references.services();
		references.ingresses();
		references.networkPolicies();
		references.scaling();
		references.monitors();
		references.volumes();
		references.secrets();
		references.files();
	}

	/** All of them select the pods. */
	private void selectors() {
		JsonNode labels = this.manifests.one("Deployment").at("/spec/template/metadata/labels");
		selects(this.manifests.one("Deployment").at("/spec/selector/matchLabels"), labels);
		all("Service").forEach((one) -> selects(one.at("/spec/selector"), labels));
		all("PodDisruptionBudget").forEach((one) -> selects(one.at("/spec/selector/matchLabels"), labels));
		all("NetworkPolicy").forEach((one) -> selects(one.at("/spec/podSelector/matchLabels"), labels));
		this.pod.path("topologySpreadConstraints")
			.forEach((one) -> selects(one.at("/labelSelector/matchLabels"), labels));
	}

	/** An empty selector would select whatever there is. */
	private static void selects(JsonNode selector, JsonNode labels) {
		assertThat(selector.properties()).as("selector").isNotEmpty();
		assertThat(labels.properties()).as("labels of what is selected").containsAll(selector.properties());
	}

	/** What the gateway is told to listen on is what the names mean. */
	private void ports() {
		Map<String, Integer> ports = new HashMap<>();
		this.gateway.path("ports")
			.forEach((port) -> ports.put(port.path("name").asText(), port.path("containerPort").asInt()));
		assertThat(ports).containsOnly(Map.entry(PUBLIC, this.configuration.at("/server/port").asInt()),
				Map.entry(MANAGEMENT, this.configuration.at("/management/server/port").asInt()));
		for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
			assertThat(this.gateway.path(probe).at("/httpGet/port").asText()).as(probe).isEqualTo(MANAGEMENT);
		}
	}

	/** The Service for everybody does not lead to the management port. */
	private void services() {
		Map<String, Set<String>> targets = Map.of("public", Set.of(PUBLIC), MANAGEMENT, Set.of(MANAGEMENT));
		for (JsonNode service : all("Service")) {
			assertThat(texts(service.at("/spec/ports"), "/targetPort")).as("%s", service)
				.isNotEmpty()
				.isSubsetOf(targets.getOrDefault(component(service), Set.of()));
			assertThat(texts(service.at("/spec/ports"), "/name")).doesNotHaveDuplicates();
		}
		assertThat(all("Service")).extracting(References::component).containsExactlyInAnyOrder("public", MANAGEMENT);
		String management = all("Service").stream()
			.filter((service) -> component(service).equals(MANAGEMENT))
			.map((service) -> service.at("/metadata/name").asText())
			.findFirst()
			.orElseThrow();
		assertThat(texts(this.configuration.at("/hkp/management/allowed-hosts"), "")).contains(management);
	}

	private void ingresses() {
		for (JsonNode ingress : all("Ingress")) {
			for (JsonNode rule : ingress.at("/spec/rules")) {
				assertThat(rule.at("/http/paths")).isNotEmpty();
				for (JsonNode path : rule.at("/http/paths")) {
					JsonNode backend = path.at("/backend/service");
					JsonNode service = this.manifests.one("Service", backend.path("name").asText());
					assertThat(component(service)).isEqualTo("public");
					assertThat(texts(service.at("/spec/ports"), "/name")).contains(backend.at("/port/name").asText());
				}
			}
		}
	}

	private static String component(JsonNode service) {
		return service.at("/metadata/labels/app.kubernetes.io~1component").asText();
	}

	/**
	 * From everywhere only the public port is reached; a rule without ports is for all.
	 */
	private void networkPolicies() {
		for (JsonNode policy : all("NetworkPolicy")) {
			assertThat(texts(policy.at("/spec/policyTypes"), "")).contains("Ingress");
			List<String> admitted = new ArrayList<>();
			for (JsonNode rule : policy.at("/spec/ingress")) {
				List<String> ports = texts(rule.path("ports"), "/port");
				assertThat(ports).as("%s", rule).isNotEmpty();
				if (rule.path("from").isEmpty()) {
					assertThat(ports).as("from everywhere").containsExactly(PUBLIC);
				}
				admitted.addAll(ports);
			}
			boolean management = !this.values.at("/networkPolicy/managementFrom").isEmpty();
			assertThat(admitted).containsExactlyElementsOf(management ? List.of(PUBLIC, MANAGEMENT) : List.of(PUBLIC));
		}
	}

	private void scaling() {
		for (JsonNode scaler : all("HorizontalPodAutoscaler")) {
			JsonNode target = scaler.at("/spec/scaleTargetRef");
			JsonNode deployment = this.manifests.one(target.path("kind").asText(), target.path("name").asText());
			assertThat(target.path("apiVersion")).isEqualTo(deployment.path("apiVersion"));
			assertThat(deployment.path("spec").has("replicas")).as("two that say how many").isFalse();
		}
	}

	/**
	 * Metrics are asked of the management Service, with the token that the gateway has.
	 */
	private void monitors() {
		for (JsonNode monitor : all("ServiceMonitor")) {
			JsonNode selector = monitor.at("/spec/selector/matchLabels");
			List<JsonNode> services = all("Service").stream()
				.filter((one) -> one.at("/metadata/labels").properties().containsAll(selector.properties()))
				.toList();
			assertThat(services).extracting(References::component).containsExactly(MANAGEMENT);
			JsonNode endpoint = monitor.at("/spec/endpoints/0");
			assertThat(texts(services.get(0).at("/spec/ports"), "/name")).contains(endpoint.path("port").asText());
			assertThat(endpoint.path("path").asText()).isEqualTo("/actuator/prometheus");
			JsonNode token = named(this.gateway.path("env"), "HKP_MANAGEMENT_TOKEN").at("/valueFrom/secretKeyRef");
			assertThat(endpoint.at("/authorization/credentials")).isEqualTo(token);
		}
	}

	/** What is mounted is there, and what is there is mounted. */
	private void volumes() {
		List<String> volumes = texts(this.pod.path("volumes"), "/name");
		assertThat(volumes).doesNotHaveDuplicates();
		List<String> mounted = new ArrayList<>();
		for (String list : List.of("initContainers", "containers")) {
			for (JsonNode container : this.pod.path(list)) {
				mounted.addAll(texts(container.path("volumeMounts"), "/name"));
				assertThat(texts(container.path("volumeMounts"), "/mountPath")).doesNotHaveDuplicates();
			}
		}
		assertThat(mounted).as("mounted volumes").hasSameElementsAs(volumes);
	}

	/**
	 * Secrets, ConfigMaps and the account of the pod are in the chart or the operator's.
	 */
	private void secrets() {
		exists("ServiceAccount", this.pod.path("serviceAccountName").asText(), List.of());
		for (JsonNode volume : this.pod.path("volumes")) {
			if (volume.has("configMap")) {
				exists("ConfigMap", volume.at("/configMap/name").asText(), List.of());
			}
			if (volume.has("secret")) {
				exists("Secret", volume.at("/secret/secretName").asText(), List.of("tls.crt", "tls.key"));
			}
		}
		for (JsonNode variable : this.gateway.path("env")) {
			JsonNode reference = variable.at("/valueFrom/secretKeyRef");
			if (!reference.isMissingNode()) {
				exists("Secret", reference.path("name").asText(), List.of(reference.path("key").asText()));
			}
		}
	}

	private void exists(String kind, String name, List<String> keys) {
		List<String> ofTheOperator = new ArrayList<>(this.values.findValuesAsText("existingSecret"));
		ofTheOperator.addAll(this.values.path("extraVolumes").findValuesAsText("name"));
		ofTheOperator.add(this.values.at("/serviceAccount/name").asText());
		if (ofTheOperator.contains(name)) {
			return;
		}
		JsonNode found = this.manifests.one(kind, name);
		keys.forEach((key) -> assertThat(found.path("data").has(key)).as("%s of %s %s", key, kind, name).isTrue());
	}

	/** Files that the gateway is told of are in what is mounted. */
	private void files() {
		assertThat(texts(this.gateway.path("args"), ""))
			.containsExactly("--spring.config.additional-location=file:" + mount("config") + "/application.yml");
		JsonNode keystore = this.configuration.at("/spring/ssl/bundle/pem/public/keystore");
		assertThat(keystore.isMissingNode()).as("TLS").isNotEqualTo(this.configuration.at("/hkp/tls").has("bundle"));
		if (!keystore.isMissingNode()) {
			assertThat(keystore.path("certificate").asText()).isEqualTo("file:" + mount("tls") + "/tls.crt");
			assertThat(keystore.path("private-key").asText()).isEqualTo("file:" + mount("tls") + "/tls.key");
		}
		assertThat(this.configuration.at("/hkp/plugins/runtime-directory").asText()).startsWith(mount("runtime") + "/");
		this.values.at("/plugins/sidecars").forEach((sidecar) -> {
			String name = sidecar.path("name").asText();
			assertThat(this.configuration.at("/hkp/plugins/remote/" + name + "/address").asText())
				.startsWith("unix:" + mount("socket-" + name) + "/");
		});
	}

	/** Where the gateway has a volume. */
	private String mount(String volume) {
		return named(this.gateway.path("volumeMounts"), volume).path("mountPath").asText();
	}

	private static JsonNode named(JsonNode list, String name) {
		for (JsonNode entry : list) {
			if (entry.path("name").asText().equals(name)) {
				return entry;
			}
		}
		throw new AssertionError("expected: " + name + " in it, got: " + list);
	}

	private List<JsonNode> all(String kind) {
		return this.manifests.all().stream().filter((one) -> one.path("kind").asText().equals(kind)).toList();
	}

	/** Of each entry of a list what is there, or the entry itself. */
	private static List<String> texts(JsonNode list, String pointer) {
		List<String> texts = new ArrayList<>();
		list.forEach((entry) -> texts.add(entry.at(pointer).asText()));
		return texts;
	}

}
