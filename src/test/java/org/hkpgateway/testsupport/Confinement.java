package org.hkpgateway.testsupport;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.databind.JsonNode;

/**
 * The security context of a container of Kubernetes as options of podman. What it does
 * not know it refuses, so nothing that is rendered is left out in silence.
 */
final class Confinement {

	private Confinement() {
	}

	/**
	 * The options.
	 * @param pod its specification
	 * @param container one of its containers, which beats the pod
	 */
	static List<String> of(JsonNode pod, JsonNode container) {
		Map<String, JsonNode> context = new LinkedHashMap<>();
		for (JsonNode one : List.of(pod, container)) {
			one.path("securityContext").properties().forEach((entry) -> context.put(entry.getKey(), entry.getValue()));
		}
		List<String> options = new ArrayList<>();
		context.forEach((name, value) -> options.addAll(options(name, value, context)));
		return options;
	}

	private static List<String> options(String name, JsonNode value, Map<String, JsonNode> context) {
		return switch (name + "=" + value) {
			// The kubelet only checks it, and the default is podman's, too.
			case "runAsNonRoot=true", "seccompProfile={\"type\":\"RuntimeDefault\"}" -> List.of();
			case "allowPrivilegeEscalation=false" -> List.of("--security-opt", "no-new-privileges");
			case "readOnlyRootFilesystem=true" -> List.of("--read-only", "--read-only-tmpfs=false");
			case "capabilities={\"drop\":[\"ALL\"]}" -> List.of("--cap-drop", "ALL");
			default -> switch (name) {
				case "runAsUser" -> List.of("--user", value + ":" + context.get("runAsGroup"));
				case "fsGroup" -> List.of("--group-add", value.toString());
				// Goes with runAsUser; is about volumes.
				case "runAsGroup", "fsGroupChangePolicy" -> List.of();
				default -> throw new AssertionError("expected: a security context that is known here, got: " + name
						+ "=" + value + "; say here what it is for podman");
			};
		};
	}

}
