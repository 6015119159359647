#!/usr/bin/env python3
"""Compares what we believe OptiLLM strips from model names with the real program's own function.

    optillm_names.py [--stdin]

Loads OptiLLM (target/venv-optillm) with all plugins and asks its parse_combined_approach for every
technique, every plugin, their pairs, and many odd names; with --stdin also for the JSON array of
names given there. The answer on standard output:

    {"ok": true, "skipped": null, "version": "0.4.0", "approaches": [...], "plugins": [...],
     "different": [{"name", "told", "real"}], "stripped": {"given name": "what remains", ...}}

"approaches" and "plugins" are the real program's lists, to be kept as data. Exit 0: the same; 1: a
difference; 2: wrong use; 3: OptiLLM is not installed here.
"""

from __future__ import annotations

import glob
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import programs
import scripted


def real(names: list[str]) -> dict:
    """Runs inside venv-optillm, with hollow modules for what is not installed."""
    import logging

    logging.disable(logging.CRITICAL)
    import optillm.server as server
    from importlib.metadata import version

    server.load_plugins()
    slugs = set()
    for file in glob.glob(os.path.join(os.path.dirname(server.__file__), "plugins", "*.py")):
        slugs |= set(re.findall(r'^SLUG = "(.*)"', Path(file).read_text(), re.M))
    answers = [server.parse_combined_approach(name, server.known_approaches, server.plugin_approaches)
               for name in names]
    return {"version": version("optillm"), "approaches": server.known_approaches, "plugins": sorted(slugs),
            "unloaded": sorted(slugs - set(server.plugin_approaches)), "answers": answers}


def samples() -> list[str]:
    known = [*scripted.APPROACHES, *scripted.PLUGINS]
    odd = ["", "-", "auto", "x", "proxy", "proxy-router", "a&b-x", "moa|bon-x", "moa&bon", "MOA-x", "moa--x", "--moa",
           "mlx-router-x", "proxy-auto", "auto-x", "proxy-moa-auto", "ö-moa", "moa-ö", "moa&-x", "|", "&-&-x"]
    names = odd + known + [f"{a}-{b}-mlx-gpt-oss-20b" for a in known for b in known]
    chance = random.Random(1)
    parts = [*known, "mlx", "gpt", "oss", "20b", "", "a&b", "moa|x", "auto", "Router", "x.y", "z_3"]
    return names + ["-".join(chance.choices(parts, k=chance.randint(1, 6))) for _ in range(2000)]


def main() -> int:
    if sys.argv[1:] == ["--inside"]:
        json.dump(real(json.load(sys.stdin)), sys.stdout)
        return 0
    if sys.argv[1:] not in ([], ["--stdin"]):
        print(__doc__, file=sys.stderr)
        return 2
    given = json.load(sys.stdin) if sys.argv[1:] else []
    python = programs.VENV_OPTILLM / "bin" / "python"
    if not python.exists():
        print('{"ok": false, "skipped": "OptiLLM is not installed: run tests/setup"}')
        return 3
    names = samples() + given
    done = subprocess.run([str(python), str(Path(__file__).resolve()), "--inside"], input=json.dumps(names), text=True,
                          capture_output=True, timeout=120, check=True,
                          env={**os.environ, "PYTHONPATH": str(programs.HERE / "optillm_absent"),
                               "LITELLM_LOCAL_MODEL_COST_MAP": "True"})
    found = json.loads(done.stdout)
    answers = dict(zip(names, found.pop("answers")))
    different = [{"name": name, "told": told, "real": answers[name]} for name in names
                 for told in [list(scripted.strip_approaches(name))] if told != answers[name]]
    same = found["approaches"] == scripted.APPROACHES and found["plugins"] == sorted(scripted.PLUGINS)
    out = {"ok": not different and same and not found["unloaded"], "skipped": None, **found,
           "different": different, "compared": len(names), "stripped": {name: answers[name][2] for name in given}}
    json.dump(out, sys.stdout, indent=1)
    print()
    return 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
