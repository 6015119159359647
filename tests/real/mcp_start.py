#!/usr/bin/env python3
"""Starts a stdio MCP server from a generated entry with the real `mcp` client, and lists its tools.

    mcp_start.py FILE.json [--server NAME]

FILE is a registry (v1), one of its entries, or a client's file (`mcpServers`, `servers` as a map or
an array); --server names the entry when there are several. What `${VAR}`, `${env:VAR}`, `{env:VAR}` and
`${input:id}` stand for, and every variable that a registry entry only names, gets a made-up value.

The command must be one of this machine or have the name of a runner (uv, uvx, python): `uv` and a
folder of the owner's host are stood in for, so that `uv run --directory D python -m M` runs M from
mcp_servers/ with the tests' Python; what it was told is in `stood_in`.

The answer on standard output:

    {"ok": true, "skipped": null, "server": "web-fetch", "command": [...], "stood_in": {"directory": ...},
     "tools": {"web.fetch": {input schema}, ...}, "missing": [], "unlisted": [],
     "env_missing": [variables named that the server did not get], "seconds": 1.2, "error": null}

Exit 0: it started, has every tool that the entry lists and no other, and got every variable; 1: otherwise;
2: wrong use; 3: the mcp client is not installed here.
"""

import programs

if __name__ == "__main__":
    programs.need_venv("mcp")

import argparse
import asyncio
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STAND_IN = """#!{python}
import json, os, sys
words, directory = sys.argv[1:], None
if os.path.basename(sys.argv[0]) in ("uv", "uvx"):
    if words[:1] == ["run"]:
        words = words[1:]
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag in ("--directory", "--project", "--with", "--python", "--from", "--env-file"):
            value = words.pop(0)
            directory = value if flag in ("--directory", "--project") else directory
    program = words.pop(0)
    if not os.path.basename(program).startswith("python"):
        words = ["-m", os.path.basename(program).replace("-", "_"), *words]
with open({report!r}, "w") as out:
    json.dump({{"directory": directory, "arguments": sys.argv[1:]}}, out)
os.chdir(directory if directory and os.path.isdir(directory) else {servers!r})
os.environ["PYTHONPATH"] = {servers!r}
os.execv({python!r}, [{python!r}, *words])
"""
HOLDER = re.compile(r"\$\{(?:env:|input:)?([A-Za-z_][\w-]*)(?::-[^}]*)?\}|\{env:(\w+)\}")


def entries(value: Any) -> dict[str, dict[str, Any]]:
    """Every server of a file, whatever its shape, by name."""
    if not isinstance(value, dict):
        return {}
    for key in ("mcpServers", "servers", "mcp_servers"):
        found = value.get(key)
        if isinstance(found, dict):
            return {name: {"name": name, **entry} for name, entry in found.items()}
        if isinstance(found, list):
            return {entry.get("name", str(n)): entry for n, entry in enumerate(found)}
    return {value.get("name", "server"): value} if "command" in value else {}


def filled(text: str) -> str:
    return HOLDER.sub(lambda m: f"test-{(m[1] or m[2]).lower()}", text)


async def listed(command: str, args: list[str], env: dict[str, str], cwd: str | None) -> tuple[dict[str, Any], str]:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    parameters = StdioServerParameters(command=command, args=args, env=env, cwd=cwd)
    async with stdio_client(parameters) as (reader, writer), ClientSession(reader, writer) as session:
        hello = await session.initialize()
        tools = await session.list_tools()
        dumped = [tool.model_dump(by_alias=True, exclude_none=True) for tool in tools.tools]
        return {tool["name"]: tool["inputSchema"] for tool in dumped}, hello.instructions or "[]"


def start(entry: dict[str, Any], folder: Path, out: dict[str, Any]) -> None:
    command = entry["command"]
    words = ([command] if isinstance(command, str) else list(command)) + list(entry.get("args") or [])
    words = [filled(word) for word in words]
    given = entry.get("env") or {}
    env = ({name: f"test-{name.lower()}" for name in given} if isinstance(given, list)
           else {name: filled(str(value)) for name, value in given.items()})
    bin_folder, report = folder / "bin", folder / "report.json"
    bin_folder.mkdir()
    text = STAND_IN.format(python=str(programs.VENV / "bin" / "python"), report=str(report),
                           servers=str(programs.HERE / "mcp_servers"))
    for name in ("uv", "uvx", "python", "python3"):
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod((bin_folder / name).stat().st_mode | stat.S_IXUSR)
    program = words[0]
    if (bin_folder / Path(program).name).exists():
        program = str(bin_folder / Path(program).name)
    out["command"] = words
    cwd = entry.get("cwd")
    tools, instructions = asyncio.run(asyncio.wait_for(
        listed(program, words[1:], env | {"PATH": f"{bin_folder}:{os.environ['PATH']}"},
               cwd if cwd and Path(cwd).is_dir() else None), 60))
    out["tools"] = tools
    if report.exists():
        out["stood_in"] = json.loads(report.read_text())
    wanted = entry.get("tools")
    if wanted is not None:
        names = [tool if isinstance(tool, str) else tool.get("name") for tool in wanted]
        out["missing"] = sorted(set(names) - set(tools))
        out["unlisted"] = sorted(set(tools) - set(names))
    try:
        out["env_missing"] = sorted(set(env) - set(json.loads(instructions)))
    except ValueError:
        pass  # a server of another make, whose instructions are prose


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("file")
    parser.add_argument("--server")
    options = parser.parse_args()
    programs.end_on_signals()
    try:
        found = entries(json.loads(Path(options.file).read_text()))
        stdio = {n: e for n, e in found.items() if e.get("command") and e.get("transport", "stdio") == "stdio"}
        name = options.server or next(iter(stdio))
        entry = stdio[name]
    except (OSError, ValueError, KeyError, StopIteration) as error:
        print(f"mcp_start.py: no such stdio server: {type(error).__name__} {error}", file=sys.stderr)
        return 2
    out: dict[str, Any] = {"ok": False, "skipped": None, "server": name, "command": [], "stood_in": None, "tools": {},
                           "missing": [], "unlisted": [], "env_missing": [], "error": None}
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="homelab-mcp-"))
    try:
        start(entry, folder, out)
        out["ok"] = not (out["missing"] or out["unlisted"] or out["env_missing"])
    except BaseException as error:  # anyio wraps what went wrong in groups
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        out["error"] = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    out["seconds"] = round(time.monotonic() - began, 2)
    json.dump(out, sys.stdout, indent=1)
    print()
    return 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
