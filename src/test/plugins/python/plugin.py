"""A plugin as a Python author writes it, with grpcio and no library for plugins.

Stubs are generated into a directory on PYTHONPATH by grpcio-tools.
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import signal
import sys
import threading
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import hkp_plugin_pb2 as pb
import hkp_plugin_pb2_grpc as rpc

COOKIE = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c"


class Service(rpc.HKPPluginServicer):
    def __init__(self, secret, stop):
        self.secret = secret
        self.stop = stop

    def Initialize(self, request, context):
        response = pb.InitResponse(success=True, info=info(), features=["response"])
        if self.secret:
            response.auth_proof = hmac.digest(self.secret.encode(), request.nonce, hashlib.sha256)
        return response

    def GetInfo(self, request, context):
        return info()

    def HealthCheck(self, request, context):
        return pb.HealthStatus(status=pb.HealthStatus.HEALTHY)

    def HandleRequest(self, event, context):
        if event.path == "/crash":
            os._exit(3)
        if event.path == "/deny":
            return pb.HandleResponse(
                status_code=403, headers={"Content-Type": "text/plain"}, body=b"denied by python\n")
        return pb.HandleResponse(continue_chain=True, headers={"X-Plugin-Language": "python"})

    def HandleUpstreamResponse(self, event, context):
        return pb.UpstreamResponseDecision(response_headers=[pb.HeaderMutation(
            action=pb.HeaderMutation.SET, name="X-Seen-By-Python", value=str(event.status_code).encode())])

    def Shutdown(self, request, context):
        log("plugin stops", reason=request.reason)
        context.add_callback(self.stop.set)
        return pb.ShutdownResponse(success=True)


class BearerOnly(grpc.ServerInterceptor):
    """Refuses every call without the secret that gateway and plugin share."""

    def __init__(self, secret):
        self.expected = f"Bearer {secret}"
        self.refusal = grpc.unary_unary_rpc_method_handler(
            lambda request, context: context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "expected: authorization with the plugin's secret"))

    def intercept_service(self, continuation, details):
        given = dict(details.invocation_metadata).get("authorization", "")
        if hmac.compare_digest(given.encode(), self.expected.encode()):
            return continuation(details)
        return self.refusal


def info():
    return pb.PluginInfo(
        name=os.environ["PLUGIN_NAME"], version="1.0.0",
        metadata={"language": "python", "data_dir": os.environ.get("PLUGIN_DATA_DIR", "")})


def log(message, **fields):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    line = {"@level": "info", "@message": message, "@module": "python", "@timestamp": now, **fields}
    print(json.dumps(line), file=sys.stderr, flush=True)


def one_off_certificate():
    """A fresh key and a certificate that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(seconds=30))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256()))
    return key, certificate


def listen(server, address):
    """Returns the certificate for the handshake line, empty without AutoMTLS."""
    gateway_certificate = os.environ.get("PLUGIN_CLIENT_CERT")
    if not gateway_certificate:
        server.add_insecure_port(address)
        return ""
    key, certificate = one_off_certificate()
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    credentials = grpc.ssl_server_credentials(
        [(key_pem, certificate.public_bytes(serialization.Encoding.PEM))],
        root_certificates=gateway_certificate.encode(), require_client_auth=True)
    server.add_secure_port(address, credentials)
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")


def main():
    if os.environ.get("HKP_PLUGIN_COOKIE") != COOKIE:
        sys.exit("this is a plugin, not a program to run by hand")
    if "1" not in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "1").split(","):
        sys.exit("expected: protocol version 1 among those of the gateway, got: "
                 + os.environ["PLUGIN_PROTOCOL_VERSIONS"])
    secret = os.environ.get("PLUGIN_AUTH_SECRET")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    log("plugin starts", language="python", pid=os.getpid(),
        mtls="PLUGIN_CLIENT_CERT" in os.environ, secret=bool(secret))

    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=8), interceptors=[BearerOnly(secret)] if secret else [])
    rpc.add_HKPPluginServicer_to_server(Service(secret, stop), server)
    path = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "plugin.sock")
    certificate = listen(server, "unix:" + path)
    server.start()
    print(f"1|1|unix|{path}|grpc|{certificate}", flush=True)

    def exit_with_gateway():
        # The raw descriptor: a thread that waits in sys.stdin would keep its lock at exit.
        while os.read(0, 4096):
            pass
        stop.set()

    threading.Thread(target=exit_with_gateway, daemon=True).start()
    stop.wait()
    server.stop(grace=1).wait()


main()
