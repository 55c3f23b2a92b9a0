package org.hkpgateway;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

/**
 * Who may use whom. The table is written with its transitive closure: a package may use
 * what it names and whatever those may use.
 */
@AnalyzeClasses(packages = "org.hkpgateway", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	private static final String[] ALLOWED_SPRING = { "org.hkpgateway", "org.hkpgateway.proxy..",
			"org.hkpgateway.host..", "org.hkpgateway.storage..", "org.hkpgateway.state..", "org.hkpgateway.actuate..",
			"org.hkpgateway.config.." };

	@ArchTest
	static final ArchRule noCycles = slices().matching("org.hkpgateway.(*)..").should().beFreeOfCycles();

	/** Everybody may use it. */
	@ArchTest
	static final ArchRule log = uses("log");

	@ArchTest
	static final ArchRule http = uses("http");

	@ArchTest
	static final ArchRule hkp = uses("hkp", "http");

	@ArchTest
	static final ArchRule plugin = uses("plugin", "hkp", "http");

	@ArchTest
	static final ArchRule manifest = uses("manifest", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule process = uses("process", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule events = uses("events", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule lifecycle = uses("lifecycle", "process", "manifest", "events", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule state = uses("state", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule storage = uses("storage", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule grpc = uses("grpc", "plugin", "hkp", "http", "proto");

	@ArchTest
	static final ArchRule host = uses("host", "storage", "state", "events", "plugin", "hkp", "http", "proto");

	@ArchTest
	static final ArchRule resilience = uses("resilience", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule chain = uses("chain", "events", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule proxy = uses("proxy", "chain", "events", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule keyserver = uses("keyserver", "hkp", "http");

	@ArchTest
	static final ArchRule actuate = uses("actuate", "lifecycle", "storage", "state", "chain", "proxy", "resilience",
			"process", "manifest", "events", "plugin", "hkp", "http");

	@ArchTest
	static final ArchRule conformance = uses("conformance", "manifest", "process", "grpc", "plugin", "hkp", "http",
			"proto");

	@ArchTest
	static final ArchRule cli = uses("cli", "conformance", "manifest", "process", "grpc", "plugin", "hkp", "http",
			"proto");

	@ArchTest
	static final ArchRule nothingUsesConfig = noClasses().that()
		.resideOutsideOfPackage("org.hkpgateway.config..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.hkpgateway.config..");

	@ArchTest
	static final ArchRule springStaysOutside = noClasses().that(not(resideInAnyPackage(ALLOWED_SPRING)))
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework..");

	@ArchTest
	static final ArchRule onlyGrpcSeesGrpc = noClasses()
		.that(not(resideInAnyPackage("org.hkpgateway.grpc..", "org.hkpgateway.host..", "org.hkpgateway.proto..")))
		.and()
		// Where the certificates of remote plugins meet their channels.
		.haveNameNotMatching("org\\.hkpgateway\\.config\\.RemotePluginChannels(\\$.*)?")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.grpc..", "com.google.protobuf..", "org.hkpgateway.proto..");

	@ArchTest
	static final ArchRule onlyTracesSeeOpenTelemetry = noClasses()
		.that(not(resideInAnyPackage("org.hkpgateway.actuate..", "org.hkpgateway.config..")))
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.opentelemetry..", "io.micrometer.tracing..");

	@ArchTest
	static final ArchRule onlyStateSeesLettuce = noClasses().that(not(resideInAnyPackage("org.hkpgateway.state..")))
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.lettuce..");

	@ArchTest
	static final ArchRule onlyRemoteChannelsSeeTheGrpcClientStarter = noClasses().that()
		.haveNameNotMatching("org\\.hkpgateway\\.config\\.RemotePluginChannels(\\$.*)?")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("net.devh.boot.grpc.client..");

	@ArchTest
	static final ArchRule onlyHostSeesTheGrpcServerStarter = noClasses()
		.that(not(resideInAnyPackage("org.hkpgateway", "org.hkpgateway.host..", "org.hkpgateway.config..")))
		.should()
		.dependOnClassesThat()
		.resideInAPackage("net.devh.boot.grpc.server..");

	private static ArchRule uses(String name, String... allowed) {
		String[] packages = new String[allowed.length + 2];
		packages[0] = "org.hkpgateway." + name + "..";
		packages[1] = "org.hkpgateway.log..";
		for (int i = 0; i < allowed.length; i++) {
			packages[i + 2] = "org.hkpgateway." + allowed[i] + "..";
		}
		return noClasses().that()
			.resideInAPackage("org.hkpgateway." + name + "..")
			.should()
			.dependOnClassesThat(resideInAPackage("org.hkpgateway..").and(not(resideInAnyPackage(packages))));
	}

}
