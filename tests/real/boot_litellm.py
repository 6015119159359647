#!/usr/bin/env python3
"""Boots the real LiteLLM proxy on loopback with scripted servers behind it, and asks every handle.

    boot_litellm.py ROUTER.yaml [--env FILE.env|FILE.json]... [--public FILE] [--optillm scripted|real|none]
                    [--proxy-config FILE] [--optillm-env FILE] [--optillm-at 127.0.0.1:4020]
                    [--gateway-at 127.0.0.1:4000] [--search-at HOST:PORT] [--dead HOST:PORT]... [--sick] [--cached] [--quick] [--keep]

Every http(s)://HOST:PORT in the router, the environment and OptiLLM's files is rewritten in a
copy to a server on loopback: the gateway's own address to LiteLLM, OptiLLM's to OptiLLM, that of
SEARXNG_API_BASE (or --search-at) to a scripted SearXNG, any other to a scripted model server of its
own, so nothing can leave the machine and each hop is known by its real address. A variable that is
unset or empty gets a made-up key when its name speaks of a key, token or secret; any other is `unset`.

--public    the handles to ask: a JSON array of names, or handles.jsonl (rows of kind "model"); without
            it every model_name that does not begin with "router-"
--optillm   `scripted` (the default) calls LiteLLM back as OptiLLM 0.4.0 would; `real` is OptiLLM 0.4.0
            itself behind a recorder. Both read --proxy-config, and check the key that the router sends.
--sick      afterwards every model server answers 503: one handle of each route is asked again, and
            the calls that this causes are counted (a loop shows as many)
--cached    each handle is asked the same again, and then no server may be asked: what was kept is the answer
--dead      the server at this address answers 503 from the beginning
--quick     no streams; --keep keeps the folder with the logs and names it

The answer on standard output:

    {"ok": true, "skipped": null, "seconds": {"optillm": 2.1, "litellm": 9.8, "all": 15.2},
     "boot_hops": [what LiteLLM asked of the servers unasked], "unset": [], "models": [names in /v1/models], "models_without_key": 401,
     "handles": [{"handle", "ok", "status", "text", "model", "error",
                  "hops": [{"at": "192.168.1.72:8102", "server", "path", "model", "key", "fields"}],
                  "stream": {"ok", "status", "text", "chunks", "hops"},
                  "again": {"ok", "status", "text", "hops"}}],
     "search": [{"tool", "ok", "status", "titles", "hops"}],
     "sick": [{"handle", "status", "seconds", "hops"}],
     "health": {"/health/readiness": 200, ...}, "exit": -15,
     "boot_warnings": [lines until it was up], "log_warnings": [all such lines]}

Exit 0: booted without a complaint, all handles and search tools answered, no hop went in a circle; 1: otherwise;
2: wrong use; 3: LiteLLM (or the real OptiLLM) is not installed here.
"""

import programs

if __name__ == "__main__":
    programs.need_venv("litellm")

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import scripted
from read_back import environment_file
from scripted import Reply, Scripted

URL = re.compile(r"https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])(?::(\d+))?(?=[/\"'\s]|$)")
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")
MOST_HOPS = 25  # more calls than this for one completion are a circle


def ask(url: str, body: Any = None, key: str | None = None, seconds: float = 60) -> tuple[int, str]:
    """The status and text of one request; 0 and the error when there was no answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return response.status, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
    except OSError as error:
        return 0, f"{type(error).__name__}: {error}"


def recorder(name: str, port: int) -> Scripted:
    """Writes down what passes on its way to a real program at `port`."""

    def answer(seen: dict[str, Any]) -> Reply:
        key = seen["headers"].get("authorization", "").removeprefix("Bearer ") or None
        stream = isinstance(seen["body"], dict) and seen["body"].get("stream")
        status, text = ask(f"http://127.0.0.1:{port}{seen['path']}", seen["body"], key)
        if stream and status == 200:
            events = [line[6:] for line in text.splitlines() if line.startswith("data: ") and line != "data: [DONE]"]
            return Reply(None, events=[json.loads(event) for event in events])
        try:
            return Reply(json.loads(text), status or 502)
        except ValueError:
            return Reply({"error": text}, status or 502)

    return Scripted(name, answer)


class World:
    """All servers of one run, and the addresses that they stand in for."""

    def __init__(self, options: argparse.Namespace, search_at: str | None):
        self.options, self.search_at = options, search_at
        self.gateway_port = programs.free_port()
        self.servers: dict[str, Scripted] = {}
        self.sick: set[str] = set(options.dead)
        self.optillm_port: int | None = None
        self.calls = 0
        self.lock = threading.Lock()

    def guarded(self, server: Scripted) -> Scripted:
        """Refuses when one completion causes too many calls, so that a circle ends."""
        inner = server.answer

        def answer(seen: dict[str, Any]) -> Reply:
            with self.lock:
                self.calls += 1
                calls = self.calls
            if calls > MOST_HOPS and seen["method"] == "POST":
                return Reply({"error": {"message": "a circle: too many calls for one completion"}}, 508)
            return inner(seen)

        server.answer = answer
        return server

    def place(self, host: str, port: str | None) -> str:
        """The loopback address that stands for HOST:PORT."""
        at = f"{host}:{port or 80}"
        local = re.sub(r"^(localhost|0\.0\.0\.0)(?=:)", "127.0.0.1", at)
        if local == self.options.gateway_at:
            return f"127.0.0.1:{self.gateway_port}"
        if local == self.options.optillm_at and self.optillm_port is not None:
            return f"127.0.0.1:{self.optillm_port}"
        if local not in self.servers:
            made = scripted.searxng(local) if local == self.search_at else scripted.model_server(local, self.sick)
            self.servers[local] = self.guarded(made)
        return self.servers[local].address

    def rewrite(self, text: str) -> str:
        return URL.sub(lambda m: f"http://{self.place(m.group(1), m.group(2))}", text)

    def fresh(self) -> None:
        """Forgets what was seen."""
        with self.lock:
            self.calls = 0
        for server in self.servers.values():
            server.taken()

    def hops(self) -> list[dict[str, Any]]:
        """What the servers saw since `fresh`, in order of time."""
        rows = [row for server in self.servers.values() for row in server.taken()]
        out = []
        for row in sorted(rows, key=lambda row: row["at"]):
            body = row["body"] if isinstance(row["body"], dict) else {}
            out.append({
                "at": row["server"], "method": row["method"], "path": row["path"], "model": row["model"],
                "key": row["headers"].get("authorization", "").removeprefix("Bearer ") or None,
                "fields": {k: v for k, v in body.items() if k not in ("model", "messages")},
                # OptiLLM asks a model once whether it takes system messages: not the caller's own request.
                "probe": [m.get("content") for m in body.get("messages") or []] == ["test", "hi"],
            } | ({"query": row["query"]} if row["query"] else {}))
        return out

    def close(self) -> None:
        for server in self.servers.values():
            server.close()


def environment(files: list[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for file in files:
        text = Path(file).read_text()
        out |= {k: str(v) for k, v in json.loads(text).items()} if file.endswith(".json") else environment_file(text)
    return {k: v for k, v in out.items() if v != ""}


def completed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
        if "data" in value:
            return {"text": f"{len(value['data'])} embeddings", "model": value.get("model")}
        return {"text": value["choices"][0]["message"]["content"], "model": value.get("model")}
    except (ValueError, KeyError, IndexError, TypeError):
        return {"text": None, "model": None}


def streamed(text: str) -> tuple[str, int]:
    words = []
    for line in text.splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            try:
                choices = json.loads(line[6:]).get("choices") or []
            except ValueError:
                continue
            words += [choice.get("delta", {}).get("content") or "" for choice in choices]
    return "".join(words), len(words)


def warnings(log: Path) -> list[str]:
    """The lines of LiteLLM's log that complain."""
    if not log.exists():
        return []
    told = re.compile(r"WARNING|ERROR|CRITICAL|Traceback")
    return [line[:400] for line in log.read_text(errors="replace").splitlines() if told.search(line)][:40]


def run(options: argparse.Namespace, folder: Path, out: dict[str, Any]) -> None:
    import yaml

    start = time.monotonic()
    source = Path(options.router).resolve()
    raw = yaml.safe_load(source.read_text())
    env = environment(options.env)
    named = set(re.findall(r"os\.environ/(\w+)", source.read_text()))
    out["unset"] = sorted(n for n in named if n not in env and not SECRET.search(n))
    for name in sorted(n for n in named if n not in env and SECRET.search(n)):
        env[name] = f"sk-test-{name.lower()}" if "MASTER" in name else f"test-{name.lower()}"
    env.setdefault("LITELLM_MASTER_KEY", "sk-test-litellm_master_key")

    def resolved(value: Any) -> Any:
        return env.get(value[11:]) if isinstance(value, str) and value.startswith("os.environ/") else value

    master = resolved((raw.get("general_settings") or {}).get("master_key")) or env["LITELLM_MASTER_KEY"]
    search_bases = [resolved(t["litellm_params"].get("api_base")) for t in raw.get("search_tools") or []]
    search_bases = [base for base in [*search_bases, env.get("SEARXNG_API_BASE")] if base]
    search_at = options.search_at or next((f"{m[1]}:{m[2] or 80}" for m in map(URL.match, search_bases) if m), None)
    search_at = re.sub(r"^localhost(?=:)", "127.0.0.1", search_at) if search_at else None
    world = World(options, search_at)
    optillm_process = litellm_process = None
    try:
        # OptiLLM, as itself or scripted; its key is what the router sends there.
        if options.optillm != "none" and options.proxy_config:
            bases = [(resolved(m["litellm_params"].get("api_base")) or "", m) for m in raw["model_list"]]
            keys = {resolved(m["litellm_params"].get("api_key")) for base, m in bases
                    if f"//{options.optillm_at}/" in re.sub("//localhost:", "//127.0.0.1:", base) + "/"}
            out["optillm_keys"] = sorted(str(k) for k in keys)
            key = next(iter(keys), None)
            text = Path(options.proxy_config).read_text()
            own = environment(options.optillm_env)
            for name in re.findall(r"\$\{(\w+)\}", text):
                own.setdefault(name, master if SECRET.search(name) else "unset")
            if options.optillm == "real":
                home = folder / "optillm"
                (home / ".optillm").mkdir(parents=True)
                (home / ".optillm" / "proxy_config.yaml").write_text(world.rewrite(text))
                port = programs.free_port()
                command = [str(programs.VENV_OPTILLM / "bin" / "optillm"), "--host", "127.0.0.1", "--port", str(port),
                           "--base-url", f"http://127.0.0.1:{world.gateway_port}/v1", "--approach", "proxy",
                           *(["--optillm-api-key", key] if key else [])]
                began = time.monotonic()
                optillm_process = programs.start(
                    command,
                    {"PATH": os.environ["PATH"], "PYTHONPATH": str(programs.HERE / "optillm_absent"),
                     "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                     **{k: world.rewrite(v) for k, v in own.items()}, "HOME": str(home)},
                    home, folder / "optillm.log")
                scripted.wait_for(f"http://127.0.0.1:{port}/health", 60, lambda: optillm_process.poll() is None)
                out["seconds"]["optillm"] = round(time.monotonic() - began, 2)
                server = recorder(options.optillm_at, port)
            else:
                filled = re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda m: own.get(m[1], m[2] or m[0]), text)
                server = scripted.optillm(yaml.safe_load(world.rewrite(filled)), key, name=options.optillm_at)
            world.servers[options.optillm_at] = world.guarded(server)
            world.optillm_port = server.port

        # LiteLLM, with a copy of the router's folder, for modules beside it.
        shutil.copytree(source.parent, folder / "config", symlinks=False, ignore_dangling_symlinks=True)
        router = folder / "config" / source.name
        router.write_text(world.rewrite(source.read_text()))
        command = [str(programs.VENV / "bin" / "litellm"), "--config", str(router), "--host", "127.0.0.1", "--port",
                   str(world.gateway_port)]
        began = time.monotonic()
        litellm_process = programs.start(
            command,
            {"PATH": f"{programs.VENV / 'bin'}:{os.environ['PATH']}", "HOME": str(folder),
             "LITELLM_LOCAL_MODEL_COST_MAP": "True", **{k: world.rewrite(v) for k, v in env.items()}},
            folder / "config", folder / "litellm.log")
        base = f"http://127.0.0.1:{world.gateway_port}"
        scripted.wait_for(f"{base}/health/liveliness", 90, lambda: litellm_process.poll() is None)
        out["seconds"]["litellm"] = round(time.monotonic() - began, 2)

        out["boot_warnings"] = warnings(folder / "litellm.log")
        out["health"] = {path: ask(base + path)[0] for path in ("/health/liveliness", "/health/readiness")}
        status, text = ask(f"{base}/v1/models", key=master)
        out["models"] = sorted(row["id"] for row in json.loads(text)["data"]) if status == 200 else text
        out["models_without_key"] = ask(f"{base}/v1/models")[0]
        out["boot_hops"] = world.hops()

        modes = {m["model_name"]: (m.get("model_info") or {}).get("mode", "chat") for m in raw["model_list"]}
        if options.public:
            text = Path(options.public).read_text()
            rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(t) for t in text.splitlines() if t]
            public = [r if isinstance(r, str) else r["handle"] for r in rows
                      if isinstance(r, str) or r.get("kind") == "model"]
        else:
            public = [name for name in dict.fromkeys(modes) if not name.startswith("router-")]

        def question(handle: str, stream: bool) -> tuple[str, dict[str, Any]]:
            if modes.get(handle) == "embedding":
                return "/v1/embeddings", {"model": handle, "input": "hello"}
            body: dict[str, Any] = {"model": handle, "messages": [{"role": "user", "content": f"hello {handle}"}]}
            return "/v1/chat/completions", body | ({"stream": True} if stream else {})

        for handle in public:
            path, body = question(handle, False)
            world.fresh()
            status, text = ask(base + path, body, master)
            row: dict[str, Any] = {"handle": handle, "status": status, **completed(text), "hops": world.hops(),
                                   "error": None if status == 200 else text[:600]}
            row["ok"] = status == 200 and 0 < len(row["hops"]) <= MOST_HOPS
            if not options.quick and path.endswith("completions"):
                world.fresh()
                status, text = ask(base + path, question(handle, True)[1], master)
                words, count = streamed(text)
                row["stream"] = {"ok": status == 200 and words != "", "status": status, "text": words,
                                 "chunks": count, "hops": world.hops()}
                row["ok"] = row["ok"] and row["stream"]["ok"]
            if options.cached:
                world.fresh()
                status, text = ask(base + path, body, master)
                again = {"status": status, **completed(text), "hops": world.hops()}
                row["again"] = again | {"ok": status == 200 and again["hops"] == []}
                row["ok"] = row["ok"] and row["again"]["ok"]
            out["handles"].append(row)

        for tool in raw.get("search_tools") or []:
            world.fresh()
            name = tool["search_tool_name"]
            status, text = ask(f"{base}/v1/search/{name}", {"query": f"ping {name}", "max_results": 3}, master)
            try:
                titles = [r["title"] for r in json.loads(text)["results"]]
            except (ValueError, KeyError, TypeError):
                titles = []
            out["search"].append({"tool": name, "ok": status == 200 and titles != [], "status": status,
                                  "titles": titles, "error": None if status == 200 else text[:600],
                                  "hops": world.hops()})

        if options.sick:
            world.sick.add("*")
            routes: dict[str, str] = {}
            for row in out["handles"]:
                routes.setdefault(row["hops"][0]["at"] if row["hops"] else "", row["handle"])
            for handle in routes.values():
                path, body = question(handle, False)
                world.fresh()
                began = time.monotonic()
                status, text = ask(base + path, body, master, 120)
                out["sick"].append({"handle": handle, "status": status, "error": text[:300],
                                    "seconds": round(time.monotonic() - began, 2), "hops": world.hops()})
        circles = [row["handle"] for row in [*out["handles"], *out["sick"]] if len(row["hops"]) > MOST_HOPS]
        out["circles"] = circles
        out["ok"] = (all(row["ok"] for row in [*out["handles"], *out["search"]]) and not circles
                     and not out["unset"] and not out["boot_warnings"] and set(out["health"].values()) == {200})
    finally:
        out["exit"] = programs.end(litellm_process)
        programs.end(optillm_process)
        world.close()
        log = folder / "litellm.log"
        out["log_warnings"] = warnings(log)
        if out["models"] is None and log.exists():
            out["log_end"] = log.read_text(errors="replace").splitlines()[-25:]
        out["seconds"]["all"] = round(time.monotonic() - start, 2)


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("router")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--public")
    parser.add_argument("--optillm", choices=("scripted", "real", "none"), default="scripted")
    parser.add_argument("--proxy-config")
    parser.add_argument("--optillm-env", action="append", default=[])
    parser.add_argument("--optillm-at", default="127.0.0.1:4020")
    parser.add_argument("--gateway-at", default="127.0.0.1:4000")
    parser.add_argument("--search-at")
    parser.add_argument("--dead", action="append", default=[])
    for flag in ("--sick", "--cached", "--quick", "--keep"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    programs.end_on_signals()
    out: dict[str, Any] = {"ok": False, "skipped": None, "seconds": {}, "unset": [], "models": None, "handles": [],
                           "search": [], "sick": [], "circles": [], "boot_hops": [], "health": {}, "boot_warnings": [], "log_warnings": [],
                           "error": None}
    if options.optillm == "real" and not (programs.VENV_OPTILLM / "bin" / "optillm").exists():
        out["skipped"] = "OptiLLM is not installed: run tests/setup"
    else:
        folder = Path(tempfile.mkdtemp(prefix="homelab-litellm-"))
        try:
            run(options, folder, out)
        except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as error:
            out["error"] = f"{type(error).__name__}: {error}"
        finally:
            if options.keep:
                out["folder"] = str(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
    json.dump(out, sys.stdout, indent=1)
    print()
    return 3 if out["skipped"] else 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
