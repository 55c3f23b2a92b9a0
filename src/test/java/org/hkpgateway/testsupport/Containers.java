package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Builds images with buildah and runs them with podman, in a store of the tests' own,
 * {@code ~/.cache/hkp-gateway/images}, which is kept: the base images, of Debian's
 * packages, are made once. No image is fetched.
 */
public final class Containers {

	/** Where images have their programs. */
	static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

	/** Of packages, from a mirror far away. */
	private static final Duration DEBIAN = Duration.ofMinutes(15);

	private static final Duration BUILD = Duration.ofMinutes(10);

	private static final Duration SHORT = Duration.ofMinutes(2);

	private static final byte[] NO_INPUT = new byte[0];

	private final Path directory = Path.of(System.getProperty("user.home"), ".cache", "hkp-gateway", "images");

	private final Path mmdebstrap = Requirements.program("mmdebstrap");

	private final Path buildah = Requirements.program("buildah");

	private final Path podman = Requirements.program("podman");

	private final Path runc = Requirements.program("runc");

	private @Nullable List<String> confined;

	private Containers() {
	}

	/**
	 * Skips the test if a program is missing, or the user is not root: what others may do
	 * with images differs from machine to machine.
	 */
	public static Containers orSkip() {
		Requirements.timeFor("building images");
		Requirements.root();
		return new Containers();
	}

	/**
	 * An image of Debian with packages, made when it is first asked for.
	 * @param name among the tests' images
	 * @return its name
	 */
	public String debian(String name, String... packages) {
		String image = "localhost/hkp-test-" + name;
		String include = String.join(",", packages);
		MadeOnce.in(this.directory.resolve(name), include, (made) -> {
			Path tar = made.resolve("root.tar");
			run(DEBIAN, List.of(this.mmdebstrap.toString(), "--quiet", "--variant=minbase", "--include=" + include,
					"bookworm", tar.toString()));
			run(BUILD, podman("import", "--quiet", "--change", "ENV PATH=" + PATH, tar.toString(), image));
			Files.delete(tar);
		});
		return image;
	}

	/**
	 * The gateway's image as the Dockerfile makes it of this build, on Debian with Java
	 * and, for plugins, Python. Made anew when something in it has changed.
	 * @return its name
	 */
	public String gateway() {
		Path root = GatewayProcess.root().toAbsolutePath().normalize();
		String base = debian("java", "openjdk-17-jre-headless", "ca-certificates", "python3");
		String checkout = Integer.toHexString(root.hashCode());
		String image = "localhost/hkp-test-gateway-" + checkout;
		try {
			String from = SourceDigest.of(GatewayProcess.ANTIABUSE, UnpackedGateway.jar(), root.resolve("Dockerfile"),
					root.resolve(".dockerignore"), root.resolve("config/image.yml"));
			MadeOnce.in(this.directory.resolve("gateway-" + checkout), from, (made) -> {
				build(root, image, "--build-arg", "BASE_IMAGE=" + base);
				// The one before has no name any more.
				run(SHORT, podman("image", "prune", "--force"));
			});
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return image;
	}

	/**
	 * Builds an image, in Docker's format, for that of OCI knows no health check.
	 * @param context directory with a Dockerfile
	 * @param name for the image
	 * @param options of {@code buildah bud}
	 */
	public void build(Path context, String name, String... options) {
		List<String> command = new ArrayList<>(
				List.of(this.buildah.toString(), "--root", this.directory.resolve("root").toString(), "--runroot",
						this.directory.resolve("run").toString(), "--storage-driver", "overlay", "bud", "--isolation",
						"chroot", "--pull-never", "--format", "docker", "--tag", name));
		command.addAll(List.of(options));
		command.add(context.toString());
		run(BUILD, command);
	}

	/** Removes an image, if it was made. */
	public void remove(String image) {
		Command.run(Path.of(System.getProperty("java.io.tmpdir")), SHORT, NO_INPUT, podman("rmi", "--force", image));
	}

	/** What the image's health check runs. */
	public List<String> healthCheck(String image) {
		String check = run(SHORT,
				podman("image", "inspect", "--format", "{{range .HealthCheck.Test}}{{println .}}{{end}}", image));
		List<String> words = check.strip().lines().toList();
		if (words.isEmpty() || !words.get(0).equals("CMD")) {
			throw new AssertionError("expected: a health check without a shell, got: " + words);
		}
		return words.subList(1, words.size());
	}

	/**
	 * Options for a container of the gateway as the chart confines it, with nothing to be
	 * written but {@code /tmp}, and the machine's network.
	 */
	public synchronized List<String> confined() {
		if (this.confined == null) {
			List<String> options = new ArrayList<>(
					List.of("--network", "host", "--tmpfs", "/tmp:rw,nosuid,nodev,size=64m,mode=1777"));
			RenderedChart chart = RenderedChart
				.of("{upstream: {urls: ['http://keys:11371']}, management: {existingSecret: any}}");
			options.addAll(Confinement.of(chart.pod(), chart.container("gateway")));
			this.confined = List.copyOf(options);
		}
		return this.confined;
	}

	/**
	 * Runs a container to its end.
	 * @param options of {@code podman run}
	 * @param arguments for what the image runs
	 */
	public Command.Result runToEnd(String image, List<String> options, String... arguments) {
		return runToEnd(SHORT, image, options, arguments);
	}

	/** The same with a deadline, after which it is removed. */
	Command.Result runToEnd(Duration deadline, String image, List<String> options, String... arguments) {
		String name = "hkp-it-" + UUID.randomUUID();
		try {
			return Command.run(Path.of(System.getProperty("java.io.tmpdir")), deadline, NO_INPUT,
					command(name, image, options, arguments));
		}
		finally {
			// What ends at the deadline is podman, not the container.
			removeContainer(name);
		}
	}

	/** Removes a container, if it is still there, whether it runs or not. */
	void removeContainer(String name) {
		run(SHORT, podman("rm", "--force", "--ignore", "--time", "0", name));
	}

	/** Starts a container. */
	public Container start(String image, List<String> options, String... arguments) {
		String name = "hkp-it-" + UUID.randomUUID();
		return new Container(this, name, command(name, image, options, arguments));
	}

	private List<String> command(String name, String image, List<String> options, String... arguments) {
		List<String> command = podman("run", "--rm", "--pull", "never", "--no-healthcheck", "--name", name, "--ulimit",
				"nofile=20000:20000", "--ulimit", "nproc=4096:4096");
		command.addAll(options);
		command.add(image);
		command.addAll(List.of(arguments));
		return command;
	}

	/** The command line of podman for the tests' store, for whoever runs it. */
	List<String> podman(String... arguments) {
		List<String> command = new ArrayList<>(List.of(this.podman.toString(), "--root",
				this.directory.resolve("root").toString(), "--runroot", this.directory.resolve("run").toString(),
				"--tmpdir", this.directory.resolve("tmp").toString(), "--storage-driver", "overlay", "--runtime",
				this.runc.toString(), "--cgroup-manager", "cgroupfs", "--events-backend", "file"));
		command.addAll(List.of(arguments));
		return command;
	}

	private static String run(Duration deadline, List<String> command) {
		return Command.run(Path.of(System.getProperty("java.io.tmpdir")), deadline, NO_INPUT, command).orFail().text();
	}

}
