#!/usr/bin/env python3
"""Loads many configurations with the real LiteLLM, offline, and says what it made of each.

    judge_litellm.py CONFIG.yaml...

LiteLLM is imported once; each file is loaded in a child process of its own, so nothing of one shows in the next.
Every `os.environ/NAME` of a file gets a dummy value, unless the file itself sets it below `environment_variables`:
then the real order of things decides. The answer on standard output is one JSON object a line, in the order asked:

    {"file": "...", "schema": "ok", "fatal": null, "declared": 3, "live": ["chat"], "logs": [[level, message], ...],
     "router": {"num_retries": 2, ...}, "settings": {"drop_params": true}}

Exit 0: all were loaded or refused; 2: wrong use; 3: LiteLLM is not installed here.
"""

import programs

programs.need_venv("litellm")

import asyncio
import json
import logging
import os
import re
import select
import signal
import sys
import time
import warnings
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
for name in ("DATABASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
    os.environ.pop(name, None)

warnings.simplefilter("ignore")

import yaml  # noqa: E402
import litellm  # noqa: E402
from litellm.proxy import proxy_server  # noqa: E402
from litellm.proxy._types import ConfigYAML  # noqa: E402

proxy_server.run_ollama_serve = lambda: None  # nothing is started here

ROUTER = ("num_retries", "retry_after", "timeout", "stream_timeout", "cooldown_time", "allowed_fails", "max_fallbacks",
          "routing_strategy", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks",
          "enable_pre_call_checks", "disable_cooldowns")
SETTINGS = ("drop_params", "json_logs", "modify_params", "callbacks", "cache", "turn_off_message_logging")


def dummy(name: str) -> str:
    return ("sk-offline-check" if re.search("KEY|TOKEN|SECRET", name) else
            "openai/dummy" if "MODEL" in name else "http://127.0.0.1:9/v1")


def judge(path: Path) -> dict:
    text = path.read_text()
    logs: list[tuple[str, str]] = []
    handle = logging.Logger.handle

    def heard(self: logging.Logger, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            logs.append((record.levelname, (record.getMessage().splitlines() or [""])[0][:300]))
        handle(self, record)

    logging.Logger.handle = heard  # type: ignore[method-assign]
    out: dict = {"file": str(path), "schema": "ok", "fatal": None, "declared": 0, "live": []}
    before = {name: getattr(litellm, name, None) for name in SETTINGS}
    try:
        raw = yaml.safe_load(text)
        own = (raw.get("environment_variables") or {}) if isinstance(raw, dict) else {}
    except Exception:
        raw, own = {}, {}
    texts = [text] + [p.read_text() for p in path.parent.glob("*.yaml") if p != path and (raw or {}).get("include")]
    for name in set(re.findall(r"os\.environ/(\w+)", "\n".join(texts))):
        if name not in own:
            os.environ.setdefault(name, dummy(name))
    os.environ.setdefault("LITELLM_MASTER_KEY", "sk-offline-check")
    os.chdir(path.parent)
    try:
        ConfigYAML.model_validate(raw)
    except Exception as error:
        out["schema"] = str(error).splitlines()[0]
    seen: dict = {}
    merge = proxy_server.ProxyConfig._process_includes

    async def merged(self, config: dict, config_file_path: str) -> dict:
        result = await merge(self, config=config, config_file_path=config_file_path)
        seen["declared"] = len(result.get("model_list") or [])
        return result

    proxy_server.ProxyConfig._process_includes = merged
    router = None
    try:
        router, _, _ = asyncio.new_event_loop().run_until_complete(asyncio.wait_for(
            proxy_server.ProxyConfig().load_config(router=None, config_file_path=str(path)), 30))
    except BaseException as error:
        out["fatal"] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
    out["declared"] = seen.get("declared", 0)
    if router:
        aliases = router.model_group_alias or {}
        out["live"] = sorted(str(m["model_name"]) for m in router.model_list)
        out["aliases"] = sorted(map(str, aliases))
        out["router"] = {k: v for k in ROUTER if isinstance(v := getattr(router, k, None), (str, int, float, list, bool))}
        out["fallbacks"] = {k: v for entry in (router.fallbacks or []) for k, v in entry.items()}
    out["settings"] = {k: v for k in SETTINGS
                       if isinstance(v := getattr(litellm, k, None), (bool, list, str)) and v != before[k]}
    out["logs"] = logs
    return out


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # LiteLLM prints a banner
    for name in sys.argv[1:]:
        path = Path(name).resolve()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            with os.fdopen(writer, "w") as out:
                json.dump(judge(path), out, default=str)
            os._exit(0)  # LiteLLM's background tasks never end
        os.close(writer)
        data, end = b"", time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([reader], [], [], 1)[0]:
                more = os.read(reader, 1 << 16)
                if not more:
                    break
                data += more
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        found = json.loads(data or b"{}") or {"file": str(path), "fatal": "no answer", "declared": 0, "live": []}
        found["file"] = name
        print(json.dumps(found), file=answer, flush=True)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
