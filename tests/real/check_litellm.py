#!/usr/bin/env python3
"""Loads a router.yaml with the real LiteLLM, offline, and says what it made of it.

    check_litellm.py ROUTER.yaml [--env FILE.env]...

Every `os.environ/NAME` of the file that no --env file sets gets a dummy value. The answer on
standard output is one JSON object:

    {"ok": true, "schema": "ok", "declared": 12, "live": 12, "dropped": [], "extra": [],
     "changed_ids": [], "dead_retry_keys": [], "dead_settings": [], "dangling": [], "unset": [...],
     "logs": [[level, message], ...], "fatal": null, "seconds": 5.1, "version": "..."}

Exit 0: it loads, live models are the declared ones with their ids, nothing dead or dangling, and no
log of WARNING or above; 1: otherwise; 2: wrong use; 3: LiteLLM is not installed here.
"""

import programs

programs.need_venv("litellm")

import asyncio
import collections
import json
import logging
import os
import re
import sys
import time
import warnings
from pathlib import Path

from read_back import environment_file


def main() -> int:
    words = sys.argv[1:]
    files = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "--env"]
    rest = [word for i, word in enumerate(words) if word != "--env" and (i == 0 or words[i - 1] != "--env")]
    if len(rest) != 1 or rest[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    start = time.monotonic()
    path = Path(rest[0]).resolve()
    text = path.read_text()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.pop("DATABASE_URL", None)
    for file in files:
        os.environ |= {k: v for k, v in environment_file(Path(file).read_text()).items() if v != ""}
    unset = sorted({n for n in re.findall(r"os\.environ/(\w+)", text) if n not in os.environ})
    for name in unset:
        os.environ[name] = ("sk-offline-check" if "KEY" in name else "openai/dummy" if "MODEL" in name
                            else "http://127.0.0.1:9/v1")
    os.environ.setdefault("LITELLM_MASTER_KEY", "sk-offline-check")
    os.chdir(path.parent)

    logs: list[tuple[str, str]] = []

    # Not a handler: `json_logs: true` makes LiteLLM throw all handlers away and start anew.
    handle = logging.Logger.handle

    def heard(self: logging.Logger, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            logs.append((record.levelname, (record.getMessage().splitlines() or [""])[0]))
        handle(self, record)

    logging.Logger.handle = heard  # type: ignore[method-assign]

    import yaml

    raw = yaml.safe_load(text)
    out: dict = {"ok": False, "schema": "ok", "fatal": None, "unset": unset}
    answer, sys.stdout = sys.stdout, sys.stderr  # LiteLLM prints a banner
    logging.captureWarnings(True)
    warnings.simplefilter("ignore")
    import litellm
    from importlib.metadata import version
    from litellm.proxy._types import ConfigYAML
    from litellm.proxy.proxy_server import ProxyConfig
    from litellm.types.router import RetryPolicy

    out["version"] = version("litellm")
    known_settings = set(vars(litellm))
    try:
        ConfigYAML.model_validate(raw)
    except Exception as error:  # pydantic's own words are the answer
        out["schema"] = str(error)
    models = raw.get("model_list") or []
    declared = collections.Counter((m["model_name"], (m.get("model_info") or {}).get("id")) for m in models)
    router = None
    try:
        router, _, _ = asyncio.new_event_loop().run_until_complete(
            asyncio.wait_for(ProxyConfig().load_config(router=None, config_file_path=str(path)), 45))
    except BaseException as error:  # LiteLLM may even call sys.exit
        out["fatal"] = f"{type(error).__name__}: {error}"
    # LiteLLM lists a group once more under each of its aliases.
    aliases = (raw.get("router_settings") or {}).get("model_group_alias") or {}
    live = collections.Counter((m["model_name"], (m.get("model_info") or {}).get("id"))
                               for m in (router.get_model_list() if router else None) or []
                               if m["model_name"] not in aliases)
    names = lambda counted: collections.Counter(name for name, _ in counted.elements())
    out["declared"], out["live"] = declared.total(), live.total()
    out["dropped"] = sorted((names(declared) - names(live)).elements())
    out["extra"] = sorted((names(live) - names(declared)).elements())
    out["changed_ids"] = sorted(f"{n} {i}" for n, i in (declared - live).elements() if i is not None)
    settings = raw.get("router_settings") or {}
    out["dead_retry_keys"] = [k for k in settings.get("retry_policy") or {} if k not in RetryPolicy.model_fields]
    # What litellm_settings names and the module never had is set and never read.
    out["dead_settings"] = [k for k in raw.get("litellm_settings") or {}
                            if k not in known_settings and k not in ("cache_params", "callback_settings",
                                                                      "default_fallbacks", "json_logs")]
    wanted = {m["model_name"] for m in models} | set(settings.get("model_group_alias") or {})
    out["dangling"] = [[k, t] for key in ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
                       for d in settings.get(key) or [] for k, v in d.items() for t in [k, *v] if t not in wanted]
    out["logs"] = logs
    out["seconds"] = round(time.monotonic() - start, 2)
    wrong = ("fatal", "dropped", "extra", "changed_ids", "dead_retry_keys", "dead_settings", "dangling", "logs")
    out["ok"] = out["schema"] == "ok" and not any(out[key] for key in wrong)
    sys.stdout = answer
    print(json.dumps(out, indent=1))
    return 0 if out["ok"] else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # LiteLLM's background tasks never end
