#!/usr/bin/env python3
"""Reads documents as their consumers do and dumps what they see, as JSON.

    read_back.py FORMAT FILE        one document; FORMAT is yaml, json, jsonl, toml, plist or env
    read_back.py < BATCH.json       a JSON array of {"format": ..., "text": ...}

The answer is one object for a file, an array for a batch: {"ok": true, "value": ...} or
{"ok": false, "error": "..."}. YAML is read by PyYAML's safe_load (YAML 1.1, what LiteLLM, SearXNG
and OptiLLM use) and names `duplicates`, the keys it silently overwrote. An env file is read
twice: as systemd's EnvironmentFile= (`systemd`) and as a shell that sources it (`sh`, null with
`sh_error` when the shell refuses it). What JSON cannot say is written as {"$float": "nan"},
{"$bytes": hex}, {"$date": iso} or {"$map": [[key, value], ...]} for keys that are no strings.

Exit 0: every document could be read; 1: one could not; 2: wrong use; 3: PyYAML is not installed.
"""

from __future__ import annotations

import datetime
import json
import math
import plistlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import programs


def environment_file(text: str) -> dict[str, str]:
    """What systemd 252 reads from an EnvironmentFile: its state machine, told again state by state.

    `unit_selftest.py` compares it with the real program.
    """
    space, newline, comments = " \t\n\r", "\n\r", "#;"
    out: dict[str, str] = {}
    state, key, value = "pre key", "", ""
    key_end = value_end = None  # where trailing white space begins

    def push() -> None:
        name = key if key_end is None else key[:key_end]
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            out.pop(name, None)
            out[name] = value

    for c in text:
        if state == "pre key":
            if c in comments:
                state = "comment"
            elif c not in space:
                state, key, key_end = "key", c, None
        elif state == "key":
            if c in newline:
                state = "pre key"
            elif c == "=":
                state, value, value_end = "pre value", "", None
            else:
                if c not in space:
                    key_end = None
                elif key_end is None:
                    key_end = len(key)
                key += c
        elif state == "pre value":
            if c in newline:
                push()
                state = "pre key"
            elif c == "'":
                state = "single"
            elif c == '"':
                state = "double"
            elif c == "\\":
                state = "escape"
            elif c not in space:
                state, value = "value", value + c
        elif state == "value":
            if c in newline:
                value = value if value_end is None else value[:value_end]
                push()
                state = "pre key"
            elif c == "\\":
                state, value_end = "escape", None
            else:
                if c not in space:
                    value_end = None
                elif value_end is None:
                    value_end = len(value)
                value += c
        elif state == "escape":
            state = "value"
            value += "" if c in newline else c
        elif state == "single":
            if c == "'":
                state = "pre value"
            else:
                value += c
        elif state == "double":
            if c == '"':
                state = "pre value"
            elif c == "\\":
                state = "double escape"
            else:
                value += c
        elif state == "double escape":
            state = "double"
            value += c if c in '"\\`$' else "" if c == "\n" else "\\" + c
        elif state == "comment":
            state = "comment escape" if c == "\\" else "pre key" if c in newline else state
        elif state == "comment escape":
            state = "comment"
    if state == "value" and value_end is not None:
        value = value[:value_end]
    if state not in ("pre key", "key", "comment", "comment escape"):
        push()
    return out


BASH = shutil.which("bash") or "/bin/bash"
# A restricted shell: what an unescaped value would run is refused, for it has no PATH and no slash.
SHELL = r"""
set +a
while IFS= read -r name; do printf '%s\0%s\0' "$name" "${!name}"; done <<< "$(compgen -e)"
"""


def sourced(text: str) -> tuple[dict[str, str] | None, str]:
    """What a shell has exported after `set -a; . FILE`, and what it complained about."""
    done = subprocess.run([BASH, "--noprofile", "--norc", "-r", "-s"],
                          input=f"set -a\n{text}\n{SHELL}".encode("utf-8", "surrogateescape"),
                          env={"PATH": "/nonexistent", "LC_ALL": "C.UTF-8"}, capture_output=True, timeout=10)
    words = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    found = dict(zip(words[::2], words[1::2]))
    for own in ("PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"):
        if own not in environment_file(text):
            found.pop(own, None)
    errors = done.stderr.decode("utf-8", "replace").strip()
    return (None if errors or done.returncode else found), errors or f"exit {done.returncode}"


def plain(value: Any) -> Any:
    """The value with nothing in it that JSON cannot say."""
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: plain(item) for key, item in value.items()}
        return {"$map": [[plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return {"$date": value.isoformat()}
    if isinstance(value, set):
        return {"$set": sorted(map(str, value))}
    return value


def duplicates(node: Any, path: str = "") -> list[str]:
    """The keys that a YAML mapping has more than once."""
    import yaml

    out: list[str] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(getattr(key, "value", ""))
            if name in seen:
                out.append(f"{path}/{name}")
            seen.add(name)
            out += duplicates(value, f"{path}/{name}")
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            out += duplicates(value, f"{path}/{index}")
    return out


def read(form: str, text: str) -> dict[str, Any]:
    try:
        if form == "yaml":
            import yaml

            return {"ok": True, "value": plain(yaml.safe_load(text)), "duplicates": duplicates(yaml.compose(text))}
        if form == "json":
            repeated: list[str] = []

            def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
                names = [key for key, _ in items]
                repeated.extend(sorted({name for name in names if names.count(name) > 1}))
                return dict(items)

            return {"ok": True, "value": plain(json.loads(text, object_pairs_hook=pairs)), "duplicates": repeated}
        if form == "jsonl":
            return {"ok": True, "value": [plain(json.loads(line)) for line in text.split("\n") if line]}
        if form == "toml":
            return {"ok": True, "value": plain(tomllib.loads(text))}
        if form == "plist":
            return {"ok": True, "value": plain(plistlib.loads(text.encode("utf-8", "surrogateescape"),
                                                              fmt=plistlib.FMT_XML))}
        if form == "env":
            shell, error = sourced(text)
            value: dict[str, Any] = {"systemd": environment_file(text), "sh": shell}
            return {"ok": True, "value": value if shell is not None else value | {"sh_error": error}}
        return {"ok": False, "error": f"unknown format {form}"}
    except Exception as error:  # the consumer's own words are the answer
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def main() -> int:
    words = sys.argv[1:]
    try:
        if len(words) == 2:
            text = Path(words[1]).read_bytes().decode("utf-8", "surrogateescape")
            answer: Any = read(words[0], text)
            good = answer["ok"]
        elif not words:
            answer = [read(given["format"], given["text"]) for given in json.load(sys.stdin)]
            good = all(item["ok"] for item in answer)
        else:
            raise ValueError("two words, or none and a batch on standard input")
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"read_back.py: {error}", file=sys.stderr)
        print(__doc__, file=sys.stderr)
        return 2
    json.dump(answer, sys.stdout)
    print()
    return 0 if good else 1


if __name__ == "__main__":
    programs.need_venv("yaml")
    sys.exit(main())
