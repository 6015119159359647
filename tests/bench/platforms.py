"""Makes a platform.toml of a given size, the same text for the same size: `platforms.py SERVICES > platform.toml`."""

import sys

HEAD = """version = 1
name = "bench"

[policy]
gateway = "gateway"
prefer = ["lan"]

[networks.lan]
kind = "lan"

[secrets.gateway-key]
generate = { prefix = "sk-", bytes = 24 }

[hosts.mini]
os = "linux"
addresses = { lan = "10.0.0.1" }
user = "owner"
checkout = "/home/owner/lab"

[services.gateway]
kind = "litellm"
host = "mini"
port = 4000
bind = "lan"
folder = "gateway"
env_file = "gateway/env.local"
approval = { reason = "clients in the house", by = "the owner", when = "2026-01-01" }

[services.gateway.env]
LITELLM_PROXY_KEY = { secret = "gateway-key" }

[gateway]
key = { env = "LITELLM_PROXY_KEY" }
retries = 2
"""

HOST = """
[hosts.{host}]
os = "{os}"
addresses = {{ lan = "{address}" }}
user = "owner"
checkout = "/{home}/owner/lab"
"""

SERVER = """
[services.{name}]
title = "Server {number}"
kind = "openvino"
host = "{host}"
port = {port}
bind = "lan"
folder = "inference/{name}"
env_file = "/etc/lab/{name}.env"
approval = {{ reason = "the gateway is on another host", by = "the owner", when = "2026-01-01" }}
run.command = ["uv", "run", "uvicorn", "main:app", "--host", "{address}", "--port", "{port}"]
run.groups = ["render", "video"]

[services.{name}.env]
OV_DEVICE = "GPU"
CACHE_FOLDER = "/var/cache/{name}"
"""

CLIENT = """
[services.{name}]
title = "Client {number}"
kind = "generic"
host = "{host}"
port = {port}
folder = "clients/{name}"
env_file = "/etc/lab/{name}.env"
health = [{{ path = "/health" }}]
run.command = ["uv", "run", "python", "-m", "client"]

[services.{name}.env]
OPENAI_API_BASE = {{ url = "gateway", path = "/v1" }}
OPENAI_API_KEY = {{ secret = "gateway-key" }}
MODEL = {{ handle = "ov-model-{model}-fp16" }}
"""

MODEL = """
[models.ov-model-{number}-fp16]
service = "{service}"
format = "openvino"
parameters = "3B"
quantisation = "fp16"
context_length = 32768
max_output_tokens = 4096

[handles.ov-model-{number}-fp16]
"""


def platform(services: int) -> str:
    """Half of the services are model servers, half are clients; there are as many models as services."""
    parts = [HEAD]
    per_host = 20
    hosts = max(1, -(-services // per_host))
    for at in range(hosts):
        macos = at % 4 == 3
        parts.append(
            HOST.format(
                host=f"host-{at}",
                os="macos" if macos else "linux",
                home="Users" if macos else "home",
                address=f"10.{1 + at // 250}.{at % 250}.1",
            )
        )
    servers = []
    for at in range(services - 1):
        host = at % hosts
        fields = {
            "number": at,
            "host": f"host-{host}",
            "address": f"10.{1 + host // 250}.{host % 250}.1",
            "port": 9000 + at // hosts,
        }
        if at % 2 == 0:
            servers.append(f"server-{at}")
            parts.append(SERVER.format(name=servers[-1], **fields))
        else:
            parts.append(CLIENT.format(name=f"client-{at}", model=at, **fields))
    for at in range(services):
        parts.append(MODEL.format(number=at, service=servers[at % len(servers)]))
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(platform(int(sys.argv[1])))
