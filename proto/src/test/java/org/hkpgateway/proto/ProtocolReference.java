package org.hkpgateway.proto;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.DescriptorProto.ReservedRange;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;

/**
 * Writes {@code docs/protocol-reference.md} from the descriptors of the protocol and the
 * comments in them: services first, then messages. {@link ProtocolReferenceTests} says
 * how.
 */
final class ProtocolReference {

	private static final String OWN = "hkpplugin";

	private static final String IMPORTED = "google.protobuf";

	private final StringBuilder text = new StringBuilder();

	private final List<FileDescriptorProto> files;

	private ProtocolReference(List<FileDescriptorProto> files) {
		this.files = files;
	}

	/**
	 * Renders the reference.
	 * @param protocol descriptors with source info
	 * @param command how the file is written anew
	 * @return Markdown
	 */
	static String of(FileDescriptorSet protocol, String command) {
		// The plugin's side first, the host's second, then what go-plugin and gRPC have
		// fixed.
		List<FileDescriptorProto> files = new ArrayList<>(protocol.getFileList());
		files.removeIf((file) -> file.getPackage().equals(IMPORTED));
		files.sort((one, other) -> rank(one).compareTo(rank(other)));
		return new ProtocolReference(files).render(command);
	}

	private static String rank(FileDescriptorProto file) {
		String name = file.getName();
		return (name.equals("hkp_plugin.proto") ? "1" : name.equals("hkp_host.proto") ? "2" : "3") + name;
	}

	private String render(String command) {
		line("# Protocol reference");
		line("Made from the files in [proto](../proto) and their comments; do not edit. After a change of the protocol:");
		line("```sh\n" + command + "\n```");
		line("What happens in which order, and what silence means, is told in [proto/README.md](../proto/README.md).");
		line("## Services");
		for (FileDescriptorProto file : this.files) {
			for (int i = 0; i < file.getServiceCount(); i++) {
				service(file, i);
			}
		}
		for (FileDescriptorProto file : this.files) {
			messages(file);
		}
		return this.text.toString().stripTrailing() + "\n";
	}

	private void service(FileDescriptorProto file, int index) {
		ServiceDescriptorProto service = file.getService(index);
		ProtoComments comments = new ProtoComments(file);
		List<Integer> path = List.of(FileDescriptorProto.SERVICE_FIELD_NUMBER, index);
		line("### " + name(file, service.getName()));
		line("`" + file.getPackage() + "." + service.getName() + "` in [" + file.getName() + "](../proto/"
				+ file.getName() + "). " + comments.text(path).strip());
		this.text.append(comments.head());
		rows("| Method | Request | Answer | |\n|---|---|---|---|\n");
		for (int i = 0; i < service.getMethodCount(); i++) {
			MethodDescriptorProto method = service.getMethod(i);
			rows("| `" + method.getName() + "` | " + streamed(method.getClientStreaming()) + link(method.getInputType())
					+ " | " + streamed(method.getServerStreaming()) + link(method.getOutputType()) + " | "
					+ comments.cell(plus(path, ServiceDescriptorProto.METHOD_FIELD_NUMBER, i)) + " |\n");
		}
		rows("\n");
	}

	private static String streamed(boolean stream) {
		return stream ? "stream of " : "";
	}

	private void messages(FileDescriptorProto file) {
		ProtoComments comments = new ProtoComments(file);
		line("## Messages of " + file.getName());
		for (int i = 0; i < file.getMessageTypeCount(); i++) {
			List<Integer> path = List.of(FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER, i);
			String banner = comments.banner(path);
			if (!banner.isEmpty()) {
				line("**" + banner + "**");
			}
			message(comments, file.getMessageType(i), path, name(file, file.getMessageType(i).getName()));
		}
		for (int i = 0; i < file.getEnumTypeCount(); i++) {
			EnumDescriptorProto type = file.getEnumType(i);
			enumeration(comments, type, List.of(FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER, i),
					name(file, type.getName()));
		}
	}

	private void message(ProtoComments comments, DescriptorProto message, List<Integer> path, String name) {
		line("### " + name);
		this.text.append(comments.text(path));
		if (message.getFieldCount() == 0) {
			line("No fields.");
		}
		else {
			rows("| No. | Field | Type | |\n|--:|---|---|---|\n");
			for (int i = 0; i < message.getFieldCount(); i++) {
				FieldDescriptorProto field = message.getField(i);
				rows("| " + field.getNumber() + " | `" + field.getName() + "` | " + type(message, field) + " | "
						+ comments.cell(plus(path, DescriptorProto.FIELD_FIELD_NUMBER, i)) + " |\n");
			}
			rows("\n");
		}
		reserved(message);
		for (int i = 0; i < message.getEnumTypeCount(); i++) {
			EnumDescriptorProto type = message.getEnumType(i);
			enumeration(comments, type, plus(path, DescriptorProto.ENUM_TYPE_FIELD_NUMBER, i),
					name + "." + type.getName());
		}
	}

	private void reserved(DescriptorProto message) {
		List<String> kept = new ArrayList<>();
		for (ReservedRange range : message.getReservedRangeList()) {
			int last = range.getEnd() - 1;
			kept.add((range.getStart() == last) ? String.valueOf(last) : range.getStart() + " to " + last);
		}
		message.getReservedNameList().forEach((name) -> kept.add("`" + name + "`"));
		if (!kept.isEmpty()) {
			line("Reserved: " + String.join(", ", kept) + ".");
		}
	}

	private void enumeration(ProtoComments comments, EnumDescriptorProto type, List<Integer> path, String name) {
		line("### " + name);
		this.text.append(comments.text(path));
		rows("| No. | Value | |\n|--:|---|---|\n");
		for (int i = 0; i < type.getValueCount(); i++) {
			rows("| " + type.getValue(i).getNumber() + " | `" + type.getValue(i).getName() + "` | "
					+ comments.cell(plus(path, EnumDescriptorProto.VALUE_FIELD_NUMBER, i)) + " |\n");
		}
		rows("\n");
	}

	private static String type(DescriptorProto message, FieldDescriptorProto field) {
		for (DescriptorProto entry : message.getNestedTypeList()) {
			if (entry.getOptions().getMapEntry() && field.getTypeName().endsWith("." + entry.getName())) {
				return "map of " + type(entry, entry.getField(0)) + " to " + type(entry, entry.getField(1));
			}
		}
		String type = (field.getType() == Type.TYPE_MESSAGE || field.getType() == Type.TYPE_ENUM)
				? link(field.getTypeName())
				: field.getType().name().substring("TYPE_".length()).toLowerCase(Locale.ROOT);
		return (field.getLabel() == Label.LABEL_REPEATED) ? "repeated " + type : type;
	}

	/** Of a full name with a dot in front. */
	private static String link(String fullName) {
		String full = fullName.substring(1);
		if (full.startsWith(IMPORTED + ".")) {
			return "`" + full + "`";
		}
		String name = full.startsWith(OWN + ".") ? full.substring(OWN.length() + 1) : full;
		return "[" + name + "](#" + name.replace(".", "").toLowerCase(Locale.ROOT) + ")";
	}

	/** Only what is not this protocol's own bears the name of its package. */
	private static String name(FileDescriptorProto file, String name) {
		return file.getPackage().equals(OWN) ? name : file.getPackage() + "." + name;
	}

	private static List<Integer> plus(List<Integer> path, int... more) {
		List<Integer> longer = new ArrayList<>(path);
		for (int element : more) {
			longer.add(element);
		}
		return longer;
	}

	private void line(String paragraph) {
		this.text.append(paragraph).append("\n\n");
	}

	private void rows(String rows) {
		this.text.append(rows);
	}

}
