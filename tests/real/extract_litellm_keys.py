#!/usr/bin/env python3
"""Lists the settings that LiteLLM knows, for src/backend/litellm_keys.txt.

    extract_litellm_keys.py [--check FILE]

Run it with the Python of an environment that has `litellm[proxy]` of the version that we compile for. It prints
one setting a line, section first. With --check it prints nothing and ends with 1 when FILE differs.

- router_settings: the arguments of the Router, without those the proxy fills in itself.
- general_settings: the documented fields, and every key that the proxy's code looks up.
- litellm_settings: the plain attributes of the module, and every key that the proxy's code handles by name.
- top: the sections of the file, as the loader asks for them.
- retry_policy, allowed_fails_policy, routing_strategy, search_provider: the words that are taken there.
- provider: prefixes of a model that are a provider; endpoint: addresses that make one of a model without a prefix.
- model: models that need no prefix, each behind its provider.
- param, model_info: fields of a deployment that have a type, and which values the type takes, one letter for each:
  n null, b true, i 7, f 7.5, d "7", w "word", a "2026-11-21", t 2026-11-21, l ["word"], L [7], m {}.
- model_info_word: the only words that a field takes.
"""

import ast
import datetime
import inspect
import os
import re
import sys
import typing
from importlib.metadata import version
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from litellm.proxy import proxy_server
from litellm.proxy._types import ConfigGeneralSettings
from litellm.types.router import (
    AllowedFailsPolicy, LiteLLM_Params, ModelInfo, RetryPolicy, RoutingStrategy,
)
from litellm.types.utils import SearchProviders

HERE = Path(litellm.__file__).parent
NO_SETTING = re.compile(r"_models$|_endpoints$|_providers$|^known_|_explicitly_set$")
PLAIN = (bool, int, float, str, list, dict, type(None))


def looked_up(name: str) -> set[str]:
    """The keys that the proxy's code asks a dictionary of this name for."""
    pattern = re.compile(rf"\b{name}(?:\.get\(|\[)\s*[\"']([a-z0-9_]+)[\"']")
    return {key for file in (HERE / "proxy").rglob("*.py") for key in pattern.findall(file.read_text())}


def handled(dictionary: str) -> set[str]:
    """The keys that the loader compares by name while it goes through a dictionary."""
    tree = ast.parse(Path(proxy_server.__file__).read_text())
    keys: set[str] = set()
    for loop in ast.walk(tree):
        if not isinstance(loop, ast.For) or ast.unparse(loop.iter) != f"{dictionary}.items()":
            continue
        for node in ast.walk(loop):
            if isinstance(node, ast.Compare) and ast.unparse(node.left) == "key":
                keys |= {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
    return keys


def attributes() -> set[str]:
    """The plain attributes that the module's own text assigns or imports, without its own tables."""
    assigned: set[str] = set()
    for node in ast.parse((HERE / "__init__.py").read_text()).body:
        if isinstance(node, ast.ImportFrom):
            assigned |= {alias.asname or alias.name for alias in node.names}
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        assigned |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {
        name for name in assigned
        if re.fullmatch(r"[a-z][a-z0-9_]*", name) and not NO_SETTING.search(name)
        and isinstance(getattr(litellm, name, ...), PLAIN)
    }


def top() -> set[str]:
    """The sections that the loader asks the whole file for."""
    text = inspect.getsource(proxy_server.ProxyConfig)
    keys = set(re.findall(r"\bconfig\.get\(\s*[\"'](\w+)[\"']", text)) | {"include", "model_list"}
    return keys - {"enabled", "force_reload", "interval_hours", "plugins"}


SAMPLES: dict[str, list[object]] = {
    "n": [None], "b": [True], "i": [7], "f": [7.5], "d": ["7"], "w": ["word"], "a": ["2026-11-21"],
    "t": [datetime.date(2026, 11, 21)], "l": [[], ["word"]], "L": [[7]], "m": [{}, {"a": 7}, {"a": "word"}],
}


def takes(name: str, value: object, make: typing.Callable[[dict], object]) -> bool:
    try:
        make({name: value})
        return True
    except Exception:
        return False


def typed(model: type, make: typing.Callable[[dict], object]) -> list[str]:
    """The fields whose type refuses some value, each with what it takes."""
    lines = []
    for name in model.model_fields:
        mask = "".join(letter for letter, values in SAMPLES.items() if any(takes(name, v, make) for v in values))
        if mask != "".join(SAMPLES):
            lines.append(f"{name} {mask}")
    return lines


def words(model: type) -> list[str]:
    """The words of fields that take no other."""
    return [f"{name} {word}" for name, field in model.model_fields.items()
            for literal in (typing.get_args(field.annotation) or ()) if typing.get_origin(literal) is typing.Literal
            for word in typing.get_args(literal)]


def provider(model: str, base: str | None = None) -> str | None:
    try:
        return str(litellm.get_llm_provider(model=model, api_base=base)[1])
    except Exception:
        return None


def providers() -> set[str]:
    # This one would sign in over the network to answer.
    from litellm.llms.github_copilot.authenticator import Authenticator
    Authenticator.get_api_key = Authenticator.get_api_base = lambda self: "offline"  # type: ignore[method-assign]
    candidates = {str(getattr(it, "value", it)) for it in litellm.provider_list} | set(litellm.openai_compatible_providers)
    return {it for it in candidates if provider(f"{it}/a-model")} | set(litellm._known_custom_logger_compatible_callbacks)


def models(prefixes: set[str]) -> set[str]:
    """Names that LiteLLM takes without a prefix, or with one that is none."""
    lists = [v for k, v in vars(litellm).items() if k.endswith("_models") and isinstance(v, (list, set))]
    names = {name for them in lists for name in them if isinstance(name, str)} | set(litellm.model_cost)
    bare = {it for it in names if it.split("/")[0] not in prefixes and re.fullmatch(r"[!-~]+", it)}
    return {f"{found} {it}" for it in bare if (found := provider(it))}


def main() -> int:
    sys.stdout, answer = sys.stderr, sys.stdout  # LiteLLM prints advice about unknown providers
    prefixes = providers()
    managed = getattr(proxy_server, "ROUTER_SETTINGS_MANAGED_OUTSIDE_CONFIG", ())
    sections = {
        "router_settings": set(litellm.Router.get_valid_args()) - set(managed),
        "general_settings": set(ConfigGeneralSettings.model_fields) | looked_up("general_settings"),
        "litellm_settings": attributes() | handled("litellm_settings") | looked_up("litellm_settings"),
        "top": top(),
        "retry_policy": set(RetryPolicy.model_fields),
        "allowed_fails_policy": set(AllowedFailsPolicy.model_fields),
        "routing_strategy": {it.value for it in RoutingStrategy} | {"simple-shuffle", "lar1"},
        "search_provider": {it.value for it in SearchProviders},
        "provider": prefixes,
        "endpoint": {it for it in litellm.openai_compatible_endpoints if isinstance(it, str)},
        "model": models(prefixes),
        "param": typed(LiteLLM_Params, lambda fields: LiteLLM_Params(**{"model": "openai/a-model", **fields})),
        "model_info": typed(ModelInfo, lambda fields: ModelInfo(**{"id": "an-id", **fields})),
        "model_info_word": words(ModelInfo),
    }
    sys.stdout = answer
    lines = [f"# LiteLLM {version('litellm')}, made by tests/real/extract_litellm_keys.py\n"]
    lines += [f"{section} {key}\n" for section in sorted(sections) for key in sorted(sections[section])]
    text = "".join(lines)
    if sys.argv[1:2] == ["--check"] and len(sys.argv) == 3:
        return 0 if Path(sys.argv[2]).read_text() == text else 1
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # LiteLLM's background tasks never end
