"""nginx as the upstream and as a proxy, and HAProxy: their configurations."""

import base64
import hashlib
import os
import pwd
import textwrap

from harness import machine

_NGINX = """
daemon off;
worker_processes {processors};
{user}
pid {directory}/pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  keepalive_requests 1000000000;
  tcp_nodelay on;
{http}
}}
"""

# Connections are kept only where Connection is emptied: a location with a proxy_set_header of its
# own inherits none.
_FORWARDING = """
  upstream keyserver {{
    server 127.0.0.1:{upstream};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  {authority}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    proxy_http_version 1.1;
    location / {{
      {ask}
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_pass http://keyserver;
    }}
    {location}
  }}
"""

_AUTHORITY = """upstream decision {{
    server unix:{socket};
    keepalive 256;
    keepalive_requests 1000000000;
  }}"""

_LOCATION = """location = /_decision {
      internal;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_read_timeout 2s;
      proxy_pass http://decision;
    }"""

_HAPROXY = """
global
  nbthread {processors}
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 150s
frontend clients
  bind 127.0.0.1:{port}
  {ask}
  default_backend keyserver
backend keyserver
  option forwardfor
  server keyserver 127.0.0.1:{upstream}
{agent}
"""

_ASK = """filter spoe engine bench config {spoe}
  http-request deny deny_status 500 if {{ var(txn.bench.failed) -m found }}
  http-request deny deny_status 403 if {{ var(txn.bench.refuse) -m bool }}"""

_AGENT = """backend decision
  mode tcp
  timeout server 1h
  server decision unix@{socket}"""

_SPOE = """
[bench]
spoe-agent decision
  messages request
  option var-prefix bench
  option set-on-error failed
  timeout hello 2s
  timeout idle 1h
  timeout processing 2s
  use-backend decision
spoe-message request
  args method=method target=url headers=req.hdrs client=src
  event on-frontend-http-request
"""


def answer():
    """The body that the upstream sends: as long as a key with one user id, and as dense."""
    noise = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(14))
    lines = textwrap.wrap(base64.b64encode(noise).decode("ascii"), 64)
    return "\n".join(["-----BEGIN PGP PUBLIC KEY BLOCK-----", "", *lines, "-----END PGP PUBLIC KEY BLOCK-----", ""])


def upstream(port):
    """The part of nginx' configuration that serves the answer."""
    return f"""
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    default_type application/pgp-keys;
    add_header Access-Control-Allow-Origin *;
    location / {{ return 200 "{answer()}"; }}
  }}"""


def keyserver(port):
    """The same, which also answers the machine-readable index of any one key, with that key."""
    return f"""
  map $arg_search $name {{ "~^0x(?<digits>[0-9A-F]+)$" $digits; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    default_type application/pgp-keys;
    location / {{
      default_type text/plain;
      if ($arg_op = index) {{
        return 200 "info:1:1
pub:$name:22:256:1700000000::
uid:Bench <bench@example.org>:1700000000::
";
      }}
      return 200 "{answer()}";
    }}
  }}"""


def forwarding(port, upstream_port, authority=None):
    """The part that forwards; with the socket of an authority it asks that one first."""
    return _FORWARDING.format(
        port=port, upstream=upstream_port,
        authority=_AUTHORITY.format(socket=authority) if authority else "",
        ask="auth_request /_decision;" if authority else "", location=_LOCATION if authority else "")


def nginx(room, name, http):
    """Starts nginx with a process for each processor."""
    directory = room.directory(name)
    path = os.path.join(directory, "nginx.conf")
    # As root it would give its workers to a user who cannot enter our directory.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    with open(path, "w", encoding="utf-8") as config:
        config.write(_NGINX.format(processors=machine.processors(), directory=directory, user=user, http=http))
    return room.start(name, [room.find("nginx"), "-e", "stderr", "-p", directory, "-c", path])


def haproxy(room, port, upstream_port, agent=None):
    """Starts HAProxy with a thread for each processor; with the socket of an agent it asks that one."""
    name = "haproxy-spoe" if agent else "haproxy"
    directory = room.directory(name)
    path, spoe = os.path.join(directory, "haproxy.cfg"), os.path.join(directory, "spoe.cfg")
    with open(spoe, "w", encoding="utf-8") as config:
        config.write(_SPOE)
    with open(path, "w", encoding="utf-8") as config:
        config.write(_HAPROXY.format(
            processors=machine.processors(), port=port, upstream=upstream_port,
            ask=_ASK.format(spoe=spoe) if agent else "", agent=_AGENT.format(socket=agent) if agent else ""))
    return room.start(name, [room.find("haproxy"), "-db", "-f", path])
