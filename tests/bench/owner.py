"""What an owner would write instead of `homelab build`: a script that renders the same platform.toml.

Usage: owner.py PLATFORM OUT FILES

tomllib reads, pydantic checks, Jinja2 renders an env file, a start script and a unit for each service
that has a command, PyYAML writes LiteLLM's router.yaml, and json a registry. It stops after FILES
files, so that homelab and it write the same number; when it would write fewer, it adds a fact sheet
for one service after the other. It checks and writes far less than homelab does.
"""

import json
import pathlib
import sys
import tomllib

import yaml
from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict

UNIT = """\
[Unit]
Description={{ service.title or name }}
Wants=network-online.target
After=network-online.target{% for call in service.calls %} {{ call }}.service{% endfor %}


[Service]
User={{ host.user }}
WorkingDirectory={{ directory }}
EnvironmentFile=-{{ service.env_file }}
ExecStart=/usr/local/lib/lab/start/{{ name }}
Restart={{ service.run.get("restart", "on-failure") }}
RestartSec=5s
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=tmpfs
PrivateTmp=yes
BindPaths={{ directory }}

[Install]
WantedBy=multi-user.target
"""

ENV = """\
# {{ name }} on {{ service.host }}
{% for key, value in values.items() %}
{{ key }}={{ value }}
{% endfor %}
"""

START = """\
#!/bin/sh
# Starts {{ name }} on {{ service.host }}.
set -u
{% for key, value in values.items() %}
{% if value %}
export {{ key }}={{ value | quote }}
{% else %}
: "${ {{- key }}:?is not set}"
{% endif %}
{% endfor %}
cd {{ directory | quote }} || exit 78
exec {{ command }}
"""

SHEET = """\
# {{ service.title or name }}

{{ name }} is of kind {{ service.kind }} and runs on {{ service.host }}.
{% for key in values %}
- {{ key }}
{% endfor %}
"""


class Host(BaseModel):
    """A machine."""

    model_config = ConfigDict(extra="ignore")
    os: str
    addresses: dict[str, str] = {}
    user: str = "root"
    checkout: str = ""


class Service(BaseModel):
    """Something that runs on a machine."""

    model_config = ConfigDict(extra="ignore")
    kind: str
    host: str
    title: str | None = None
    port: int | None = None
    folder: str | None = None
    env_file: str | None = None
    env: dict[str, str | int | bool | dict] = {}
    run: dict = {}
    calls: list[str] = []


class Model(BaseModel):
    """A model and where it is served."""

    model_config = ConfigDict(extra="ignore")
    service: str
    port: int | None = None
    context_length: int | None = None
    max_output_tokens: int | None = None


class Handle(BaseModel):
    """A name for one model or several."""

    model_config = ConfigDict(extra="ignore")
    model: str | None = None
    models: list[str | dict] = []


class Platform(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="ignore")
    hosts: dict[str, Host]
    services: dict[str, Service]
    models: dict[str, Model] = {}
    handles: dict[str, Handle] = {}


def quote(text):
    """A word for a shell."""
    return "'" + str(text).replace("'", "'\\''") + "'"


def url(platform, name, port=None):
    """Where a service is reached."""
    service = platform.services[name]
    address = next(iter(platform.hosts[service.host].addresses.values()), "127.0.0.1")
    return f"http://{address}:{port or service.port}"


def value(platform, written):
    """A variable's value: text, the URL of the service it names, or nothing yet."""
    if not isinstance(written, dict):
        return str(written)
    if "url" in written:
        return url(platform, written["url"]) + written.get("path", "")
    return ""


def rendered(platform):
    """Yields the path and the text of one file after the other."""
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["quote"] = quote
    unit, env, start, sheet = map(environment.from_string, (UNIT, ENV, START, SHEET))
    contexts = []
    for name, service in platform.services.items():
        host = platform.hosts[service.host]
        context = {
            "name": name,
            "service": service,
            "host": host,
            "directory": f"{host.checkout}/{service.folder or ''}",
            "values": {key: value(platform, it) for key, it in service.env.items()},
            "command": " ".join(quote(it) for it in service.run.get("command", [service.kind])),
        }
        contexts.append(context)
    yield "router.yaml", router(platform)
    yield "services.json", json.dumps({name: it.model_dump() for name, it in platform.services.items()}, indent=2)
    yield "models.json", json.dumps({name: it.model_dump() for name, it in platform.models.items()}, indent=2)
    for context in contexts:
        folder = f"{context['service'].host}/{context['name']}"
        yield f"{folder}.env", env.render(context)
        yield f"{folder}.start", start.render(context)
        yield f"{folder}.service", unit.render(context)
    for context in contexts:
        yield f"{context['service'].host}/{context['name']}.md", sheet.render(context)


def router(platform):
    """LiteLLM's router.yaml."""
    entries = []
    for name, handle in platform.handles.items():
        targets = handle.models or [handle.model or name]
        for target in targets:
            model = platform.models[target["model"] if isinstance(target, dict) else target]
            entries.append(
                {
                    "model_name": name,
                    "litellm_params": {
                        "model": f"openai/{name}",
                        "api_base": url(platform, model.service, model.port) + "/v1",
                        "api_key": "none",
                    },
                    "model_info": {
                        "max_input_tokens": model.context_length,
                        "max_output_tokens": model.max_output_tokens,
                    },
                }
            )
    # The C emitter is ten times as fast as the one that safe_dump takes by itself.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump({"model_list": entries}, Dumper=dumper, sort_keys=False)


def main():
    """Writes the files."""
    source, out, files = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    platform = Platform.model_validate(tomllib.loads(source.read_text()))
    for host in platform.hosts:
        (out / host).mkdir(parents=True, exist_ok=True)
    written = 0
    for path, text in rendered(platform):
        if written == files:
            break
        (out / path).write_text(text)
        written += 1


if __name__ == "__main__":
    main()
