"""Who takes part. A contender knows what it needs and how it is started in a room."""

import dataclasses
import fnmatch
from typing import Callable, Tuple

from harness import gateway, proxies


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way from the client to the upstream."""

    name: str
    title: str
    needs: Tuple[str, ...]        # names of programs and builds, see Room.find
    start: Callable               # (Room) -> Running
    decisions: int = 0            # how many processes are asked for each request
    jvm: bool = False             # needs a long warm-up

    def markers(self):
        """Targets that hold one of these are refused: one for each process that is asked."""
        return [marker(number) for number in range(1, self.decisions + 1)]


@dataclasses.dataclass(frozen=True)
class Running:
    """A contender that was started. Its processes' children count as its own."""

    port: int
    processes: tuple


def marker(number):
    """What the decision process with this number refuses."""
    return f"refuse-{number}"


def catalogue():
    """All contenders, in the order of the report."""
    found = [
        Contender("direct", "the upstream directly", ("nginx",), _direct),
        Contender("nginx", "nginx `proxy_pass`", ("nginx",), _nginx),
        Contender("nginx-auth", "nginx `auth_request`", ("nginx", "decision"), _nginx_auth, decisions=1),
        Contender("haproxy", "HAProxy", ("haproxy",), _haproxy),
        Contender("haproxy-spoe", "HAProxy with an SPOE agent", ("haproxy", "decision"), _haproxy_spoe, decisions=1),
        Contender("forwarder", "bare Reactor Netty forwarder", ("java", "forwarder"), _forwarder(0), jvm=True),
    ]
    for calls in (1, 3, 5):
        found.append(Contender(f"forwarder-{calls}-stream", f"the same, {_count(calls, 'stream')} of bare gRPC",
                               ("java", "forwarder", "decision"), _forwarder(calls), decisions=calls, jvm=True))
    for calls in (0, 1, 3, 5):
        found.append(Contender(f"scg-{calls}", f"Spring Cloud Gateway, {_count(calls, 'gRPC call')}",
                               ("java", "spring-cloud-gateway") + (("decision",) if calls else ()), _scg(calls),
                               decisions=calls, jvm=True))
    found.append(_gateway(0, "unary", "plaintext", "gateway-0", "hkp-gateway, 0 plugins"))
    for plugins in (1, 3, 5):
        for call in ("unary", "stream"):
            for transport, short in (("plaintext", "plain"), ("mtls", "mtls")):
                found.append(_gateway(plugins, call, transport, f"gateway-{plugins}-{call}-{short}",
                                      f"hkp-gateway, {_count(plugins, 'plugin')}, {call}, {transport}"))
    return found


def choose(patterns, among):
    """The contenders whose names match one of the comma-separated patterns, in their own order."""
    wanted = [pattern.strip() for pattern in patterns.split(",") if pattern.strip()]
    for pattern in wanted:
        if not any(fnmatch.fnmatchcase(contender.name, pattern) for contender in among):
            raise ValueError(f"expected: a contender or a pattern like gateway-3-*, got: {pattern}; there are "
                             + ", ".join(contender.name for contender in among))
    return [contender for contender in among
            if any(fnmatch.fnmatchcase(contender.name, pattern) for pattern in wanted)]


def _count(number, what):
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _direct(room):
    return Running(room.upstream_port, (room.upstream,))


def _nginx(room):
    port = room.port()
    return Running(port, (proxies.nginx(room, "nginx", proxies.forwarding(port, room.upstream_port)),))


def _nginx_auth(room):
    port = room.port()
    socket, decision = room.decision("auth", marker(1))
    config = proxies.forwarding(port, room.upstream_port, authority=socket)
    return Running(port, (decision, proxies.nginx(room, "nginx-auth", config)))


def _haproxy(room):
    port = room.port()
    return Running(port, (proxies.haproxy(room, port, room.upstream_port),))


def _haproxy_spoe(room):
    port = room.port()
    socket, decision = room.decision("spoe", marker(1))
    return Running(port, (decision, proxies.haproxy(room, port, room.upstream_port, agent=socket)))


def _forwarder(calls):
    def start(room):
        port = room.port()
        asked = [room.decision("grpc", marker(number)) for number in range(1, calls + 1)]
        java = room.java("forwarder", [str(port), "127.0.0.1", str(room.upstream_port),
                                       *(socket for socket, _ in asked)])
        return Running(port, tuple(decision for _, decision in asked) + (java,))
    return start


def _scg(calls):
    def start(room):
        port = room.port()
        asked = [room.decision("grpc", marker(number)) for number in range(1, calls + 1)]
        java = room.java("spring-cloud-gateway", [
            "--server.address=127.0.0.1", f"--server.port={port}",
            f"--bench.upstream=http://127.0.0.1:{room.upstream_port}",
            "--bench.decisions=" + ",".join(socket for socket, _ in asked)])
        return Running(port, tuple(decision for _, decision in asked) + (java,))
    return start


def _gateway(plugins, call, transport, name, title):
    def start(room):
        port = room.port()
        directory = gateway.plugin_directory(room, name, [marker(number) for number in range(1, plugins + 1)],
                                             stream=call == "stream")
        return Running(port, (gateway.start(room, name, port, directory, plugins, transport),))
    return Contender(name, title, ("java", "gateway") + (("decision",) if plugins else ()), start,
                     decisions=plugins, jvm=True)
