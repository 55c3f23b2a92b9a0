package org.hkpgateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginCatalog}: which plugins stay when something is wrong.
 */
class PluginCatalogTests {

	private static final PluginId A = new PluginId("a");

	@TempDir
	private Path temp;

	private Path directory;

	private Path manifest;

	private PluginCatalog catalog;

	@BeforeEach
	void setUp() throws IOException {
		Files.setPosixFilePermissions(this.temp, PosixFilePermissions.fromString("rwxr-xr-x"));
		this.directory = Files.createDirectories(this.temp.resolve("plugins"));
		this.manifest = install("a");
		this.catalog = new PluginCatalog(configured());
		assertThat(names(this.catalog.current())).containsExactly("a");
	}

	@Test
	void aManifestThatIsNotValidKeepsItsPlugin() throws IOException {
		Files.writeString(this.manifest, Files.readString(this.manifest).replace("1.0", "one"));
		assertKept(next());
	}

	@Test
	void aManifestThatDoesNotEvenSayWhoseItIsKeepsItsPlugin() throws IOException {
		Files.writeString(this.manifest, "nonsense");
		assertKept(next("--hkp.plugins.settings.a.required=true"));
	}

	@Test
	void aDirectoryThatCannotBeReadKeepsItsPlugins() throws IOException {
		Files.move(this.directory, this.temp.resolve("elsewhere"));
		assertKept(next());
	}

	@Test
	void aPluginIsRemovedWithItsDirectoryOrItsConfiguration() throws IOException {
		assertThat(names(next("--hkp.plugins.directories=" + this.temp.resolve("other")))).isEmpty();
		Files.move(this.directory.resolve("a"), this.temp.resolve("a"));
		Files.writeString(install("b"), "nonsense");
		PluginCatalog.Edition next = next();
		assertThat(names(next)).isEmpty();
		assertThat(next.kept()).isEmpty();
		assertThat(next.files()).doesNotContainKey(A);
	}

	@Test
	void aFaultyPluginThatIsDisabledIsNotKept() throws IOException {
		Files.writeString(this.manifest, "nonsense");
		assertThat(names(next("--hkp.plugins.settings.a.enabled=false"))).isEmpty();
	}

	@Test
	void aFaultyPluginIsOutWhenTheGatewayStarts() throws IOException {
		Files.writeString(this.manifest, "nonsense");
		PluginCatalog.Edition first = new PluginCatalog(configured("--hkp.plugins.settings.a.order=1")).current();
		assertThat(first.specs()).isEmpty();
	}

	@Test
	void aPlaceIsHeldForARequiredPluginThatIsFaulty() throws IOException {
		Files.writeString(this.manifest, Files.readString(this.manifest) + "order = \"many\"\n");
		this.catalog = new PluginCatalog(configured("--hkp.plugins.settings.a.required=true",
				"--hkp.plugins.settings.a.order=7", "--hkp.plugins.settings.a.fail=open"));
		assertThat(this.catalog.current().kept()).isEmpty();
		assertThat(this.catalog.current().specs()).singleElement().satisfies((spec) -> {
			assertThat(spec.source()).isInstanceOfSatisfying(PluginSource.Missing.class,
					(missing) -> assertThat(missing.reason()).contains("a/plugin.toml:6: error: plugin.order"));
			assertThat(spec.order()).isEqualTo(7);
			assertThat(spec.fail()).isEqualTo(FailPolicy.OPEN);
			assertThat(spec.granted()).contains(Capability.HTTP_REQUEST);
		});
		Files.delete(this.manifest);
		assertThat(next("--hkp.plugins.settings.a.required=true").specs()).singleElement()
			.extracting(PluginSpec::source)
			.isInstanceOfSatisfying(PluginSource.Missing.class, (missing) -> assertThat(missing.reason())
				.contains("hkp.plugins.settings.a: error: expected: a plugin of this name in"));
		assertThat(next("--hkp.plugins.settings.a.required=true", "--hkp.plugins.settings.a.enabled=false").specs())
			.isEmpty();
	}

	@Test
	void aRequiredPluginThatRunsIsKeptWhenItsFilesAreGone() throws IOException {
		this.catalog = new PluginCatalog(configured("--hkp.plugins.settings.a.required=true"));
		Files.move(this.directory.resolve("a"), this.temp.resolve("a"));
		PluginCatalog.Edition next = next("--hkp.plugins.settings.a.required=true");
		assertThat(next.specs()).isEqualTo(this.catalog.current().specs());
		assertThat(next.kept()).containsExactly(A);
		assertThat(next.findings()).extracting(Finding::message).anyMatch((message) -> message.contains("install it"));
		assertThat(names(next("--hkp.plugins.settings.a.order=1"))).isEmpty();
	}

	/** What is watched only swaps, so a plugin whose files go for a while runs on. */
	@Test
	void aPluginWhoseFilesAreGoneForAWhileIsStillWatchedAndNotMissing() throws IOException {
		this.catalog = new PluginCatalog(configured("--hkp.plugins.settings.a.required=true"));
		List<PluginSpec> running = this.catalog.current().specs();
		List<Path> files = this.catalog.current().files().get(A);
		Files.move(this.directory.resolve("a"), this.temp.resolve("a"));
		PluginCatalog.Edition scanned = this.catalog.next(this.catalog.current().configured());
		this.catalog.publish(this.catalog.adopting(scanned, running));
		assertThat(this.catalog.current().files()).containsEntry(A, files);
		assertThat(this.catalog.current().kept()).containsExactly(A);
	}

	@Test
	void aDependencyBehindItsDependentIsToldAtTheStartAndAtEachRescan() throws IOException {
		Files.writeString(this.manifest, Files.readString(this.manifest) + "dependencies = [\"b\"]\n");
		install("b");
		this.catalog = new PluginCatalog(configured("--hkp.plugins.settings.b.order=200"));
		assertThat(this.catalog.current().findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.severity()).isEqualTo(Finding.Severity.WARNING);
			assertThat(finding.message())
				.contains("'b' before 'a' in the chain, got: behind it, with order 200 after 100");
		});
		assertThat(names(this.catalog.current())).containsExactly("a", "b");
		assertThat(next("--hkp.plugins.settings.b.order=99").findings()).isEmpty();
		assertThat(next("--hkp.plugins.settings.a.order=1").findings()).extracting(Finding::message)
			.singleElement()
			.asString()
			.contains("with order 100 after 1");
	}

	private void assertKept(PluginCatalog.Edition next) {
		assertThat(names(next)).containsExactly("a");
		assertThat(next.kept()).containsExactly(A);
		assertThat(next.files()).as("still watched").containsKey(A);
		assertThat(next.findings()).as("said").isNotEmpty();
		assertThat(next.findings()).extracting(Finding::message)
			.noneMatch((message) -> message.contains("install it or remove the settings"));
	}

	private PluginCatalog.Edition next(String... arguments) {
		return this.catalog.next(configured(arguments));
	}

	private HkpProperties configured(String... arguments) {
		List<String> all = new ArrayList<>(List.of(arguments));
		if (all.stream().noneMatch((argument) -> argument.startsWith("--hkp.plugins.directories="))) {
			all.add("--hkp.plugins.directories=" + this.directory);
		}
		return new ConfigurationReader(all.toArray(String[]::new)).read();
	}

	private static List<String> names(PluginCatalog.Edition edition) {
		return edition.specs().stream().map((spec) -> spec.id().name()).toList();
	}

	private Path install(String name) throws IOException {
		Path home = Files.createDirectory(this.directory.resolve(name));
		Path run = Files.writeString(home.resolve("run"), "#!/bin/sh\n");
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
		return Files.writeString(home.resolve("plugin.toml"), """
				[plugin]
				name = "%s"
				version = "1"
				executable = "run"
				protocol_version = "1.0"
				""".formatted(name));
	}

}
