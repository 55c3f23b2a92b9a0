"""Plugins as processes: the launch contract, standard streams, the end."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

import grpc
import pytest
from gateway import SAMPLE, SECONDS, SOURCES, event, eventually, initialize, started
from hkp_plugin.launch import COOKIE
from hkp_plugin.proto import hkp_plugin_pb2 as pb


def test_started_by_hand_it_says_that_it_is_a_plugin(sockets):
    with started(sockets, by_hand=True) as process:
        assert process.exit_code() == 1
        assert process.stderr.decode().splitlines()[-4] == "this is a plugin, not a program to run by hand"


@pytest.mark.parametrize(("variable", "value", "expected"), [
    ("PLUGIN_AUTH_SECRET", "", "visible ASCII characters in PLUGIN_AUTH_SECRET"),
    ("PLUGIN_CLIENT_CERT", "", "exactly one X.509 certificate in PEM in PLUGIN_CLIENT_CERT, got: an empty value"),
    ("PLUGIN_CLIENT_CERT", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "one that cannot be read"),
    ("PLUGIN_UNIX_SOCKET_DIR", None, "PLUGIN_UNIX_SOCKET_DIR, or PLUGIN_MIN_PORT and PLUGIN_MAX_PORT"),
    ("PLUGIN_UNIX_SOCKET_DIR", "/" + "x" * 110, "at most 107 bytes"),
    ("PLUGIN_UNIX_SOCKET_DIR", "/nowhere/at/all", "to bind a unix socket"),
    ("PLUGIN_MIN_PORT", "http", "a port from 0 to 65535 in PLUGIN_MIN_PORT"),
    ("PLUGIN_HOST_ADDRESS", "ftp", "unix:PATH or HOST:PORT"),
    ("HKP_LOG_LEVEL", "loud", "HKP_LOG_LEVEL: expected: trace"),
])
def test_malformed_variables_end_the_launch_with_the_reason(sockets, variable, value, expected):
    with started(sockets, **{variable: value}) as process:
        assert process.exit_code() == 1
        assert expected in process.stderr.decode()
        assert process.lines.empty()


def test_the_handshake_is_the_first_line_and_prints_go_to_standard_error(sockets):
    with started(sockets) as process:
        handshake = process.handshake()
        assert handshake[:3] == ["1", "1", "unix"] and handshake[4:] == ["grpc", ""]
        assert os.path.dirname(handshake[3]) == str(sockets)
        plugin = process.connect(handshake)
        initialize(plugin)
        assert plugin.HandleRequest(event("/print"), timeout=SECONDS).continue_chain
        for text in ("printed while it is imported", "written to descriptor 1 while it is imported", "printed by a handler",
                     "written to descriptor 1\n"):
            process.await_stderr(text)
        assert process.lines.empty()


def test_a_named_socket_of_a_plugin_that_its_operator_starts(sockets):
    path = sockets / "named"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as left:
        # Left by one that was killed.
        left.bind(str(path))
    with started(sockets, PLUGIN_UNIX_SOCKET=str(path)) as process:
        handshake = process.handshake()
        assert handshake[2:4] == ["unix", str(path)]
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        process.popen.stdin.close()
        plugin = process.connect(handshake)
        for _ in range(2):
            assert initialize(plugin).success
        assert process.popen.poll() is None


def test_it_listens_on_a_port_of_the_range(sockets):
    with started(sockets, PLUGIN_MIN_PORT="0", PLUGIN_MAX_PORT="0") as process:
        handshake = process.handshake()
        assert handshake[2] == "tcp" and handshake[3].startswith("127.0.0.1:")
        assert initialize(process.connect(handshake)).success
        # A second plugin does not get the same port.
        port = handshake[3].rpartition(":")[2]
        with started(sockets, PLUGIN_MIN_PORT=port, PLUGIN_MAX_PORT=port) as second:
            assert second.exit_code() == 1
            assert f"a free port on 127.0.0.1 from {port} to {port}, got: none" in second.stderr.decode()


def test_a_gateway_of_another_version_is_told_of_in_the_log(sockets):
    with started(sockets, PLUGIN_PROTOCOL_VERSIONS="2,3") as process:
        assert process.handshake()[1] == "1"
        process.await_stderr("does not speak this plugin's protocol version")


def test_it_introduces_itself(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        assert plugin.HealthCheck(pb.Empty(), timeout=SECONDS).status == pb.HealthStatus.UNKNOWN
        with pytest.raises(grpc.RpcError) as early:
            plugin.HandleRequest(event("/"), timeout=SECONDS)
        assert early.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        answer = initialize(plugin)
        assert answer.success and (answer.info.name, answer.info.version) == ("sample", "1.2.3")
        assert list(answer.features) == ["stream", "response", "events", "dry_run"]
        assert answer.max_message_bytes == 1024 * 1024
        assert list(answer.event_filter.event_types) == ["key.*"]
        assert plugin.GetInfo(pb.Empty(), timeout=SECONDS) == answer.info
        health = plugin.HealthCheck(pb.Empty(), timeout=SECONDS)
        assert (health.status, health.message, dict(health.details)) == (pb.HealthStatus.DEGRADED, "as always", {"most": "0"})
        check = process.channels[0].unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"\n\x06plugin", timeout=SECONDS) == b"\x08\x01"
        with pytest.raises(grpc.RpcError) as other:
            check(b"\n\x05other", timeout=SECONDS)
        assert other.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_wrong_configuration_is_refused_with_the_key_and_may_be_mended(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        answer = initialize(plugin, {"shortest_search": "x"})
        assert not answer.success
        assert answer.error == 'configuration key \'shortest_search\': expected: a whole number from 1 to 100, got: "x"'
        assert initialize(plugin, {"shortest_serch": 3}).success
        eventually(lambda: any(line.get("keys") == "shortest_serch" for line in process.log()))


def test_initialize_is_idempotent_by_instance_id(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        assert initialize(plugin).success
        assert initialize(plugin).success
        assert "one Initialize in a process's life" in initialize(plugin, instance="two").error


def test_shutdown_is_answered_and_calls_in_flight_finish(sockets):
    marker, file = sockets / "marker", sockets / "go"
    with started(sockets) as process:
        handshake = process.handshake()
        plugin = process.connect(handshake)
        initialize(plugin, {"marker": str(marker)})
        waiting = plugin.HandleRequest.future(event("/until", query_params={"file": str(file)}), timeout=SECONDS)
        eventually(lambda: any(line.get("path") == "/until" for line in process.log()))
        assert plugin.Shutdown(pb.ShutdownRequest(timeout_seconds=30), timeout=SECONDS).success
        process.await_stderr("shutting down")
        assert not marker.exists()
        file.touch()
        assert waiting.result(SECONDS).continue_chain
        assert process.exit_code() == 0
        assert marker.read_text() == "closed\n"
        assert not os.path.exists(handshake[3])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_as_shutdown_does(sockets, number):
    marker = sockets / "marker"
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        initialize(plugin, {"marker": str(marker)})
        process.popen.send_signal(number)
        assert process.exit_code() == 0
        assert marker.read_text() == "closed\n"


def test_a_handler_that_never_ends_does_not_keep_the_process(sockets):
    with started(sockets, "blocking") as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        forever = plugin.HandleRequest.future(event("/forever"), timeout=SECONDS)
        eventually(lambda: plugin.HealthCheck(pb.Empty(), timeout=SECONDS).status == pb.HealthStatus.HEALTHY)
        plugin.Shutdown(pb.ShutdownRequest(timeout_seconds=1), timeout=SECONDS)
        assert process.exit_code() == 0
        assert forever.exception(SECONDS) is not None


def test_the_end_of_standard_input_ends_it_at_once(sockets):
    marker = sockets / "marker"
    with started(sockets) as process:
        handshake = process.handshake()
        initialize(process.connect(handshake), {"marker": str(marker)})
        process.popen.stdin.close()
        assert process.exit_code() == 1
        assert "the gateway has died" in process.stderr.decode()
        assert not marker.exists() and not os.path.exists(handshake[3])


def test_a_crash_is_a_crash(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        with pytest.raises(grpc.RpcError):
            plugin.HandleRequest(event("/exit"), timeout=SECONDS)
        assert process.exit_code() == 3


def test_log_lines_carry_the_request_and_its_trace(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        plugin.HandleRequest(event("/", traceparent="00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"), timeout=SECONDS)
        process.await_stderr('"asked"')
        eventually(lambda: any(line["@message"] == "asked" for line in process.log()))
        line = next(line for line in process.log() if line["@message"] == "asked")
        assert line["@level"] == "info" and line["@module"] == "sample" and line["path"] == "/"
        assert line["request_id"] == "r1" and line["trace_id"] == "ab" * 16


def test_the_log_level_is_obeyed(sockets):
    with started(sockets, HKP_LOG_LEVEL="error") as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        plugin.HandleRequest(event("/"), timeout=SECONDS)
        with pytest.raises(grpc.RpcError):
            plugin.HandleRequest(event("/raise"), timeout=SECONDS)
        process.await_stderr("as asked")
        assert {line["@level"] for line in process.log()} == {"error"}


def test_a_log_that_nobody_reads_blocks_no_handler(sockets):
    with started(sockets, "chatty", read_stderr=False) as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        # 600 KB each, and a pipe holds 64.
        for number in range(30):
            assert plugin.HandleRequest(event("/", number), timeout=SECONDS).continue_chain
        threading.Thread(target=process._read_stderr, daemon=True).start()
        process.await_stderr("lines of the log were dropped")


def test_under_a_debugger_it_outlives_gateways(sockets):
    with started(sockets, by_hand=True, HKP_PLUGIN_DEBUG="true", PLUGIN_NAME="mine") as process:
        process.popen.stdin.close()
        text = process.await_stderr("|grpc|\n")
        setting, _, line = text.partition("hkp.plugins.settings.mine.attach=")[2].splitlines()[0].partition("|")
        handshake = f"{setting}|{line}".split("|")
        assert os.stat(os.path.dirname(handshake[3])).st_mode & 0o777 == 0o700
        plugin = process.connect(handshake)
        assert initialize(plugin).success
        plugin.Shutdown(pb.ShutdownRequest(), timeout=SECONDS)
        process.await_stderr("only its user ends a plugin that was started by hand")
        assert initialize(plugin, instance="two").success
        assert "start it again" in initialize(plugin, {"shortest_search": 9}, instance="three").error
        assert plugin.HandleRequest(event("/deny"), timeout=SECONDS).status_code == 429
        process.popen.send_signal(signal.SIGINT)
        assert process.exit_code() == 0
        assert not os.path.exists(os.path.dirname(handshake[3]))


def test_importing_the_package_and_its_harness_loads_neither_grpc_nor_protobuf():
    code = ("import sys, hkp_plugin, hkp_plugin.testing;"
            "sys.exit(any(name == 'grpc' or name.startswith(('google.protobuf', 'cryptography')) for name in sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCES)}, timeout=SECONDS).returncode == 0


def test_cryptography_is_loaded_only_for_mutual_tls(sockets):
    # A module that cannot be imported stands in its place.
    (sockets / "cryptography").mkdir()
    (sockets / "cryptography" / "__init__.py").write_text("raise ImportError('not in plaintext')\n")
    with started(sockets, PYTHONPATH=f"{sockets}:{SOURCES}") as process:
        assert initialize(process.connect(process.handshake())).success


def test_libraries_for_another_python_are_told_of(sockets):
    (sockets / "grpc").mkdir()
    (sockets / "grpc" / "__init__.py").write_text("raise ImportError('cannot import name cygrpc')\n")
    with started(sockets, PYTHONPATH=f"{sockets}:{SOURCES}") as process:
        assert process.exit_code() == 1
        assert f"for Python 3.{sys.version_info[1]} ({sys.executable}), got: cannot import name cygrpc" in process.stderr.decode()


def test_the_cookie_is_that_of_the_protocol():
    assert COOKIE in (SOURCES.parents[2] / "proto" / "README.md").read_text()
    assert SAMPLE.exists()
