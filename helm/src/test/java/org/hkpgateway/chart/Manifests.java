package org.hkpgateway.chart;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Rendered manifests.
 *
 * @param all in the order of Helm
 */
record Manifests(List<JsonNode> all) {

	private static final ObjectMapper mapper = new ObjectMapper();

	static Manifests parse(String text) {
		List<JsonNode> all = new ArrayList<>();
		for (Object document : yaml().loadAll(text)) {
			if (document != null) {
				all.add(mapper.valueToTree(document));
			}
		}
		return new Manifests(all);
	}

	static JsonNode parseOne(String text) {
		return mapper.valueToTree(yaml().load(text));
	}

	/** A key that is there twice is an error, as it is for Kubernetes. */
	private static Yaml yaml() {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		return new Yaml(new SafeConstructor(options));
	}

	List<String> kinds() {
		return this.all.stream().map((one) -> one.path("kind").asText()).toList();
	}

	/** The only one of its kind. */
	JsonNode one(String kind) {
		List<JsonNode> found = this.all.stream().filter((one) -> one.path("kind").asText().equals(kind)).toList();
		if (found.size() != 1) {
			throw new AssertionError("expected: one " + kind + ", got: " + found.size() + " among " + kinds());
		}
		return found.get(0);
	}

	/** The one of this kind and name. */
	JsonNode one(String kind, String name) {
		return this.all.stream()
			.filter((one) -> one.path("kind").asText().equals(kind))
			.filter((one) -> one.at("/metadata/name").asText().equals(name))
			.findFirst()
			.orElseThrow(() -> new AssertionError("expected: " + kind + " " + name + ", got: " + kinds()));
	}

	JsonNode pod() {
		return one("Deployment").at("/spec/template/spec");
	}

	/** The gateway's container. */
	JsonNode gateway() {
		return pod().at("/containers/0");
	}

	/** The gateway's configuration, as text. */
	String applicationYml() {
		return one("ConfigMap").at("/data/application.yml").asText();
	}

	JsonNode configuration() {
		return parseOne(applicationYml());
	}

	/** An entry of a Secret, decoded. */
	String secret(String name, String key) {
		JsonNode entry = one("Secret", name).path("data").path(key);
		if (entry.isMissingNode()) {
			throw new AssertionError("expected: the key " + key + " in the Secret " + name + ", got: none");
		}
		return new String(Base64.getDecoder().decode(entry.asText()), StandardCharsets.UTF_8);
	}

}
