package org.hkpgateway.proto;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Pins what other programs were compiled against: names, numbers and types. A line here
 * changes only when a plugin somewhere may break.
 */
class FieldNumbersTests {

	/** Fields of the messages that plugins of the earlier generation know. */
	private static final String LEGACY_FIELDS = """
			Empty:
			PluginInfo: name 1 string, version 2 string, description 3 string, capabilities 4 string*, metadata 5 map
			InitRequest: config_json 1 string, hockeypuck_version 2 string, protocol_version 3 string, environment 4 map
			InitResponse: success 1 bool, error 2 string, info 3 PluginInfo
			ShutdownRequest: timeout_seconds 1 int32, reason 2 string
			ShutdownResponse: success 1 bool, error 2 string
			HandleRequestEvent: request_id 1 string, method 2 string, path 3 string, headers 4 map, body 5 bytes, \
			remote_addr 6 string, query_params 7 map
			HandleResponse: status_code 1 int32, headers 2 map, body 3 bytes, continue_chain 4 bool
			KeyChangeEvent: id 1 string, change_type 2 KeyChangeEvent.ChangeType, fingerprint 3 string, \
			key_data 4 bytes, timestamp 5 int64
			EventFilter: event_types 1 string*, metadata_filters 2 map
			Event: id 1 string, type 2 string, data 3 bytes, timestamp 4 int64, source 5 string, metadata 6 map
			StorageQuery: type 1 StorageQuery.Type, query 2 string, options 3 map, limit 4 int32, offset 5 int32
			StorageResponse: success 1 bool, error 2 string, keys 3 KeyInfo*, total_count 4 int32
			KeyInfo: fingerprint 1 string, key_id 2 string, user_ids 3 string*, creation_time 4 int64, \
			expiration_time 5 int64, revoked 6 bool, key_data 7 bytes
			HealthStatus: status 1 HealthStatus.Status, message 2 string, details 3 map, timestamp 4 int64
			RateLimitCheck: identifier 1 string, action 2 string, metadata 3 map
			RateLimitResponse: allowed 1 bool, reason 2 string, retry_after_seconds 3 int32, headers 4 map
			ThreatInfo: id 1 string, level 2 ThreatInfo.Level, type 3 string, description 4 string, source 5 string, \
			indicators 6 map, timestamp 7 int64
			HostInfo: version 1 string, protocol_version 2 string, loaded_plugins 3 PluginInfo*, configuration 4 map
			PluginQuery: target_plugin 1 string, method 2 string, data 3 bytes
			PluginResponse: success 1 bool, error 2 string, data 3 bytes
			""";

	/** Fields that came later to those messages. */
	private static final String NEW_FIELDS = """
			InitRequest: granted_capabilities 10 string*, instance_id 11 string, nonce 12 bytes, host 13 HostInfo
			InitResponse: features 10 string*, auth_proof 11 bytes, max_message_bytes 12 uint32, \
			event_filter 13 EventFilter
			HandleRequestEvent: header_fields 10 HeaderField*, raw_target 11 bytes, hkp 12 HkpRequest, tls 13 bool, \
			body_state 14 BodyState, body_length 15 int64, annotations 16 map, deadline_ms 17 int64, \
			traceparent 18 string, dry_run 19 bool, cancel 20 bool
			HandleResponse: request_id 10 string, request_headers 11 HeaderMutation*, rewrite 12 RequestRewrite, \
			body_replacement 13 BodyReplacement, response_headers 14 HeaderMutation*, annotations 15 map, \
			reason 16 string, delay_ms 17 uint32
			Event: replica 10 string, sequence 11 uint64, cluster 12 bool
			""";

	private static final String ENUMS = """
			KeyChangeEvent.ChangeType: UNKNOWN 0, CREATE 1, UPDATE 2, DELETE 3
			StorageQuery.Type: LOOKUP 0, SEARCH 1, FETCH 2
			HealthStatus.Status: UNKNOWN 0, HEALTHY 1, DEGRADED 2, UNHEALTHY 3
			ThreatInfo.Level: UNKNOWN 0, LOW 1, MEDIUM 2, HIGH 3, CRITICAL 4
			BodyState: BODY_ABSENT 0, BODY_COMPLETE 1, BODY_PREFIX 2, BODY_WITHHELD 3
			HeaderMutation.Action: ACTION_UNSPECIFIED 0, SET 1, APPEND 2, REMOVE 3
			HkpRequest.Operation: OTHER 0, LOOKUP_GET 1, LOOKUP_HGET 2, LOOKUP_INDEX 3, LOOKUP_VINDEX 4, \
			LOOKUP_STATS 5, ADD 6, REPLACE 7, DELETE 8, HASHQUERY 9, STATS 10, HEALTH 11, \
			V2_CERTS_BY_VFINGERPRINT 12, V2_CERTS_BY_IDENTITY 13, V2_CERTS_BY_KEYID 14, V2_INDEX 15, \
			V2_PREFIXLOG 16, V2_ADD 17
			""";

	private static final String PLUGIN_METHODS = """
			Initialize(InitRequest) returns (InitResponse)
			Shutdown(ShutdownRequest) returns (ShutdownResponse)
			GetInfo(Empty) returns (PluginInfo)
			HandleRequest(HandleRequestEvent) returns (HandleResponse)
			HandleRequests(stream HandleRequestEvent) returns (stream HandleResponse)
			HandleUpstreamResponse(UpstreamResponseEvent) returns (UpstreamResponseDecision)
			SubscribeEvents(EventFilter) returns (stream Event)
			PublishEvent(Event) returns (Empty)
			PublishEvents(EventBatch) returns (Empty)
			QueryStorage(StorageQuery) returns (StorageResponse)
			HealthCheck(Empty) returns (HealthStatus)
			HandleHTTPRequest(HandleRequestEvent) returns (HandleResponse)
			HandleKeyChange(KeyChangeEvent) returns (Event)
			CheckRateLimit(RateLimitCheck) returns (RateLimitResponse)
			ReportThreat(ThreatInfo) returns (Empty)
			""";

	private static final String HOST_METHODS = """
			GetHostInfo(Empty) returns (HostInfo)
			RequestStorage(StorageQuery) returns (StorageResponse)
			StreamStorage(StorageQuery) returns (stream KeyInfo)
			PublishEvent(Event) returns (Empty)
			PublishEvents(stream Event) returns (Empty)
			SubscribeEvents(EventFilter) returns (stream EventBatch)
			QueryPlugin(PluginQuery) returns (PluginResponse)
			GetState(StateKey) returns (StateValue)
			PutState(PutStateRequest) returns (StateValue)
			CompareAndSetState(CompareAndSetStateRequest) returns (CompareAndSetStateResponse)
			DeleteState(StateKey) returns (Empty)
			IncrementState(IncrementStateRequest) returns (IncrementStateResponse)
			AcquireTokens(AcquireTokensRequest) returns (AcquireTokensResponse)
			""";

	private static final FileDescriptor PLUGIN = HkpPluginProto.getDescriptor();

	private static final FileDescriptor HOST = HkpHostProto.getDescriptor();

	@Test
	void packageAndServiceNames() {
		assertThat(PLUGIN.getPackage()).isEqualTo("hkpplugin");
		assertThat(HOST.getPackage()).isEqualTo("hkpplugin");
		assertThat(names(PLUGIN)).containsExactly("hkpplugin.HKPPlugin");
		assertThat(names(HOST)).containsExactly("hkpplugin.PluginHost");
	}

	@Test
	void methodsOfThePlugin() {
		assertThat(signatures(PLUGIN.findServiceByName("HKPPlugin"))).containsExactlyElementsOf(lines(PLUGIN_METHODS));
	}

	@Test
	void methodsOfTheHost() {
		assertThat(signatures(HOST.findServiceByName("PluginHost"))).containsExactlyElementsOf(lines(HOST_METHODS));
	}

	@ParameterizedTest
	@MethodSource
	void legacyFieldsKeepTheirNumbers(String line) {
		Descriptor message = message(title(line));
		List<String> below10 = message.getFields()
			.stream()
			.filter((field) -> field.getNumber() < 10)
			.map(FieldNumbersTests::describe)
			.toList();
		assertThat(below10).containsExactlyElementsOf(items(line));
	}

	static List<String> legacyFieldsKeepTheirNumbers() {
		return lines(LEGACY_FIELDS);
	}

	@ParameterizedTest
	@MethodSource
	void newFieldsOfLegacyMessagesStartAt10(String line) {
		Descriptor message = message(title(line));
		List<String> from10 = message.getFields()
			.stream()
			.filter((field) -> field.getNumber() >= 10)
			.map(FieldNumbersTests::describe)
			.toList();
		assertThat(from10).containsExactlyElementsOf(items(line));
	}

	static List<String> newFieldsOfLegacyMessagesStartAt10() {
		return lines(NEW_FIELDS);
	}

	@Test
	void noOtherLegacyMessageHasNewFields() {
		Set<String> extended = lines(NEW_FIELDS).stream()
			.map(FieldNumbersTests::title)
			.collect(Collectors.toCollection(TreeSet::new));
		Set<String> found = lines(LEGACY_FIELDS).stream()
			.map((line) -> message(title(line)))
			.filter((message) -> message.getFields().stream().anyMatch((field) -> field.getNumber() >= 10))
			.map(Descriptor::getName)
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(found).isEqualTo(extended);
	}

	@ParameterizedTest
	@MethodSource
	void enumValuesKeepTheirNumbers(String line) {
		EnumDescriptor type = enumType(title(line));
		List<String> values = type.getValues()
			.stream()
			.map((value) -> value.getName() + " " + value.getNumber())
			.toList();
		assertThat(values).containsExactlyElementsOf(items(line));
	}

	static List<String> enumValuesKeepTheirNumbers() {
		return lines(ENUMS);
	}

	@Test
	void numberForACacheLifetimeIsReserved() {
		Descriptor response = HandleResponse.getDescriptor();
		assertThat(response.isReservedNumber(18)).isTrue();
		assertThat(response.isReservedName("cache_seconds")).isTrue();
		assertThat(response.findFieldByNumber(18)).isNull();
	}

	@Test
	void timestampsAreUnixSecondsInInt64() {
		List<FieldDescriptor> timestamps = Stream.of(PLUGIN, HOST)
			.flatMap((file) -> file.getMessageTypes().stream())
			.flatMap((message) -> message.getFields().stream())
			.filter((field) -> field.getName().equals("timestamp") || field.getName().endsWith("_time"))
			.toList();
		assertThat(timestamps).hasSize(6)
			.allSatisfy((field) -> assertThat(field.getType()).isEqualTo(FieldDescriptor.Type.INT64));
	}

	private static List<String> names(FileDescriptor file) {
		return file.getServices().stream().map(ServiceDescriptor::getFullName).toList();
	}

	private static List<String> signatures(ServiceDescriptor service) {
		return service.getMethods().stream().map(FieldNumbersTests::signature).toList();
	}

	private static String signature(MethodDescriptor method) {
		return method.getName() + "(" + (method.isClientStreaming() ? "stream " : "") + method.getInputType().getName()
				+ ") returns (" + (method.isServerStreaming() ? "stream " : "") + method.getOutputType().getName()
				+ ")";
	}

	private static String describe(FieldDescriptor field) {
		return field.getName() + " " + field.getNumber() + " " + type(field);
	}

	private static String type(FieldDescriptor field) {
		if (field.isMapField()) {
			Descriptor entry = field.getMessageType();
			assertThat(entry.getFields()).as("%s is a map of strings", field.getFullName())
				.allSatisfy((part) -> assertThat(part.getType()).isEqualTo(FieldDescriptor.Type.STRING));
			return "map";
		}
		String name = switch (field.getJavaType()) {
			case MESSAGE -> local(field.getMessageType().getFullName());
			case ENUM -> local(field.getEnumType().getFullName());
			case INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTE_STRING ->
				field.getType().name().toLowerCase(Locale.ROOT);
		};
		return field.isRepeated() ? name + "*" : name;
	}

	private static String local(String fullName) {
		return fullName.substring("hkpplugin.".length());
	}

	private static Descriptor message(String name) {
		Descriptor message = PLUGIN.findMessageTypeByName(name);
		message = (message != null) ? message : HOST.findMessageTypeByName(name);
		assertThat(message).as("message %s", name).isNotNull();
		return message;
	}

	private static EnumDescriptor enumType(String name) {
		int dot = name.indexOf('.');
		EnumDescriptor type = (dot < 0) ? PLUGIN.findEnumTypeByName(name)
				: message(name.substring(0, dot)).findEnumTypeByName(name.substring(dot + 1));
		assertThat(type).as("enum %s", name).isNotNull();
		return type;
	}

	private static List<String> lines(String table) {
		return table.lines().filter((line) -> !line.isBlank()).toList();
	}

	private static String title(String line) {
		return line.substring(0, line.indexOf(':'));
	}

	private static List<String> items(String line) {
		List<String> items = new ArrayList<>();
		for (String item : line.substring(line.indexOf(':') + 1).split(",")) {
			if (!item.isBlank()) {
				items.add(item.trim());
			}
		}
		return items;
	}

}
