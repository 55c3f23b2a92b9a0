package org.hkpgateway.chart;

import java.io.IOException;
import java.util.Map;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;

/**
 * Holds manifests against the models of two clients of Kubernetes: the one finds fields
 * that do not exist and values of a wrong type, the other one fields that are missing.
 */
final class KubernetesModels {

	/** Models keep fields that they do not know; then they would not be found. */
	private static final ObjectMapper strict = new ObjectMapper()
		.setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
			@Override
			public Boolean hasAnySetter(Annotated annotated) {
				return false;
			}
		});

	private static final Map<String, Class<?>> MODELS = Map.ofEntries(Map.entry("apps/v1 Deployment", Deployment.class),
			Map.entry("autoscaling/v2 HorizontalPodAutoscaler", HorizontalPodAutoscaler.class),
			Map.entry("monitoring.coreos.com/v1 PrometheusRule", PrometheusRule.class),
			Map.entry("monitoring.coreos.com/v1 ServiceMonitor", ServiceMonitor.class),
			Map.entry("networking.k8s.io/v1 Ingress", Ingress.class),
			Map.entry("networking.k8s.io/v1 NetworkPolicy", NetworkPolicy.class),
			Map.entry("policy/v1 PodDisruptionBudget", PodDisruptionBudget.class),
			Map.entry("v1 ConfigMap", ConfigMap.class), Map.entry("v1 Secret", Secret.class),
			Map.entry("v1 Service", Service.class), Map.entry("v1 ServiceAccount", ServiceAccount.class));

	private static final Map<String, Required> REQUIRED = Map.of("Deployment", V1Deployment::validateJsonElement,
			"HorizontalPodAutoscaler", V2HorizontalPodAutoscaler::validateJsonElement, "Ingress",
			V1Ingress::validateJsonElement, "NetworkPolicy", V1NetworkPolicy::validateJsonElement,
			"PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement, "ConfigMap",
			V1ConfigMap::validateJsonElement, "Secret", V1Secret::validateJsonElement, "Service",
			V1Service::validateJsonElement, "ServiceAccount", V1ServiceAccount::validateJsonElement);

	private KubernetesModels() {
	}

	/**
	 * Fails if Kubernetes would not take it.
	 */
	static void check(JsonNode manifest) {
		String kind = manifest.path("kind").asText();
		String type = manifest.path("apiVersion").asText() + " " + kind;
		Class<?> model = MODELS.get(type);
		if (model == null) {
			throw new AssertionError("expected: one of " + MODELS.keySet() + ", got: " + type);
		}
		try {
			strict.treeToValue(manifest, model);
			Required required = REQUIRED.get(kind);
			if (required != null) {
				required.check(JsonParser.parseString(manifest.toString()));
			}
		}
		catch (JsonProcessingException ex) {
			throw new AssertionError(type + ": " + ex.getOriginalMessage() + " at " + ex.getMessage(), ex);
		}
		catch (IOException | IllegalArgumentException ex) {
			throw new AssertionError(type + ": " + ex.getMessage(), ex);
		}
	}

	@FunctionalInterface
	private interface Required {

		void check(JsonElement manifest) throws IOException;

	}

}
