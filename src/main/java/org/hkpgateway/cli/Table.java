package org.hkpgateway.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.manifest.PlainText;

/**
 * Rows of text in aligned columns, two spaces apart.
 */
final class Table {

	private final List<List<String>> rows = new ArrayList<>();

	Table(List<String> header) {
		add(header);
	}

	/** Adds a row with as many cells as the header has. */
	void add(List<String> cells) {
		this.rows.add(cells.stream().map(PlainText::of).toList());
	}

	void print(PrintStream out) {
		for (List<String> row : this.rows) {
			StringBuilder line = new StringBuilder();
			for (int i = 0; i < row.size() - 1; i++) {
				line.append(row.get(i)).append(" ".repeat(width(i) - length(row.get(i)) + 2));
			}
			out.println(line.append(row.get(row.size() - 1)));
		}
	}

	private int width(int column) {
		return this.rows.stream().mapToInt((row) -> length(row.get(column))).max().orElse(0);
	}

	private static int length(String text) {
		return text.codePointCount(0, text.length());
	}

}
