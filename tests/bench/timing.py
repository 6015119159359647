"""Times whole processes in turn, so that ratios hold when the machine's speed drifts."""

import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/bench"
BENCH = ROOT / "target/bench"
HOMELAB = ROOT / "target/release/homelab"
# What the kernel counts memory in: bytes on macOS, kilobytes elsewhere.
UNIT = 1 if sys.platform == "darwin" else 1024
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}
# With CI set a build refuses to write the lock that these platforms do not have yet.
ENVIRONMENT.pop("CI", None)


def compiled():
    """Builds the release program, and the folder of the benchmarks."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    BENCH.mkdir(parents=True, exist_ok=True)


def workplace():
    """A folder for all that is written; in memory where that can be had, so that no figure waits for a disk."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return pathlib.Path(tempfile.mkdtemp(prefix="homelab-bench-", dir=memory))


class Run:
    """One finished process, which must end with this code."""

    def __init__(self, command, code=0):
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * UNIT
        if process.returncode != code:
            sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{complaint.decode(errors='replace')}")


class Runs(list):
    """Several runs of one command."""

    def median(self, field):
        return statistics.median(getattr(run, field) for run in self)

    def cell(self):
        """Wall clock, and behind it the CPU time of user and kernel."""
        return f"{seconds(self.median('wall'))} ({seconds(self.median('cpu'))})"


def megabytes(size):
    """Peak memory; a process begins as a copy of this one, so less than this one has cannot be told."""
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    return f"under {floor / 1e6:.0f}" if size <= floor else f"{size / 1e6:.0f}"


def seconds(value):
    """A length of time in words."""
    if value < 0.1:
        return f"{value * 1000:.1f} ms"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def in_turn(commands, count, code=0):
    """Runs commands in turn, and one round before that is not counted; a command is a function that gives its words, and all end with this code."""
    runs = {name: Runs() for name in commands}
    for turn in range(count + 1):
        for name, command in commands.items():
            run = Run(command(), code)
            if turn > 0:
                runs[name].append(run)
    return runs


def faster(slow, fast, field="wall"):
    """By how much, as the median of pairs that ran one after the other."""
    return statistics.median(getattr(one, field) / getattr(two, field) for one, two in zip(slow, fast))


def fresh(folder):
    """The folder, gone."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def files_in(folder):
    return sum(1 for file in folder.rglob("*") if file.is_file())
