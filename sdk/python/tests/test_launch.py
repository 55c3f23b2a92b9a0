from pathlib import Path

import pytest
from hkp_plugin.launch import COOKIE, HostAddress, Launch, LaunchError

BASE = {"HKP_PLUGIN_COOKIE": COOKIE, "PLUGIN_UNIX_SOCKET_DIR": "/run/x"}
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def test_what_a_gateway_says():
    launch = Launch.parse(BASE | {
        "PLUGIN_NAME": "n", "PLUGIN_VERSION": "1", "PLUGIN_DATA_DIR": "/data", "PLUGIN_CLIENT_CERT": PEM,
        "PLUGIN_AUTH_SECRET": "s3cret", "PLUGIN_HOST_ADDRESS": "unix:/run/host", "PLUGIN_HOST_TOKEN": "t0ken",
        "HKP_LOG_LEVEL": "DEBUG", "PLUGIN_PROTOCOL_VERSIONS": "1, 2", "HKP_PLUGIN_DEBUG": "true"})
    assert (launch.name, launch.version, launch.log_level, launch.by_hand) == ("n", "1", "debug", False)
    assert launch.socket_directory == Path("/run/x") and launch.data_dir == Path("/data")
    assert launch.gateway_certificate == PEM and launch.secret == "s3cret"
    assert launch.host == HostAddress("unix:/run/host", "t0ken")
    assert launch.speaks_our_version and not launch.outlives_gateways
    assert "s3cret" not in repr(launch) and "t0ken" not in repr(launch)


def test_nothing_but_what_is_needed():
    launch = Launch.parse(BASE)
    assert (launch.gateway_certificate, launch.secret, launch.host, launch.proof(b"n")) == (None, None, None, b"")
    assert launch.speaks_our_version


def test_a_named_socket_comes_before_all():
    launch = Launch.parse(BASE | {"PLUGIN_UNIX_SOCKET": "/run/p/plugin.sock", "PLUGIN_MIN_PORT": "10000"})
    assert (launch.socket, launch.socket_directory, launch.ports) == (Path("/run/p/plugin.sock"), None, None)
    assert launch.outlives_gateways and not launch.by_hand


def test_ports_win():
    assert Launch.parse(BASE | {"PLUGIN_MIN_PORT": "10000", "PLUGIN_MAX_PORT": "25000"}).ports == range(10000, 25001)


def test_another_cookie_is_none():
    for environment in ({}, BASE | {"HKP_PLUGIN_COOKIE": "x"}, {"HKP_PLUGIN_DEBUG": "yes"}):
        with pytest.raises(LaunchError, match="this is a plugin, not a program to run by hand"):
            Launch.parse(environment)


def test_by_hand_there_is_no_tls_to_fall_back_from():
    launch = Launch.parse({"HKP_PLUGIN_DEBUG": "true"})
    assert launch.by_hand and launch.outlives_gateways and launch.socket_directory is None


@pytest.mark.parametrize(("variables", "message"), [
    ({"PLUGIN_MIN_PORT": "5"}, "in PLUGIN_MAX_PORT, got: ''"),
    ({"PLUGIN_MIN_PORT": "5", "PLUGIN_MAX_PORT": "4"}, "got: 5 and 4"),
    ({"PLUGIN_MIN_PORT": "5", "PLUGIN_MAX_PORT": "70000"}, "from 0 to 65535"),
    ({"PLUGIN_CLIENT_CERT": PEM + PEM}, "exactly one"),
    ({"PLUGIN_CLIENT_CERT": "-----BEGIN PRIVATE KEY-----"}, "got: a value of 27 characters"),
    ({"PLUGIN_AUTH_SECRET": "a b"}, "got: 3 characters, some of another kind"),
    ({"PLUGIN_AUTH_SECRET": "ä"}, "got: 1 characters"),
    ({"PLUGIN_HOST_ADDRESS": "unix:"}, "unix:PATH or HOST:PORT"),
    ({"PLUGIN_HOST_ADDRESS": "host:0", "PLUGIN_HOST_TOKEN": "t"}, "unix:PATH or HOST:PORT"),
    ({"PLUGIN_HOST_ADDRESS": "unix:/x"}, "PLUGIN_HOST_TOKEN, got: none"),
    ({"PLUGIN_HOST_ADDRESS": "unix:/x", "PLUGIN_HOST_TOKEN": "a b"}, "PLUGIN_HOST_TOKEN, got: something else"),
    ({"PLUGIN_HOST_ADDRESS": "host:1", "PLUGIN_HOST_TOKEN": "t", "PLUGIN_HOST_CA_FILE": "/nowhere"}, "a readable file"),
    ({"PLUGIN_HOST_ADDRESS": "host:1", "PLUGIN_HOST_TOKEN": "t", "PLUGIN_HOST_CA_FILE": "/dev/null"}, "expected: PEM"),
    ({"HKP_LOG_LEVEL": "loud"}, "got: 'loud'")])
def test_what_is_malformed(variables, message):
    with pytest.raises(LaunchError) as error:
        Launch.parse(BASE | variables)
    assert message in str(error.value)


def test_only_half_of_a_certificate(tmp_path):
    (tmp_path / "c").write_text(PEM)
    with pytest.raises(LaunchError, match="got: only PLUGIN_HOST_CERT_FILE"):
        Launch.parse(BASE | {"PLUGIN_HOST_ADDRESS": "[::1]:1", "PLUGIN_HOST_TOKEN": "t",
                             "PLUGIN_HOST_CERT_FILE": str(tmp_path / "c")})
    assert Launch.parse(BASE | {"PLUGIN_HOST_ADDRESS": "[::1]:1", "PLUGIN_HOST_TOKEN": "t"}).outlives_gateways
