package org.hkpgateway.conformance;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * A report as CI systems read it: JUnit's XML, one suite with a test case for each check.
 * A warning is a test that has passed and says so in its output; a check that was not
 * reached is an error.
 */
public final class JUnitReport {

	private JUnitReport() {
	}

	/**
	 * Writes a report.
	 * @param report the report
	 * @param file where to; replaced if it exists
	 * @throws IOException if it cannot be written
	 */
	public static void write(Report report, Path file) throws IOException {
		try (Writer writer = Files.newBufferedWriter(file)) {
			XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(writer);
			xml.writeStartDocument("UTF-8", "1.0");
			suite(report, xml);
			xml.writeEndDocument();
			xml.close();
		}
		catch (XMLStreamException ex) {
			throw new IOException(ex);
		}
	}

	private static void suite(Report report, XMLStreamWriter xml) throws XMLStreamException {
		xml.writeCharacters("\n");
		xml.writeStartElement("testsuite");
		xml.writeAttribute("name", text("conformance of " + report.plugin() + " " + report.version()).strip());
		xml.writeAttribute("tests", Integer.toString(report.results().size()));
		xml.writeAttribute("failures", Integer.toString(report.of(Outcome.FAIL).size()));
		xml.writeAttribute("errors", Integer.toString(report.of(Outcome.MISSED).size()));
		xml.writeAttribute("skipped", Integer.toString(report.of(Outcome.SKIPPED).size()));
		xml.writeAttribute("time", seconds(report.took()));
		for (Result result : report.results()) {
			xml.writeCharacters("\n");
			testCase(result, xml);
		}
		xml.writeCharacters("\n");
		xml.writeEndElement();
	}

	private static void testCase(Result result, XMLStreamWriter xml) throws XMLStreamException {
		xml.writeStartElement("testcase");
		xml.writeAttribute("classname", "conformance." + result.check().group());
		xml.writeAttribute("name", result.check().id());
		xml.writeAttribute("time", seconds(result.took()));
		String summary = text(result.summary());
		switch (result.outcome()) {
			case PASS -> {
			}
			case FAIL -> {
				xml.writeStartElement("failure");
				xml.writeAttribute("message", summary);
				xml.writeCharacters(text(result.check().title() + "\n" + result.summary() + "\nwhat to do: "
						+ result.check().advice() + "\nsee proto/README.md, " + result.check().section()));
				xml.writeEndElement();
			}
			case WARN -> {
				xml.writeStartElement("system-out");
				xml.writeCharacters("warning: " + summary + "; " + text(result.check().advice()));
				xml.writeEndElement();
			}
			case SKIPPED -> message("skipped", summary, xml);
			case MISSED -> message("error", summary, xml);
		}
		xml.writeEndElement();
	}

	private static void message(String element, String summary, XMLStreamWriter xml) throws XMLStreamException {
		xml.writeStartElement(element);
		xml.writeAttribute("message", summary);
		xml.writeEndElement();
	}

	private static String seconds(Duration duration) {
		return String.format(Locale.ROOT, "%.3f", duration.toNanos() / 1e9);
	}

	/** XML has no form for most control characters and for halves of characters. */
	static String text(String text) {
		return text.replaceAll("[^\\t\\n\\r -\\uD7FF\\uE000-\\uFFFD\\x{10000}-\\x{10FFFF}]", "?");
	}

}
