"""Writes a platform.toml with as many services and models as asked: the same text for the same number.

Usage: platforms.py SERVICES

The platform grows like a real one, by machines: twenty services each, one machine in five a Mac, all
on one network. Every machine has model servers, clients of the gateway and programs of the owner's
own, which call their neighbours. There is one gateway, one optimiser and one search engine.
"""

import sys

PER_HOST = 20
FAMILIES = ("qwen3", "gemma-3", "llama-3-2", "mistral", "phi-4", "granite-4")
SIZES = ("1B", "3B", "4B", "8B", "14B", "27B", "32B", "70B")

HEAD = """\
version = 1
name = "bench-{services}"
title = "A platform of {services} services"

[policy]
gateway = "gateway"
prefer = ["lan"]
retired_names = ["old-*"]

[policy.naming."mlx-"]
kinds = ["mlx"]
form = "mlx-<family>-<params>-<number>"

[policy.optimiser]
service = "optimiser"
enabled = true
kinds = ["mlx"]

[networks.lan]
kind = "lan"
title = "The network of the house"

[secrets.gateway-key]
title = "Key of the gateway"
generate = {{ prefix = "sk-", bytes = 24 }}

[secrets.optillm-key]
title = "Key between the gateway and OptiLLM"
generate = {{ prefix = "optillm-", bytes = 24 }}

[secrets.searxng-secret]
generate = {{ bytes = 32 }}

[secrets.webui-secret]
generate = {{ bytes = 32 }}

[secrets.database-password]
title = "Password of the database"
obtain = "the notes of whoever set up the database"

[gateway]
key = {{ env = "LITELLM_PROXY_KEY" }}
retries = 2
timeout = "120s"
cooldown = "30s"
json_logs = true
drop_params = true

[gateway.search_tools.searxng-search]
service = "search"
title = "Web search"

[mcp.web_fetch]
purpose = "Fetch a page as clean text"
transport = "stdio"
host = "node-000"
folder = "tools/web-fetch"
command = ["uv", "run", "python", "-m", "web_fetch_mcp"]

[mcp.web_fetch.env]
SEARCH_API_BASE = {{ url = "gateway", path = "/v1/search" }}
SEARCH_API_KEY = {{ secret = "gateway-key" }}
"""

HOST = """
[hosts.{name}]
title = "Machine {number}"
os = "{os}"
release = "{release}"
addresses = {{ lan = "10.{high}.{low}.{last}" }}
dns = ["{name}"]
user = "{user}"
checkout = "{home}/homelab"
memory = "{memory}GiB"

[hosts.{name}.volumes.models]
path = "{home}/models"
room = "showroom"
"""

APPROVAL = 'approval = { reason = "the house uses it", by = "the owner", when = "2026-11-01" }\n'

GATEWAY = """
[services.gateway]
title = "LiteLLM gateway"
kind = "litellm"
host = "node-000"
port = 4000
bind = "all"
folder = "gateway/litellm"
env_file = "gateway/litellm/env.local"
run.limits = { open_files = 65536 }
""" + APPROVAL + """
[services.gateway.env]
LITELLM_LOG = "INFO"
LITELLM_PROXY_KEY = { secret = "gateway-key" }
OPTILLM_API_KEY = { secret = "optillm-key" }
SEARXNG_API_BASE = { url = "search" }
"""

OPTIMISER = """
[services.optimiser]
title = "OptiLLM proxy"
kind = "optillm"
host = "node-000"
port = 4020
folder = "gateway/optillm"
env_file = "/etc/optillm/env"
program_version = ">=0.4.0"

[services.optimiser.env]
OPTILLM_PROXY_KEY = { secret = "optillm-key" }
LITELLM_PROXY_KEY = { secret = "gateway-key" }

[[lint.exceptions]]
rule = "secret-argument"
at = "services.optimiser"
reason = "OptiLLM takes its key as an argument only"
"""

SEARCH = """
[services.search]
title = "SearXNG"
kind = "searxng"
host = "node-000"
port = 8888
folder = "tools/searxng"
env_file = "/etc/searxng/env"

[services.search.env]
SEARXNG_SECRET = { secret = "searxng-secret" }
"""

OLLAMA = """
[services.{name}]
title = "Ollama on {host}"
kind = "ollama"
host = "{host}"
port = {port}
bind = "all"
{approval}managed_by = "package"

[services.{name}.env]
OLLAMA_CONTEXT_LENGTH = 32768
"""

OPENVINO = """
[services.{name}]
title = "OpenVINO server on {host}"
kind = "openvino"
host = "{host}"
port = {port}
bind = "all"
{approval}folder = "inference/openvino"
env_file = "/etc/homelab/{name}.env"
endpoints = ["health", "models", "chat-completions"]
run.command = ["uv", "run", "uvicorn", "main:app", "--host", "0.0.0.0", "--port", "{port}"]
run.groups = ["render", "video"]

[services.{name}.env]
OV_DEVICE = "GPU"
"""

MLX = """
[services.{name}]
title = "MLX servers on {host}"
kind = "mlx"
host = "{host}"
bind = "all"
{approval}run.directory = "/opt/{name}"
notes = "One port, one model."

[services.{name}.env]
HF_HOME = "/Users/owner/models/hf"

[services.{name}.ports]
team = {{ range = "{port}-{last_port}", purpose = "models the team uses" }}
"""

WEBUI = """
[services.{name}]
title = "Open WebUI on {host}"
kind = "open-webui"
host = "{host}"
port = {port}
bind = "all"
{approval}env_file = "/etc/open-webui/{name}.env"

[services.{name}.env]
OPENAI_API_BASE_URL = {{ url = "gateway", path = "/v1" }}
OPENAI_API_KEY = {{ secret = "gateway-key" }}
WEBUI_SECRET_KEY = {{ secret = "webui-secret" }}
"""

AGENT = """
[services.{name}]
title = "Agents on {host}"
kind = "tiny-agents"
host = "{host}"
folder = "gateway/tiny-agents"
env_file = "/etc/homelab/{name}.env"
run.command = ["uv", "run", "tiny-agents", "serve"]

[services.{name}.env]
LITELLM_API_BASE = {{ url = "gateway", path = "/v1" }}
LITELLM_API_KEY = {{ secret = "gateway-key" }}
"""

APP = """
[services.{name}]
title = "Program {number}"
kind = "generic"
layer = "{layer}"
host = "{host}"
port = {port}
folder = "apps/{name}"
env_file = "/etc/homelab/{name}.env"
health = [{{ path = "/health" }}]
calls = [{calls}]
run.command = ["uv", "run", "uvicorn", "app:app", "--port", "{port}"]
run.restart = "always"
run.limits = {{ open_files = 4096 }}

[services.{name}.env]
LOG_LEVEL = "info"
DATABASE_PASSWORD = {{ secret = "database-password" }}
LITELLM_API_BASE = {{ url = "gateway", path = "/v1" }}
LITELLM_API_KEY = {{ secret = "gateway-key" }}
"""

MODEL = """
[models.{id}]
service = "{service}"
{port}repo = "models/{id}"
format = "{format}"
parameters = "{size}"
quantisation = "q4"
context_length = 32768
max_output_tokens = 8192
volume = "models"
capabilities = ["tools"]
"""

HANDLE = "[handles.{id}]\n"

GROUP = """
[handles.any-{number}]
models = [{{ model = "{first}", order = 1 }}, {{ model = "{second}", order = 2 }}]
fallbacks = ["{third}"]
timeout = "90s"
"""


def host(number):
    """One machine: every fifth is a Mac."""
    mac = number % 5 == 4
    home = "/Users/owner" if mac else "/home/owner"
    return HOST.format(
        name=host_name(number),
        number=number,
        os="macos" if mac else "linux",
        release="macOS 26" if mac else "Debian 13",
        high=20 + number // 50_000,
        low=number // 200 % 250,
        last=number % 200 + 10,
        user="owner",
        home=home,
        memory=64 if mac else 32,
    )


def host_name(number):
    return f"node-{number:03}"


def service(index, seat, on):
    """The text of a service that is neither of the first three, its format and the prefix of its models."""
    place = host_name(on)
    mac = on % 5 == 4
    # Between the ports that macOS listens on itself.
    port = 5050 + seat * 100
    values = {"host": place, "number": index, "port": port, "last_port": port + 19}
    values["approval"] = APPROVAL
    turn = seat % 5
    if turn == 0 and mac:
        return f"mlx-{index:05}", MLX, values, ("mlx", "mlx-")
    if turn == 0:
        return f"ov-{index:05}", OPENVINO, values, ("openvino", "ov-")
    if turn == 1 and not mac:
        return f"ollama-{index:05}", OLLAMA, values, ("gguf", "ol-")
    if turn == 2:
        return f"webui-{index:05}", WEBUI, values, None
    if turn == 3 and not mac:
        return f"agent-{index:05}", AGENT, values, None
    values["layer"] = ("tools", "data", "observability", "interface")[index % 4]
    return f"app-{index:05}", APP, values, None


def platform(services):
    """The whole text."""
    parts = [HEAD.format(services=services)]
    hosts = (services + PER_HOST - 1) // PER_HOST
    parts.extend(host(number) for number in range(hosts))
    parts.extend((GATEWAY, OPTIMISER, SEARCH))
    servers = []
    neighbour = {}
    for index in range(3, services):
        on, seat = divmod(index, PER_HOST)
        name, template, values, serves = service(index, seat, on)
        if template is APP:
            # The one before it on the same machine, which does not call back.
            before = neighbour.get(on)
            values["calls"] = f'"{before}"' if before else ""
            neighbour[on] = name
        parts.append(template.format(name=name, **values))
        if serves:
            servers.append((name, values["port"], *serves))

    ids = []
    for number in range(services):
        turn, at = divmod(number, len(servers))
        name, port, form, prefix = servers[at]
        family = FAMILIES[number % len(FAMILIES)]
        size = SIZES[number % len(SIZES)]
        identity = f"{prefix}{family}-{size.lower()}-{number:05}"
        ids.append(identity)
        own_port = f"port = {port + turn}\n" if form == "mlx" else ""
        parts.append(
            MODEL.format(id=identity, service=name, port=own_port, format=form, size=size)
        )
    parts.append("\n")
    parts.extend(HANDLE.format(id=identity) for identity in ids)
    for number in range(0, services - 2, 10):
        first, second = ids[number : number + 2]
        # Far enough away to be on another machine, where there is one.
        third = ids[(number + len(servers) // 2) % services]
        parts.append(GROUP.format(number=number, first=first, second=second, third=third))
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(platform(int(sys.argv[1])))
