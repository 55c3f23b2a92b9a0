from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BodyState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BODY_ABSENT: _ClassVar[BodyState]
    BODY_COMPLETE: _ClassVar[BodyState]
    BODY_PREFIX: _ClassVar[BodyState]
    BODY_WITHHELD: _ClassVar[BodyState]
BODY_ABSENT: BodyState
BODY_COMPLETE: BodyState
BODY_PREFIX: BodyState
BODY_WITHHELD: BodyState

class Empty(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PluginInfo(_message.Message):
    __slots__ = ("name", "version", "description", "capabilities", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    description: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., description: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class InitRequest(_message.Message):
    __slots__ = ("config_json", "hockeypuck_version", "protocol_version", "environment", "granted_capabilities", "instance_id", "nonce", "host")
    class EnvironmentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONFIG_JSON_FIELD_NUMBER: _ClassVar[int]
    HOCKEYPUCK_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    GRANTED_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    config_json: str
    hockeypuck_version: str
    protocol_version: str
    environment: _containers.ScalarMap[str, str]
    granted_capabilities: _containers.RepeatedScalarFieldContainer[str]
    instance_id: str
    nonce: bytes
    host: HostInfo
    def __init__(self, config_json: _Optional[str] = ..., hockeypuck_version: _Optional[str] = ..., protocol_version: _Optional[str] = ..., environment: _Optional[_Mapping[str, str]] = ..., granted_capabilities: _Optional[_Iterable[str]] = ..., instance_id: _Optional[str] = ..., nonce: _Optional[bytes] = ..., host: _Optional[_Union[HostInfo, _Mapping]] = ...) -> None: ...

class InitResponse(_message.Message):
    __slots__ = ("success", "error", "info", "features", "auth_proof", "max_message_bytes", "event_filter")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    INFO_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    AUTH_PROOF_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    EVENT_FILTER_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    info: PluginInfo
    features: _containers.RepeatedScalarFieldContainer[str]
    auth_proof: bytes
    max_message_bytes: int
    event_filter: EventFilter
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[str] = ..., info: _Optional[_Union[PluginInfo, _Mapping]] = ..., features: _Optional[_Iterable[str]] = ..., auth_proof: _Optional[bytes] = ..., max_message_bytes: _Optional[int] = ..., event_filter: _Optional[_Union[EventFilter, _Mapping]] = ...) -> None: ...

class HostInfo(_message.Message):
    __slots__ = ("version", "protocol_version", "loaded_plugins", "configuration")
    class ConfigurationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    LOADED_PLUGINS_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    version: str
    protocol_version: str
    loaded_plugins: _containers.RepeatedCompositeFieldContainer[PluginInfo]
    configuration: _containers.ScalarMap[str, str]
    def __init__(self, version: _Optional[str] = ..., protocol_version: _Optional[str] = ..., loaded_plugins: _Optional[_Iterable[_Union[PluginInfo, _Mapping]]] = ..., configuration: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ShutdownRequest(_message.Message):
    __slots__ = ("timeout_seconds", "reason")
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    timeout_seconds: int
    reason: str
    def __init__(self, timeout_seconds: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ShutdownResponse(_message.Message):
    __slots__ = ("success", "error")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...

class HealthStatus(_message.Message):
    __slots__ = ("status", "message", "details", "timestamp")
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[HealthStatus.Status]
        HEALTHY: _ClassVar[HealthStatus.Status]
        DEGRADED: _ClassVar[HealthStatus.Status]
        UNHEALTHY: _ClassVar[HealthStatus.Status]
    UNKNOWN: HealthStatus.Status
    HEALTHY: HealthStatus.Status
    DEGRADED: HealthStatus.Status
    UNHEALTHY: HealthStatus.Status
    class DetailsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    status: HealthStatus.Status
    message: str
    details: _containers.ScalarMap[str, str]
    timestamp: int
    def __init__(self, status: _Optional[_Union[HealthStatus.Status, str]] = ..., message: _Optional[str] = ..., details: _Optional[_Mapping[str, str]] = ..., timestamp: _Optional[int] = ...) -> None: ...

class HandleRequestEvent(_message.Message):
    __slots__ = ("request_id", "method", "path", "headers", "body", "remote_addr", "query_params", "header_fields", "raw_target", "hkp", "tls", "body_state", "body_length", "annotations", "deadline_ms", "traceparent", "dry_run", "cancel")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class QueryParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ADDR_FIELD_NUMBER: _ClassVar[int]
    QUERY_PARAMS_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELDS_FIELD_NUMBER: _ClassVar[int]
    RAW_TARGET_FIELD_NUMBER: _ClassVar[int]
    HKP_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    BODY_STATE_FIELD_NUMBER: _ClassVar[int]
    BODY_LENGTH_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    method: str
    path: str
    headers: _containers.ScalarMap[str, str]
    body: bytes
    remote_addr: str
    query_params: _containers.ScalarMap[str, str]
    header_fields: _containers.RepeatedCompositeFieldContainer[HeaderField]
    raw_target: bytes
    hkp: HkpRequest
    tls: bool
    body_state: BodyState
    body_length: int
    annotations: _containers.ScalarMap[str, str]
    deadline_ms: int
    traceparent: str
    dry_run: bool
    cancel: bool
    def __init__(self, request_id: _Optional[str] = ..., method: _Optional[str] = ..., path: _Optional[str] = ..., headers: _Optional[_Mapping[str, str]] = ..., body: _Optional[bytes] = ..., remote_addr: _Optional[str] = ..., query_params: _Optional[_Mapping[str, str]] = ..., header_fields: _Optional[_Iterable[_Union[HeaderField, _Mapping]]] = ..., raw_target: _Optional[bytes] = ..., hkp: _Optional[_Union[HkpRequest, _Mapping]] = ..., tls: _Optional[bool] = ..., body_state: _Optional[_Union[BodyState, str]] = ..., body_length: _Optional[int] = ..., annotations: _Optional[_Mapping[str, str]] = ..., deadline_ms: _Optional[int] = ..., traceparent: _Optional[str] = ..., dry_run: _Optional[bool] = ..., cancel: _Optional[bool] = ...) -> None: ...

class HeaderField(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: bytes
    def __init__(self, name: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...

class HkpRequest(_message.Message):
    __slots__ = ("operation", "search", "fingerprint", "key_id", "options", "machine_readable", "exact", "show_hash", "show_fingerprint")
    class Operation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OTHER: _ClassVar[HkpRequest.Operation]
        LOOKUP_GET: _ClassVar[HkpRequest.Operation]
        LOOKUP_HGET: _ClassVar[HkpRequest.Operation]
        LOOKUP_INDEX: _ClassVar[HkpRequest.Operation]
        LOOKUP_VINDEX: _ClassVar[HkpRequest.Operation]
        LOOKUP_STATS: _ClassVar[HkpRequest.Operation]
        ADD: _ClassVar[HkpRequest.Operation]
        REPLACE: _ClassVar[HkpRequest.Operation]
        DELETE: _ClassVar[HkpRequest.Operation]
        HASHQUERY: _ClassVar[HkpRequest.Operation]
        STATS: _ClassVar[HkpRequest.Operation]
        HEALTH: _ClassVar[HkpRequest.Operation]
        V2_CERTS_BY_VFINGERPRINT: _ClassVar[HkpRequest.Operation]
        V2_CERTS_BY_IDENTITY: _ClassVar[HkpRequest.Operation]
        V2_CERTS_BY_KEYID: _ClassVar[HkpRequest.Operation]
        V2_INDEX: _ClassVar[HkpRequest.Operation]
        V2_PREFIXLOG: _ClassVar[HkpRequest.Operation]
        V2_ADD: _ClassVar[HkpRequest.Operation]
    OTHER: HkpRequest.Operation
    LOOKUP_GET: HkpRequest.Operation
    LOOKUP_HGET: HkpRequest.Operation
    LOOKUP_INDEX: HkpRequest.Operation
    LOOKUP_VINDEX: HkpRequest.Operation
    LOOKUP_STATS: HkpRequest.Operation
    ADD: HkpRequest.Operation
    REPLACE: HkpRequest.Operation
    DELETE: HkpRequest.Operation
    HASHQUERY: HkpRequest.Operation
    STATS: HkpRequest.Operation
    HEALTH: HkpRequest.Operation
    V2_CERTS_BY_VFINGERPRINT: HkpRequest.Operation
    V2_CERTS_BY_IDENTITY: HkpRequest.Operation
    V2_CERTS_BY_KEYID: HkpRequest.Operation
    V2_INDEX: HkpRequest.Operation
    V2_PREFIXLOG: HkpRequest.Operation
    V2_ADD: HkpRequest.Operation
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MACHINE_READABLE_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    SHOW_HASH_FIELD_NUMBER: _ClassVar[int]
    SHOW_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    operation: HkpRequest.Operation
    search: str
    fingerprint: str
    key_id: str
    options: _containers.RepeatedScalarFieldContainer[str]
    machine_readable: bool
    exact: bool
    show_hash: bool
    show_fingerprint: bool
    def __init__(self, operation: _Optional[_Union[HkpRequest.Operation, str]] = ..., search: _Optional[str] = ..., fingerprint: _Optional[str] = ..., key_id: _Optional[str] = ..., options: _Optional[_Iterable[str]] = ..., machine_readable: _Optional[bool] = ..., exact: _Optional[bool] = ..., show_hash: _Optional[bool] = ..., show_fingerprint: _Optional[bool] = ...) -> None: ...

class HandleResponse(_message.Message):
    __slots__ = ("status_code", "headers", "body", "continue_chain", "request_id", "request_headers", "rewrite", "body_replacement", "response_headers", "annotations", "reason", "delay_ms")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTINUE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HEADERS_FIELD_NUMBER: _ClassVar[int]
    REWRITE_FIELD_NUMBER: _ClassVar[int]
    BODY_REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_HEADERS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    status_code: int
    headers: _containers.ScalarMap[str, str]
    body: bytes
    continue_chain: bool
    request_id: str
    request_headers: _containers.RepeatedCompositeFieldContainer[HeaderMutation]
    rewrite: RequestRewrite
    body_replacement: BodyReplacement
    response_headers: _containers.RepeatedCompositeFieldContainer[HeaderMutation]
    annotations: _containers.ScalarMap[str, str]
    reason: str
    delay_ms: int
    def __init__(self, status_code: _Optional[int] = ..., headers: _Optional[_Mapping[str, str]] = ..., body: _Optional[bytes] = ..., continue_chain: _Optional[bool] = ..., request_id: _Optional[str] = ..., request_headers: _Optional[_Iterable[_Union[HeaderMutation, _Mapping]]] = ..., rewrite: _Optional[_Union[RequestRewrite, _Mapping]] = ..., body_replacement: _Optional[_Union[BodyReplacement, _Mapping]] = ..., response_headers: _Optional[_Iterable[_Union[HeaderMutation, _Mapping]]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., reason: _Optional[str] = ..., delay_ms: _Optional[int] = ...) -> None: ...

class HeaderMutation(_message.Message):
    __slots__ = ("action", "name", "value")
    class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ACTION_UNSPECIFIED: _ClassVar[HeaderMutation.Action]
        SET: _ClassVar[HeaderMutation.Action]
        APPEND: _ClassVar[HeaderMutation.Action]
        REMOVE: _ClassVar[HeaderMutation.Action]
    ACTION_UNSPECIFIED: HeaderMutation.Action
    SET: HeaderMutation.Action
    APPEND: HeaderMutation.Action
    REMOVE: HeaderMutation.Action
    ACTION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    action: HeaderMutation.Action
    name: str
    value: bytes
    def __init__(self, action: _Optional[_Union[HeaderMutation.Action, str]] = ..., name: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...

class RequestRewrite(_message.Message):
    __slots__ = ("path", "query", "replace_query")
    PATH_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    REPLACE_QUERY_FIELD_NUMBER: _ClassVar[int]
    path: str
    query: str
    replace_query: bool
    def __init__(self, path: _Optional[str] = ..., query: _Optional[str] = ..., replace_query: _Optional[bool] = ...) -> None: ...

class BodyReplacement(_message.Message):
    __slots__ = ("body", "content_type")
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    content_type: str
    def __init__(self, body: _Optional[bytes] = ..., content_type: _Optional[str] = ...) -> None: ...

class UpstreamResponseEvent(_message.Message):
    __slots__ = ("request_id", "status_code", "header_fields", "method", "raw_target", "hkp", "remote_addr", "annotations", "deadline_ms", "traceparent", "dry_run", "upstream_ms")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELDS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RAW_TARGET_FIELD_NUMBER: _ClassVar[int]
    HKP_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ADDR_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    status_code: int
    header_fields: _containers.RepeatedCompositeFieldContainer[HeaderField]
    method: str
    raw_target: bytes
    hkp: HkpRequest
    remote_addr: str
    annotations: _containers.ScalarMap[str, str]
    deadline_ms: int
    traceparent: str
    dry_run: bool
    upstream_ms: int
    def __init__(self, request_id: _Optional[str] = ..., status_code: _Optional[int] = ..., header_fields: _Optional[_Iterable[_Union[HeaderField, _Mapping]]] = ..., method: _Optional[str] = ..., raw_target: _Optional[bytes] = ..., hkp: _Optional[_Union[HkpRequest, _Mapping]] = ..., remote_addr: _Optional[str] = ..., annotations: _Optional[_Mapping[str, str]] = ..., deadline_ms: _Optional[int] = ..., traceparent: _Optional[str] = ..., dry_run: _Optional[bool] = ..., upstream_ms: _Optional[int] = ...) -> None: ...

class UpstreamResponseDecision(_message.Message):
    __slots__ = ("request_id", "response_headers", "annotations", "reason")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_HEADERS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    response_headers: _containers.RepeatedCompositeFieldContainer[HeaderMutation]
    annotations: _containers.ScalarMap[str, str]
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., response_headers: _Optional[_Iterable[_Union[HeaderMutation, _Mapping]]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class KeyChangeEvent(_message.Message):
    __slots__ = ("id", "change_type", "fingerprint", "key_data", "timestamp")
    class ChangeType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[KeyChangeEvent.ChangeType]
        CREATE: _ClassVar[KeyChangeEvent.ChangeType]
        UPDATE: _ClassVar[KeyChangeEvent.ChangeType]
        DELETE: _ClassVar[KeyChangeEvent.ChangeType]
    UNKNOWN: KeyChangeEvent.ChangeType
    CREATE: KeyChangeEvent.ChangeType
    UPDATE: KeyChangeEvent.ChangeType
    DELETE: KeyChangeEvent.ChangeType
    ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TYPE_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    KEY_DATA_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    id: str
    change_type: KeyChangeEvent.ChangeType
    fingerprint: str
    key_data: bytes
    timestamp: int
    def __init__(self, id: _Optional[str] = ..., change_type: _Optional[_Union[KeyChangeEvent.ChangeType, str]] = ..., fingerprint: _Optional[str] = ..., key_data: _Optional[bytes] = ..., timestamp: _Optional[int] = ...) -> None: ...

class EventFilter(_message.Message):
    __slots__ = ("event_types", "metadata_filters")
    class MetadataFiltersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FILTERS_FIELD_NUMBER: _ClassVar[int]
    event_types: _containers.RepeatedScalarFieldContainer[str]
    metadata_filters: _containers.ScalarMap[str, str]
    def __init__(self, event_types: _Optional[_Iterable[str]] = ..., metadata_filters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("id", "type", "data", "timestamp", "source", "metadata", "replica", "sequence", "cluster")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: str
    data: bytes
    timestamp: int
    source: str
    metadata: _containers.ScalarMap[str, str]
    replica: str
    sequence: int
    cluster: bool
    def __init__(self, id: _Optional[str] = ..., type: _Optional[str] = ..., data: _Optional[bytes] = ..., timestamp: _Optional[int] = ..., source: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., replica: _Optional[str] = ..., sequence: _Optional[int] = ..., cluster: _Optional[bool] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("events", "dropped")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    dropped: int
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., dropped: _Optional[int] = ...) -> None: ...

class StorageQuery(_message.Message):
    __slots__ = ("type", "query", "options", "limit", "offset")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LOOKUP: _ClassVar[StorageQuery.Type]
        SEARCH: _ClassVar[StorageQuery.Type]
        FETCH: _ClassVar[StorageQuery.Type]
    LOOKUP: StorageQuery.Type
    SEARCH: StorageQuery.Type
    FETCH: StorageQuery.Type
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    type: StorageQuery.Type
    query: str
    options: _containers.ScalarMap[str, str]
    limit: int
    offset: int
    def __init__(self, type: _Optional[_Union[StorageQuery.Type, str]] = ..., query: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class StorageResponse(_message.Message):
    __slots__ = ("success", "error", "keys", "total_count")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    keys: _containers.RepeatedCompositeFieldContainer[KeyInfo]
    total_count: int
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[KeyInfo, _Mapping]]] = ..., total_count: _Optional[int] = ...) -> None: ...

class KeyInfo(_message.Message):
    __slots__ = ("fingerprint", "key_id", "user_ids", "creation_time", "expiration_time", "revoked", "key_data")
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATION_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    KEY_DATA_FIELD_NUMBER: _ClassVar[int]
    fingerprint: str
    key_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    creation_time: int
    expiration_time: int
    revoked: bool
    key_data: bytes
    def __init__(self, fingerprint: _Optional[str] = ..., key_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ..., creation_time: _Optional[int] = ..., expiration_time: _Optional[int] = ..., revoked: _Optional[bool] = ..., key_data: _Optional[bytes] = ...) -> None: ...

class RateLimitCheck(_message.Message):
    __slots__ = ("identifier", "action", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    identifier: str
    action: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, identifier: _Optional[str] = ..., action: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RateLimitResponse(_message.Message):
    __slots__ = ("allowed", "reason", "retry_after_seconds", "headers")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    reason: str
    retry_after_seconds: int
    headers: _containers.ScalarMap[str, str]
    def __init__(self, allowed: _Optional[bool] = ..., reason: _Optional[str] = ..., retry_after_seconds: _Optional[int] = ..., headers: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ThreatInfo(_message.Message):
    __slots__ = ("id", "level", "type", "description", "source", "indicators", "timestamp")
    class Level(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[ThreatInfo.Level]
        LOW: _ClassVar[ThreatInfo.Level]
        MEDIUM: _ClassVar[ThreatInfo.Level]
        HIGH: _ClassVar[ThreatInfo.Level]
        CRITICAL: _ClassVar[ThreatInfo.Level]
    UNKNOWN: ThreatInfo.Level
    LOW: ThreatInfo.Level
    MEDIUM: ThreatInfo.Level
    HIGH: ThreatInfo.Level
    CRITICAL: ThreatInfo.Level
    class IndicatorsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    INDICATORS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    id: str
    level: ThreatInfo.Level
    type: str
    description: str
    source: str
    indicators: _containers.ScalarMap[str, str]
    timestamp: int
    def __init__(self, id: _Optional[str] = ..., level: _Optional[_Union[ThreatInfo.Level, str]] = ..., type: _Optional[str] = ..., description: _Optional[str] = ..., source: _Optional[str] = ..., indicators: _Optional[_Mapping[str, str]] = ..., timestamp: _Optional[int] = ...) -> None: ...
