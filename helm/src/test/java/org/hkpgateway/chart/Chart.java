package org.hkpgateway.chart;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

import com.marcnuri.helm.DryRun;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;

/**
 * The chart, and what Helm makes of it.
 */
final class Chart {

	static final Path ROOT = Path.of(System.getProperty("hkp.root", "..")).toAbsolutePath().normalize();

	static final Path DIRECTORY = ROOT.resolve("helm/hkp-gateway");

	/** What no installation goes without. */
	static final String NEEDED = """
			upstream: {urls: ["http://keys:11371"]}
			management: {token: for-tests-only-0123456789abcdef0123456789}
			""";

	private Chart() {
	}

	/** Values that the tests render. */
	static List<Path> valuesFiles() {
		try (Stream<Path> files = Files.list(DIRECTORY.resolve("ci"))) {
			return files.sorted().toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Renders the chart as release {@code keys} in the namespace {@code pgp}.
	 * @param values files, of which later ones win
	 */
	static Manifests render(Path... values) {
		TemplateCommand template = new Helm(DIRECTORY).template()
			.withName("keys")
			.withNamespace("pgp")
			.withKubeVersion("1.31.0");
		Stream.of(values).forEach(template::withValuesFile);
		return Manifests.parse(template.call());
	}

	/** The same, over {@link #NEEDED}. */
	static Manifests render(String values) {
		return withFile(NEEDED, (needed) -> withFile(values, (file) -> render(needed, file)));
	}

	/**
	 * What Helm says at the end of an installation. Without a cluster it takes an old one
	 * for granted, so this is of a copy of the chart that takes any.
	 * @param directory for the copy
	 * @param values over {@link #NEEDED}
	 */
	static String notes(Path directory, String values) throws IOException {
		try (Stream<Path> files = Files.walk(DIRECTORY)) {
			for (Path file : files.filter(Files::isRegularFile).toList()) {
				Path copy = directory.resolve(DIRECTORY.relativize(file).toString());
				Files.createDirectories(copy.getParent());
				Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
			}
		}
		Path chart = directory.resolve("Chart.yaml");
		Files.writeString(chart, Files.readString(chart).replaceAll("(?m)^kubeVersion:.*$", ""));
		return withFile(NEEDED,
				(needed) -> withFile(values,
						(file) -> new Helm(directory).install()
							.withName("keys")
							.withNamespace("pgp")
							.clientOnly()
							.dryRun()
							.withDryRunOption(DryRun.CLIENT)
							.withValuesFile(needed)
							.withValuesFile(file)
							.call()
							.getOutput()));
	}

	private static <T> T withFile(String values, Function<Path, T> use) {
		try {
			Path file = Files.createTempFile("values", ".yaml");
			try {
				return use.apply(Files.writeString(file, values));
			}
			finally {
				Files.delete(file);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
