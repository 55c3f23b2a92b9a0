"""Who gets through: AutoMTLS, the secret, plaintext."""

import base64
import hashlib
import hmac

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from gateway import SECONDS, Identity, event, initialize, started
from hkp_plugin.proto import hkp_plugin_pb2 as pb

SECRET = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


def refused(plugin) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as error:
        plugin.GetInfo(pb.Empty(), timeout=SECONDS)
    return error.value.code()


def test_with_mutual_tls_only_the_gateway_gets_through(sockets):
    gateway = Identity()
    with started(sockets, PLUGIN_CLIENT_CERT=gateway.pem.decode()) as process:
        handshake = process.handshake()
        assert "=" not in handshake[5]
        own = x509.load_der_x509_certificate(base64.b64decode(handshake[5] + "=="))
        assert isinstance(own.public_key().curve, ec.SECP256R1)
        assert own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == [
            "localhost"]

        # Strangers first, so that no connection is there already.
        assert refused(process.connect(handshake, Identity())) is grpc.StatusCode.UNAVAILABLE
        assert refused(process.connect(handshake, Identity(name="another"))) is grpc.StatusCode.UNAVAILABLE
        assert refused(process.connect(handshake)) is grpc.StatusCode.UNAVAILABLE
        nobody = grpc.ssl_channel_credentials(Identity().pem)
        with grpc.secure_channel(f"unix:{handshake[3]}", nobody) as channel, pytest.raises(grpc.RpcError):
            channel.unary_unary("/hkpplugin.HKPPlugin/GetInfo")(b"", timeout=SECONDS)

        plugin = process.connect(handshake, gateway)
        assert initialize(plugin).success
        assert plugin.HandleRequest(event("/deny"), timeout=SECONDS).status_code == 429
        assert plugin.Shutdown(pb.ShutdownRequest(timeout_seconds=5), timeout=SECONDS).success
        assert process.exit_code() == 0


def test_a_certificate_that_the_gateways_key_has_signed_is_refused_too(sockets):
    # Only the gateway has that key; but its certificate is not a CA, and so BoringSSL follows no chain to it.
    gateway = Identity()
    with started(sockets, PLUGIN_CLIENT_CERT=gateway.pem.decode()) as process:
        handshake = process.handshake()
        assert refused(process.connect(handshake, Identity(name="issued", issuer=gateway))) is grpc.StatusCode.UNAVAILABLE
        assert initialize(process.connect(handshake, gateway)).success


def test_a_gateway_with_another_curve_gets_through(sockets):
    gateway = Identity(curve=ec.SECP384R1())
    with started(sockets, PLUGIN_CLIENT_CERT=gateway.pem.decode()) as process:
        assert initialize(process.connect(process.handshake(), gateway)).success


def test_a_certificate_that_grpc_could_not_verify_ends_the_launch(sockets):
    gateway = Identity(curve=ec.SECP521R1())
    with started(sockets, PLUGIN_CLIENT_CERT=gateway.pem.decode()) as process:
        assert process.exit_code() == 1
        assert "got: one with secp521r1" in process.stderr.decode()


@pytest.mark.parametrize("given", [None, "wrong", SECRET + "x", SECRET[:-1]])
def test_without_the_secret_every_method_is_unauthenticated(sockets, given):
    with started(sockets, PLUGIN_AUTH_SECRET=SECRET) as process:
        handshake = process.handshake()
        metadata = [("authorization", f"Bearer {given}")] if given else []
        process.connect(handshake)
        channel = process.channels[0]
        for method in ("hkpplugin.HKPPlugin/Initialize", "hkpplugin.HKPPlugin/HandleRequest", "hkpplugin.HKPPlugin/Shutdown",
                       "grpc.health.v1.Health/Check", "hkpplugin.HKPPlugin/NoSuchMethod", "no.Such/Service"):
            with pytest.raises(grpc.RpcError) as error:
                channel.unary_unary(f"/{method}")(b"", metadata=metadata, timeout=SECONDS)
            assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED, method
        with pytest.raises(grpc.RpcError) as error:
            list(channel.stream_stream("/hkpplugin.HKPPlugin/HandleRequests")(iter(()), metadata=metadata, timeout=SECONDS))
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_with_the_secret_both_sides_prove_that_they_have_it(sockets):
    with started(sockets, PLUGIN_AUTH_SECRET=SECRET) as process:
        plugin = process.connect(process.handshake(), secret=SECRET)
        nonce = bytes(range(32))
        proof = hmac.digest(SECRET.encode(), nonce, hashlib.sha256)
        # In a refusal, too.
        assert initialize(plugin, {"shortest_search": 0}, nonce=nonce).auth_proof == proof
        answer = initialize(plugin, nonce=nonce)
        assert answer.success and answer.auth_proof == proof
        assert plugin.HandleRequest(event("/deny"), timeout=SECONDS).status_code == 429
        assert [one.status_code for one in plugin.HandleRequests(iter([event("/deny")]), timeout=SECONDS)] == [429]
        assert SECRET not in process.stderr.decode()


def test_in_plaintext_there_is_no_proof_and_unknown_methods_are_unimplemented(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        assert initialize(plugin, nonce=b"n" * 32).auth_proof == b""
        with pytest.raises(grpc.RpcError) as error:
            plugin.HandleHTTPRequest(event("/"), timeout=SECONDS)
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
