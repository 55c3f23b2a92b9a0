"""Log lines in the form of hclog, which plugin hosts understand, on standard error.

Authors use the standard ``logging`` module and put fields into ``extra``::

    log = logging.getLogger("no-harvesting")
    log.info("list loaded", extra={"entries": 42})

Inside a request, until its handler has returned, a line carries ``request_id`` and ``trace_id`` by itself.
"""

from __future__ import annotations

import collections
import json
import logging
import os
import threading
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from .call import current_call

__all__ = ["LEVELS", "TRACE", "HclogHandler", "format_line", "install"]

TRACE = 5
"""Below DEBUG, for ``HKP_LOG_LEVEL=trace``."""

LEVELS = {"trace": TRACE, "debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}

_QUEUE_LINES = 10_000
_QUEUE_BYTES = 8 * 1024 * 1024
_LONGEST_TEXT = 8192
_MOST_FIELDS = 32
_OWN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


class HclogHandler(logging.Handler):
    """Hands lines to a thread that writes them. Never blocks: when nobody reads, lines are dropped and counted."""

    def __init__(self, descriptor: int = 2, lines: int = _QUEUE_LINES, size: int = _QUEUE_BYTES) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._most_lines = lines
        self._most_bytes = size
        self._queue: collections.deque[bytes] = collections.deque()
        self._queued_bytes = 0
        self._dropped = 0
        self._writing = False
        # Not the handler's own lock, which formatting may hold for longer.
        self._changed = threading.Condition()
        threading.Thread(target=self._write, name="plugin-log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._put(format_line(record))
        except Exception:
            # A log call must never be what fails a request.
            self._put(b'{"@level":"error","@message":"a log record could not be formatted","@module":"sdk","@timestamp":"%s"}\n'
                      % _timestamp(time.time()).encode())

    def _put(self, line: bytes) -> None:
        with self._changed:
            if len(self._queue) >= self._most_lines or self._queued_bytes + len(line) > self._most_bytes:
                self._dropped += 1
                return
            self._queue.append(line)
            self._queued_bytes += len(line)
            self._changed.notify_all()

    def flush_within(self, seconds: float) -> bool:
        """Waits until everything is written, at most so long; False: it is not."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._writing, seconds)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._queue))
                self._writing = True
                line = self._queue.popleft()
                self._queued_bytes -= len(line)
                dropped, self._dropped = self._dropped, 0
            if dropped:
                line = _line("warn", "lines of the log were dropped, because nobody read them", "sdk", time.time(),
                             {"dropped": dropped}) + line
            try:
                while line:
                    line = line[os.write(self._descriptor, line):]
            except OSError:
                # Nobody will ever read; the end of standard input tells the rest.
                continue


def install(level: str = "info") -> HclogHandler:
    """Makes the standard ``logging`` write to standard error in this form."""
    logging.addLevelName(TRACE, "TRACE")
    handler = HclogHandler()
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    logging.captureWarnings(True)
    # Its complaints about slow callbacks are for debuggers.
    logging.getLogger("asyncio").setLevel(max(LEVELS[level], logging.WARNING))
    return handler


def format_line(record: logging.LogRecord) -> bytes:
    """One line with its end: level, message, module, timestamp with microseconds, then fields."""
    fields: dict[str, Any] = {key: value for key, value in vars(record).items() if key not in _OWN}
    call = current_call()
    if call is not None:
        fields = {**call.fields, **fields}
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = "".join(traceback.format_exception_only(record.exc_info[1])).strip()
        fields["stacktrace"] = "".join(traceback.format_exception(*record.exc_info, limit=30))
    return _line(_word(record.levelno), record.getMessage(), record.name, record.created, fields)


def _line(level: str, message: str, module: str, created: float, fields: dict[str, Any]) -> bytes:
    line: dict[str, Any] = {
        "@level": level, "@message": _cut(message), "@module": module, "@timestamp": _timestamp(created)}
    for key in list(fields)[:_MOST_FIELDS]:
        line[_cut(str(key))] = _simple(fields[key])
    return json.dumps(line).encode() + b"\n"


def _word(level: int) -> str:
    return next((word for word, least in reversed(LEVELS.items()) if level >= least), "trace")


def _timestamp(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _simple(value: object) -> bool | int | float | str | None:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    try:
        return _cut(str(value))
    except Exception as error:
        return f"(str failed: {type(error).__name__})"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "… (cut)"
