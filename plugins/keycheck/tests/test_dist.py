"""What build.sh has made, as a gateway starts it."""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from gateway import SECONDS, Identity, Process, event, initialize
from hkp_plugin.launch import COOKIE
from hkp_plugin.proto import hkp_plugin_pb2 as pb
from openpgp import KEY, armor, key, new

DIST = Path(__file__).resolve().parents[1] / "target" / "dist"


def test_it_starts_and_decides_with_mutual_tls(tmp_path_factory):
    if not DIST.exists():
        message = f"expected: {DIST}, which build.sh makes, got: nothing"
        assert os.environ.get("HKP_REQUIRE_ALL") != "true", message
        pytest.skip(message)
    sockets = tmp_path_factory.mktemp("s")
    # It works where it is copied to, and writes nothing there.
    copy = Path(shutil.copytree(DIST, sockets / "plugin"))
    before = sorted(str(file) for file in copy.rglob("*"))
    gateway = Identity()
    process = Process([str(copy / "hkp-plugin-keycheck")], {
        "PATH": f"{os.path.dirname(os.path.realpath(sys.executable))}:{os.environ['PATH']}", "HKP_PLUGIN_COOKIE": COOKIE,
        "PLUGIN_UNIX_SOCKET_DIR": str(sockets), "PLUGIN_NAME": "keycheck", "PLUGIN_CLIENT_CERT": gateway.pem.decode()})
    try:
        plugin = process.connect(process.handshake(), gateway)
        assert "the grant http.request.body" in initialize(plugin).error
        assert initialize(plugin, granted_capabilities=["http.request", "http.request.body", "http.respond"]).success

        def add(data):
            body = b"keytext=" + quote_from_bytes(armor(data)).encode()
            return plugin.HandleRequest(event(
                "/pks/add", hkp=pb.HkpRequest(operation=pb.HkpRequest.ADD), body_state=pb.BODY_COMPLETE, body=body,
                body_length=len(body), header_fields=[
                    pb.HeaderField(name="Content-Type", value=b"application/x-www-form-urlencoded")]), timeout=SECONDS)

        assert add(key(new(13, b"alice"))).continue_chain
        assert add(new(5, KEY)).status_code == 422
        plugin.Shutdown(pb.ShutdownRequest(timeout_seconds=5), timeout=SECONDS)
        assert process.exit_code() == 0
        assert sorted(str(file) for file in copy.rglob("*")) == before
    finally:
        process.close()
