#!/usr/bin/env python3
"""Lists the settings that LiteLLM knows, for src/backend/litellm_keys.txt.

    extract_litellm_keys.py [--check FILE]

Run it with the Python of an environment that has `litellm[proxy]` of the version that we compile for. It prints
one setting a line, section first. With --check it prints nothing and ends with 1 when FILE differs.

- router_settings: the arguments of the Router, without those the proxy fills in itself.
- general_settings: the documented fields, and every key that the proxy's code looks up.
- litellm_settings: the plain attributes of the module, and every key that the proxy's code handles by name.
"""

import ast
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from litellm.proxy import proxy_server
from litellm.proxy._types import ConfigGeneralSettings

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


def main() -> int:
    managed = getattr(proxy_server, "ROUTER_SETTINGS_MANAGED_OUTSIDE_CONFIG", ())
    sections = {
        "router_settings": set(litellm.Router.get_valid_args()) - set(managed),
        "general_settings": set(ConfigGeneralSettings.model_fields) | looked_up("general_settings"),
        "litellm_settings": attributes() | handled("litellm_settings") | looked_up("litellm_settings"),
    }
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
