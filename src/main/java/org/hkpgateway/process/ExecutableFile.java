package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Describes an executable to someone who wonders why it does not start.
 */
final class ExecutableFile {

	private static final int ELF_MAGIC = 0x7f454c46;

	private static final int ELF_LITTLE_ENDIAN = 1;

	private ExecutableFile() {
	}

	/** Path, mode, owner and type in one line. */
	static String describe(Path file) {
		try {
			return file + " (" + ownership(file) + type(file) + ")";
		}
		catch (IOException ex) {
			return file + " (which cannot be read: " + ex + ")";
		}
	}

	private static String ownership(Path file) throws IOException {
		if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
			return "";
		}
		PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
		return "mode " + PosixFilePermissions.toString(attributes.permissions()) + ", owner " + attributes.owner()
				+ ", ";
	}

	private static String type(Path file) throws IOException {
		byte[] head;
		try (InputStream input = Files.newInputStream(file)) {
			head = input.readNBytes(256);
		}
		if (head.length == 0) {
			return "empty";
		}
		if (head.length >= 20 && ByteBuffer.wrap(head).getInt() == ELF_MAGIC) {
			return "ELF for " + machine(head) + ", this machine is " + System.getProperty("os.arch");
		}
		if (head.length > 2 && head[0] == '#' && head[1] == '!') {
			return script(new String(head, 2, head.length - 2, StandardCharsets.UTF_8));
		}
		return "neither an ELF executable nor a script with #!";
	}

	private static String machine(byte[] head) {
		ByteOrder order = (head[5] == ELF_LITTLE_ENDIAN) ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
		int machine = Short.toUnsignedInt(ByteBuffer.wrap(head).order(order).getShort(18));
		return switch (machine) {
			case 0x03 -> "x86";
			case 0x15 -> "ppc64";
			case 0x16 -> "s390x";
			case 0x28 -> "arm";
			case 0x3e -> "amd64";
			case 0xb7 -> "aarch64";
			case 0xf3 -> "riscv64";
			default -> "machine " + machine;
		};
	}

	private static String script(String head) {
		String line = head.lines().findFirst().orElse("").strip();
		String interpreter = line.split("\\s", 2)[0];
		String existence = "";
		if (line.endsWith("\r") || head.startsWith(line + "\r")) {
			existence = ", with a carriage return behind it: save the script with Unix line ends";
		}
		else if (!Files.isExecutable(Path.of(interpreter.replace("\0", "")))) {
			existence = ", which does not exist here or is not executable";
		}
		return "script for " + Printable.excerpt(line, 100) + existence;
	}

}
