"""Starting and ending the real programs: the venvs, free ports, children that never outlive us."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "target"
VENV = TARGET / "venv"
VENV_OPTILLM = TARGET / "venv-optillm"


def need_venv(module: str) -> None:
    """Goes on in the tests' venv; ends with 3 when `tests/setup` has not made it."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix).resolve() != VENV.resolve() and python.exists():
        os.execv(python, [str(python), *sys.argv])
    if importlib.util.find_spec(module) is None:
        print(f'{{"ok": false, "skipped": "{module} is not installed: run tests/setup"}}')
        sys.exit(3)


def free_port() -> int:
    """A port of loopback that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """Between fork and exec: the child is killed when we are, whatever ends us."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def end_on_signals() -> None:
    """SIGTERM ends us as an exception does, so that what we started is ended too."""
    def stop(number: int, _: Any) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)


def start(command: list[str], env: dict[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """A program with exactly this environment; both outputs go to `log`."""
    with open(log, "wb") as out:
        return subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                preexec_fn=die_with_parent)


def end(process: subprocess.Popen[bytes] | None, seconds: float = 10) -> int | None:
    """TERM, and KILL when that does not help; the exit status."""
    if process is None:
        return None
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=seconds)
    return process.returncode
