package org.hkpgateway.proto;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The reference in {@code docs} is of this protocol. With the property {@value #WRITE}
 * the test writes it.
 */
class ProtocolReferenceTests {

	private static final String WRITE = "hkp.reference.write";

	private static final String COMMAND = "./mvnw -B -q -pl proto test -Dtest=ProtocolReferenceTests -D" + WRITE;

	private static final Pattern LINK = Pattern.compile("\\]\\(#([^)]*)\\)");

	private static final Path FILE = Path.of(System.getProperty("hkp.root", ".."))
		.resolve("docs/protocol-reference.md");

	@Test
	void theCommittedReferenceIsCurrent() throws IOException {
		String reference = reference();
		if (System.getProperty(WRITE) != null) {
			Files.writeString(FILE, reference);
		}
		assertThat(Files.exists(FILE) ? Files.readString(FILE) : "")
			.as("docs/protocol-reference.md; to write it anew: " + COMMAND)
			.isEqualTo(reference);
	}

	@Test
	void everyLinkHasItsHeadingAndEveryHeadingIsThereOnce() throws IOException {
		String reference = reference();
		List<String> anchors = reference.lines()
			.filter((line) -> line.startsWith("#"))
			.map((line) -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT).replace(" ", "-"))
			.map((heading) -> heading.replaceAll("[^a-z0-9_-]", ""))
			.toList();
		assertThat(anchors).doesNotHaveDuplicates();
		List<String> links = LINK.matcher(reference).results().map((MatchResult link) -> link.group(1)).toList();
		assertThat(links).hasSizeGreaterThan(80);
		assertThat(anchors).containsAll(links);
	}

	@Test
	void everythingOfTheProtocolIsInIt() throws IOException {
		String reference = reference();
		for (FileDescriptor file : List.of(HkpPluginProto.getDescriptor(), HkpHostProto.getDescriptor())) {
			file.getMessageTypes().forEach((message) -> {
				assertThat(reference).contains("\n### " + message.getName() + "\n");
				message.getFields()
					.forEach((field) -> assertThat(reference)
						.contains("| " + field.getNumber() + " | `" + field.getName() + "` | "));
				message.getEnumTypes()
					.forEach((type) -> assertThat(reference)
						.contains("\n### " + message.getName() + "." + type.getName() + "\n"));
			});
			file.getServices()
				.forEach((service) -> service.getMethods()
					.forEach((method) -> assertThat(reference).contains("| `" + method.getName() + "` | ")));
		}
		assertThat(reference).contains("Never sent to a plugin that the gateway does not own.");
	}

	private static String reference() throws IOException {
		byte[] descriptors = Files.readAllBytes(Path.of("target/hkp-protocol.pb"));
		return ProtocolReference.of(FileDescriptorSet.parseFrom(descriptors), COMMAND);
	}

}
