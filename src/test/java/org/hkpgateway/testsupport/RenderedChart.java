package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.marcnuri.helm.Helm;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What Helm makes of the chart, for tests that run it. That it is valid, the tests in
 * {@code helm} show.
 */
public final class RenderedChart {

	private static final JsonMapper json = new JsonMapper();

	private final List<JsonNode> manifests = new ArrayList<>();

	private RenderedChart(String manifests) {
		new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(manifests).forEach((one) -> {
			if (one != null) {
				this.manifests.add(json.valueToTree(one));
			}
		});
	}

	/**
	 * Renders it as release {@code keys}.
	 * @param values in YAML
	 */
	public static RenderedChart of(String values) {
		try {
			Path file = Files.createTempFile("values", ".yaml");
			try {
				Files.writeString(file, values);
				return new RenderedChart(
						new Helm(GatewayProcess.root().resolve("helm/hkp-gateway").toAbsolutePath()).template()
							.withName("keys")
							.withNamespace("pgp")
							.withKubeVersion("1.31.0")
							.withValuesFile(file)
							.call());
			}
			finally {
				Files.delete(file);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The only manifest of its kind. */
	public JsonNode one(String kind) {
		List<JsonNode> found = this.manifests.stream()
			.filter((one) -> one.path("kind").asString("").equals(kind))
			.toList();
		if (found.size() != 1) {
			throw new AssertionError("expected: one " + kind + ", got: " + found.size());
		}
		return found.get(0);
	}

	/** The specification of the pod. */
	public JsonNode pod() {
		return one("Deployment").at("/spec/template/spec");
	}

	/** One of its containers, be they init containers or not. */
	public JsonNode container(String name) {
		for (String list : List.of("containers", "initContainers")) {
			for (JsonNode container : pod().path(list)) {
				if (container.path("name").asString("").equals(name)) {
					return container;
				}
			}
		}
		throw new AssertionError("expected: the container " + name + ", got: " + pod());
	}

	/** The gateway's configuration. */
	public String applicationYml() {
		return one("ConfigMap").at("/data/application.yml").asString();
	}

	/** The environment of a container, with what comes from the chart's Secrets. */
	public Map<String, String> environment(JsonNode container) {
		return environment(container, Map.of());
	}

	/**
	 * The environment of a container.
	 * @param container of the chart
	 * @param own entries, by key, of every Secret that the chart leaves to the operator
	 */
	public Map<String, String> environment(JsonNode container, Map<String, String> own) {
		Map<String, String> environment = new LinkedHashMap<>();
		for (JsonNode variable : container.path("env")) {
			JsonNode reference = variable.at("/valueFrom/secretKeyRef");
			environment.put(variable.path("name").asString(),
					reference.isMissingNode() ? variable.path("value").asString() : entry(reference, own));
		}
		return environment;
	}

	private String entry(JsonNode reference, Map<String, String> own) {
		Map<String, String> secret = secret(reference.path("name").asString());
		String value = (secret.isEmpty() ? own : secret).get(reference.path("key").asString());
		if (value == null) {
			throw new AssertionError("expected: a Secret with it, got: none, for " + reference);
		}
		return value;
	}

	/** The entries of a Secret, decoded; none if the chart has no such Secret. */
	public Map<String, String> secret(String name) {
		Map<String, String> entries = new LinkedHashMap<>();
		for (JsonNode one : this.manifests) {
			if (one.path("kind").asString("").equals("Secret") && one.at("/metadata/name").asString("").equals(name)) {
				one.path("data")
					.properties()
					.forEach((entry) -> entries.put(entry.getKey(), new String(
							Base64.getDecoder().decode(entry.getValue().asString()), StandardCharsets.UTF_8)));
			}
		}
		return entries;
	}

}
