"""What an owner would write instead of `homelab build`: `owner.py platform.toml OUT`.

tomllib reads, pydantic checks, Jinja2 renders a unit, an env file and a start script for each service, PyYAML writes router.yaml. It checks and writes far less than homelab does.
"""

import pathlib
import sys
import tomllib

import yaml
from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict

UNIT = """[Unit]
Description={{ service.title or name }}
After=network-online.target

[Service]
User={{ user }}
WorkingDirectory={{ directory }}
EnvironmentFile={{ service.env_file }}
ExecStart=/usr/local/lib/homelab/start/{{ name }}
Restart=on-failure
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""

ENV = """# {{ name }}
{% for key, value in values.items() %}{{ key }}={{ value }}
{% endfor %}"""

START = """#!/bin/sh
cd {{ directory }} || exit 78
exec {{ command }}
"""


class Strict(BaseModel):
    model_config = ConfigDict(extra="allow")


class Host(Strict):
    os: str
    addresses: dict[str, str] = {}
    user: str = "root"
    checkout: str = ""


class Service(Strict):
    kind: str
    host: str
    title: str | None = None
    port: int | None = None
    folder: str | None = None
    env_file: str | None = None
    env: dict[str, str | int | bool | dict] = {}
    run: dict = {}


class Model(Strict):
    service: str
    port: int | None = None
    max_output_tokens: int | None = None


class Platform(Strict):
    hosts: dict[str, Host]
    services: dict[str, Service]
    models: dict[str, Model] = {}
    handles: dict[str, dict] = {}


def value(platform: Platform, written) -> str:
    """A variable's value: text, or the URL of the service it names."""
    if not isinstance(written, dict):
        return str(written)
    if "url" in written:
        service = platform.services[written["url"]]
        address = next(iter(platform.hosts[service.host].addresses.values()), "127.0.0.1")
        return f"http://{address}:{service.port}{written.get('path', '')}"
    return ""


def main() -> None:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    platform = Platform.model_validate(tomllib.loads(source.read_text()))
    environment = Environment(undefined=StrictUndefined)
    templates = {name: environment.from_string(text) for name, text in [("service", UNIT), ("env", ENV), ("start", START)]}
    out.mkdir(parents=True, exist_ok=True)
    for name, service in platform.services.items():
        host = platform.hosts[service.host]
        context = {
            "name": name,
            "service": service,
            "user": host.user,
            "directory": f"{host.checkout}/{service.folder or ''}",
            "values": {key: value(platform, it) for key, it in service.env.items()},
            "command": " ".join(str(it) for it in service.run.get("command", [service.kind])),
        }
        for kind, template in templates.items():
            (out / f"{name}.{kind}").write_text(template.render(context))
    models = []
    for handle, fields in platform.handles.items():
        model = platform.models[fields.get("model", handle)]
        service = platform.services[model.service]
        address = next(iter(platform.hosts[service.host].addresses.values()), "127.0.0.1")
        models.append(
            {
                "model_name": handle,
                "litellm_params": {"model": f"openai/{handle}", "api_base": f"http://{address}:{model.port or service.port}/v1", "api_key": "none"},
                "model_info": {"id": handle, "max_output_tokens": model.max_output_tokens},
            }
        )
    (out / "router.yaml").write_text(yaml.safe_dump({"model_list": models}, sort_keys=False))


if __name__ == "__main__":
    main()
