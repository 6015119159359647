#!/usr/bin/env python3
"""Holds read_back.py's reading of env files against the real systemd: many hostile files, one unit each.

    unit_selftest.py [COUNT [SEED]]

Exit 0: the same; 1: a difference (printed); 3: no systemd can be had here.
"""

from __future__ import annotations

import json
import random
import sys

import programs
import unit_roundtrip
from read_back import environment_file

PIECES = ["A", "B_1", "é", "=", "=", "=", "\n", "\n", "\n", "\r", " ", "\t", '"', "'", "\\", "\\\n", "$", "$A", "`",
          "#", ";", "%", "%n", "x y", "export ", "1A", "A=", "B=", "\nC=", '="', '"\n', "\\x41", "{", "}",
          "$(echo x)", "\u2028"]


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    programs.end_on_signals()
    texts = ["".join(chance.choices(PIECES, k=chance.randint(1, 25))) for _ in range(count)]
    request = {
        "files": [{"path": f"/etc/seen/{n}.env", "text": text} for n, text in enumerate(texts)],
        "units": [{"name": f"seen-{n}.service", "text":
                   f"[Service]\nType=exec\nEnvironmentFile=/etc/seen/{n}.env\nExecStart=/opt/seen\n",
                   "probes": ["/opt/seen"],
                   "expect": {"env": environment_file(text), "env_exact": True}} for n, text in enumerate(texts)],
    }
    machine = unit_roundtrip.Machine()
    try:
        units = unit_roundtrip.roundtrip(request, machine)
    except unit_roundtrip.Unavailable as why:
        print(json.dumps({"ok": False, "skipped": str(why)}))
        return 3
    finally:
        machine.close()
    wrong = [{"text": text, "mismatches": unit["mismatches"]} for text, unit in zip(texts, units) if not unit["ok"]]
    print(json.dumps({"ok": not wrong, "skipped": None, "compared": count, "different": wrong[:20]}, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
