package org.hkpgateway.sdk;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An SDK that drags in half the world, or the gateway, would be none.
 */
class DependencyTests {

	@Test
	void thePomNamesOnlyWhatIsAgreed() throws IOException {
		assertThat(matches("(?s)<dependency>(?:(?!</dependency>).)*?<artifactId>([^<]+)(?:(?!</dependency>).)*",
				"pom.xml"))
			.filteredOn((dependency) -> !dependency.contains("<scope>test</scope>"))
			.allSatisfy((dependency) -> assertThat(dependency).containsPattern("<artifactId>(hkp-gateway-proto|"
					+ "grpc-netty|netty-codec-http2|netty-handler-proxy|netty-transport-native-unix-common|"
					+ "netty-transport-classes-epoll|netty-transport-native-epoll|gson|jspecify)<"));
	}

	@Test
	void theClassPathHoldsNothingOfTheGatewayAndNoFramework() {
		assertThat(List.of(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
			.split(File.pathSeparator)))
			.noneMatch((entry) -> entry.matches(".*(hkp-gateway-0|spring|reactor|slf4j).*jar"));
		assertThat(getClass().getResource("/org/hkpgateway/HkpGatewayApplication.class")).isNull();
	}

	@Test
	void theLicenceComesWithTheClasses() throws Exception {
		Path classes = Path.of(PluginOptions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		assertThat(classes.resolve("META-INF/LICENSE")).hasSameTextualContentAs(Path.of("../../LICENSE"));
	}

	private static List<String> matches(String regex, String file) throws IOException {
		return Pattern.compile(regex)
			.matcher(Files.readString(Path.of(file)))
			.results()
			.map(MatchResult::group)
			.toList();
	}

}
