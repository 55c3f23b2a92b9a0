from . import hkp_plugin_pb2 as _hkp_plugin_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PluginQuery(_message.Message):
    __slots__ = ("target_plugin", "method", "data")
    TARGET_PLUGIN_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    target_plugin: str
    method: str
    data: bytes
    def __init__(self, target_plugin: _Optional[str] = ..., method: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class PluginResponse(_message.Message):
    __slots__ = ("success", "error", "data")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    data: bytes
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class StateKey(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class StateValue(_message.Message):
    __slots__ = ("found", "value", "version", "ttl_ms")
    FOUND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    found: bool
    value: bytes
    version: int
    ttl_ms: int
    def __init__(self, found: _Optional[bool] = ..., value: _Optional[bytes] = ..., version: _Optional[int] = ..., ttl_ms: _Optional[int] = ...) -> None: ...

class PutStateRequest(_message.Message):
    __slots__ = ("key", "value", "ttl_ms")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: bytes
    ttl_ms: int
    def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ..., ttl_ms: _Optional[int] = ...) -> None: ...

class CompareAndSetStateRequest(_message.Message):
    __slots__ = ("key", "value", "ttl_ms", "expected_version")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: bytes
    ttl_ms: int
    expected_version: int
    def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ..., ttl_ms: _Optional[int] = ..., expected_version: _Optional[int] = ...) -> None: ...

class CompareAndSetStateResponse(_message.Message):
    __slots__ = ("stored", "current")
    STORED_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    stored: bool
    current: StateValue
    def __init__(self, stored: _Optional[bool] = ..., current: _Optional[_Union[StateValue, _Mapping]] = ...) -> None: ...

class IncrementStateRequest(_message.Message):
    __slots__ = ("key", "delta", "window_ms")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    key: str
    delta: int
    window_ms: int
    def __init__(self, key: _Optional[str] = ..., delta: _Optional[int] = ..., window_ms: _Optional[int] = ...) -> None: ...

class IncrementStateResponse(_message.Message):
    __slots__ = ("value", "remaining_ms")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REMAINING_MS_FIELD_NUMBER: _ClassVar[int]
    value: int
    remaining_ms: int
    def __init__(self, value: _Optional[int] = ..., remaining_ms: _Optional[int] = ...) -> None: ...

class AcquireTokensRequest(_message.Message):
    __slots__ = ("key", "tokens", "capacity", "refill_tokens", "refill_period_ms")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    REFILL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REFILL_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    key: str
    tokens: int
    capacity: int
    refill_tokens: int
    refill_period_ms: int
    def __init__(self, key: _Optional[str] = ..., tokens: _Optional[int] = ..., capacity: _Optional[int] = ..., refill_tokens: _Optional[int] = ..., refill_period_ms: _Optional[int] = ...) -> None: ...

class AcquireTokensResponse(_message.Message):
    __slots__ = ("acquired", "remaining", "retry_after_ms")
    ACQUIRED_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    acquired: bool
    remaining: int
    retry_after_ms: int
    def __init__(self, acquired: _Optional[bool] = ..., remaining: _Optional[int] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...
