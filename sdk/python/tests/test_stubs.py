"""The committed stubs are of the present protocol, and nothing of the gateway is a dependency."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
from gateway import SECONDS, SOURCES
from google.protobuf import descriptor_pb2
from hkp_plugin.proto import hkp_host_pb2, hkp_plugin_pb2
from hkp_plugin.request import Operation

ROOT = SOURCES.parents[2]
# Written by the build of proto/.
DESCRIPTORS = ROOT / "proto" / "target" / "hkp-protocol.pb"


@pytest.mark.parametrize("module", [hkp_plugin_pb2, hkp_host_pb2])
def test_the_stubs_are_of_the_present_protocol(module):
    if not DESCRIPTORS.exists():
        message = f"expected: {DESCRIPTORS}, which the build of proto/ writes, got: no such file"
        assert os.environ.get("HKP_REQUIRE_ALL") != "true", message
        pytest.skip(message)
    protocol = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    committed = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(committed)
    present = next(file for file in protocol.file if os.path.basename(file.name) == committed.name)
    present.ClearField("source_code_info")
    # protoc in Java and in Python differ in whether they write what follows from the field's name.
    assert without_json_names(present) == without_json_names(committed), "run sdk/python/generate.sh"


def without_json_names(file):
    def clear(messages):
        for message in messages:
            for field in message.field:
                field.ClearField("json_name")
            clear(message.nested_type)

    clear(file.message_type)
    return file


def test_operations_are_those_of_the_protocol():
    assert {one.name: one.value for one in Operation} == dict(hkp_plugin_pb2.HkpRequest.Operation.items())


def test_dependencies_are_what_is_agreed():
    project = tomllib.loads((SOURCES.parent / "pyproject.toml").read_text())["project"]
    assert sorted(re.split("[<>=]", one)[0] for one in project["dependencies"]) == ["cryptography", "grpcio", "protobuf"]
    assert project["license"] == "Apache-2.0" and "optional-dependencies" not in project


def test_nothing_else_is_imported():
    code = ("import sys, hkp_plugin._process, hkp_plugin._server, hkp_plugin._certificate, hkp_plugin.testing;"
            "print('\\n'.join({name.partition('.')[0] for name in sys.modules}))")
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCES)}, timeout=SECONDS, capture_output=True, check=True)
    names = set(result.stdout.decode().split())
    foreign = {name for name in names if name not in sys.stdlib_module_names and not name.startswith(("_", "cython"))}
    assert foreign <= {"hkp_plugin", "grpc", "google", "cryptography", "typing_extensions", "grpc_tools"}
