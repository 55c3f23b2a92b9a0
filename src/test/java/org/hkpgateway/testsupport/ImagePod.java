package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

import tools.jackson.databind.JsonNode;

/**
 * A pod of the chart with the gateway's container in its image: with the arguments,
 * environment, volumes and security context that were rendered, a network of its own, and
 * nothing else. Init containers are left out.
 */
public final class ImagePod implements AutoCloseable {

	private final Path nsenter = Requirements.program("nsenter");

	private final Path curl = Requirements.program("curl");

	private final Path volumes = TemporaryDirectory.create("po");

	private final RenderedChart chart;

	private final JsonNode specification;

	private final Container container;

	/**
	 * Starts it.
	 * @param containers where the image is
	 * @param chart says how to run it
	 */
	public ImagePod(Containers containers, RenderedChart chart) throws IOException {
		this.chart = chart;
		this.specification = chart.container("gateway");
		List<String> arguments = new ArrayList<>();
		this.specification.path("args").forEach((word) -> arguments.add(word.asString()));
		this.container = containers.start(containers.gateway(), options(), arguments.toArray(String[]::new));
	}

	private List<String> options() throws IOException {
		List<String> options = new ArrayList<>(List.of("--network", "none"));
		options.addAll(Confinement.of(this.chart.pod(), this.specification));
		this.chart.environment(this.specification)
			.forEach((name, value) -> options.addAll(List.of("--env", name + "=" + value)));
		for (JsonNode mount : this.specification.path("volumeMounts")) {
			Path volume = volume(named(this.chart.pod().path("volumes"), mount.path("name").asString()));
			options.addAll(List.of("--volume", volume + ":" + mount.path("mountPath").asString()
					+ (mount.path("readOnly").asBoolean(false) ? ":ro" : "")));
		}
		return options;
	}

	/** Makes what the kubelet makes of it. */
	private Path volume(JsonNode volume) throws IOException {
		Path directory = this.volumes.resolve(volume.path("name").asString());
		if (volume.has("configMap")) {
			new KubeletVolume(directory).publish(Map.of("application.yml", this.chart.applicationYml()));
		}
		else if (volume.has("secret")) {
			new KubeletVolume(directory).publish(this.chart.secret(volume.at("/secret/secretName").asString()));
		}
		else if (volume.has("emptyDir")) {
			Files.createDirectory(directory);
			// Everybody may write, and what is made in it belongs to the pod's group.
			Files.setAttribute(directory, "unix:gid", this.chart.pod().at("/securityContext/fsGroup").asInt());
			Files.setAttribute(directory, "unix:mode", 02777);
		}
		else {
			throw new AssertionError(
					"expected: a configMap, a secret or an emptyDir, got: " + volume + "; make it here");
		}
		return directory;
	}

	private static JsonNode named(JsonNode list, String name) {
		return StreamSupport.stream(list.spliterator(), false)
			.filter((one) -> one.path("name").asString().equals(name))
			.findFirst()
			.orElseThrow(() -> new AssertionError("expected: " + name + " in it, got: " + list));
	}

	/** The gateway's container. */
	public Container container() {
		return this.container;
	}

	/** What one of its rendered probes gets, asked as the kubelet does. */
	public int probe(String name) {
		JsonNode get = this.specification.path(name).path("httpGet");
		return status(get.path("port").asString(), get.path("path").asString(), "Host: 10.1.2.3");
	}

	/**
	 * Asks from outside the container, but in its network.
	 * @param port name of a rendered port
	 * @param target path, and query perhaps
	 * @param fields of the header
	 * @return the status; 0 if there is none
	 */
	public int status(String port, String target, String... fields) {
		List<String> options = new ArrayList<>(List.of("http://127.0.0.1:" + number(port) + target));
		for (String field : fields) {
			options.addAll(List.of("--header", field));
		}
		return curl(options);
	}

	/**
	 * The same with TLS.
	 * @param authority certificate in PEM that the gateway's is of
	 * @param port name of a rendered port
	 * @param target path, and query perhaps
	 * @return the status; 0 if there is none, or the certificate is of somebody else
	 */
	public int statusWithTls(String authority, String port, String target) throws IOException {
		Path file = Files.writeString(this.volumes.resolve("authority.pem"), authority);
		return curl(List.of("--cacert", file.toString(), "https://127.0.0.1:" + number(port) + target));
	}

	private String number(String port) {
		return named(this.specification.path("ports"), port).path("containerPort").asString();
	}

	private int curl(List<String> options) {
		List<String> command = new ArrayList<>(List.of(this.nsenter.toString(), "--target",
				Long.toString(this.container.pid()), "--net", this.curl.toString(), "--silent", "--noproxy", "*",
				"--max-time", "20", "--output", "/dev/null", "--write-out", "%{http_code}"));
		command.addAll(options);
		return Integer.parseInt(Command.run(this.volumes, Duration.ofMinutes(1), new byte[0], command).text().strip());
	}

	@Override
	public void close() {
		try {
			this.container.close();
		}
		finally {
			TemporaryDirectory.delete(this.volumes);
		}
	}

}
