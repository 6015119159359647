#!/usr/bin/env python3
"""Starts generated systemd units under a real systemd and compares what their programs saw.

    unit_roundtrip.py [REQUEST.json]        (standard input without a file)

The systemd is the host's own program, PID 1 of new mount, process, network, host name and
cgroup namespaces (unit_boot.sh); it needs root and a cgroup v2 tree it may write. Where a unit's
ExecStart points, a small program (unit_seen.c) is put that reports what it was given and what
its sandbox allows. All units start in one transaction.

The request, every key optional but `units` and in it `name` and `text`:

    {"groups": ["render"],
     "users": [{"name": "me", "home": "/home/me", "groups": ["render"]}],
     "directories": ["/srv/models", {"path": "/srv/x", "owner": "me", "mode": "0700"}],
     "files": [{"path": "/etc/x/env", "text": "A=b", "owner": "root", "mode": "0600"}],
     "units": [{
        "name": "x.service", "text": "[Service]...", "dropins": {"10-y.conf": "..."},
        "start": true,
        "probes": ["/srv/x/.venv/bin/x"],      where the reporting program stands in; by default
                                               ExecStart's own program, unless `files` brings it
        "expect": {"active": "active", "argv": [...], "env": {...}, "env_exact": false,
                   "env_absent": [...], "cwd": "...", "user": "...", "groups": [...],
                   "umask": "0077", "nofile": 65536, "can": {"inet": "ok"},
                   "readable": [...], "writable": [...], "readonly": [...], "hidden": [...],
                   "executable": [...]}}]}

The answer on standard output:

    {"ok": true, "skipped": null, "seconds": 1.2, "log": [lines systemd complained in],
     "units": [{"name", "ok", "active", "result", "status", "started_us",
                "mismatches": [...], "seen": {...}}]}

Exit 0: all as expected; 1: a mismatch; 2: wrong use; 3: no systemd can be had here (`skipped` says why).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tty
from pathlib import Path
from typing import Any

import programs

HERE = Path(__file__).resolve().parent
NAMESPACES = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
# What systemd or a shell adds on its own; `env_exact` does not count these.
ADDED = {"PATH", "LANG", "USER", "LOGNAME", "HOME", "SHELL", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID",
         "NOTIFY_SOCKET", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "RUNTIME_DIRECTORY",
         "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE",
         "PWD", "OLDPWD", "SHLVL", "_", "container"}


class Unavailable(Exception):
    """No systemd can be had on this machine, and why."""


def remove_cgroup(cgroup: Path) -> bool:
    """Removes a cgroup and those below it; false while a process is left in one."""
    for folder, _, _ in os.walk(cgroup, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            pass
    return not cgroup.exists()


class Machine:
    """A systemd in namespaces of its own; `root` is its file system, seen from outside."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="homelab-units-"))
        self.cgroup: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.log_path = self.folder / "log"
        self.pid = 0

    def boot(self) -> None:
        if os.geteuid() != 0:
            raise Unavailable("not root")
        if not any(os.access(p, os.X_OK) for p in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")):
            raise Unavailable("systemd is not installed")
        for program in ("unshare", "nsenter", "setpriv", "pivot_root", "systemctl"):
            if not shutil.which(program):
                raise Unavailable(f"{program} is not installed")
        self.cgroup = self._own_cgroup()
        (self.folder / "machine").mkdir()
        procs = self.cgroup / "cgroup.procs"
        listener, terminal = os.openpty()
        tty.setraw(terminal)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--fork", "--kill-child=KILL", "--propagation", "private", *NAMESPACES,
                 "bash", str(HERE / "unit_boot.sh"), str(self.folder / "machine"), os.ttyname(terminal)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: (programs.die_with_parent(), procs.write_text(str(os.getpid()))),
            )
        # The terminal stays open here, so that systemd may close and open its end as it likes.
        self.terminal = terminal
        threading.Thread(target=self._listen, args=(listener,), daemon=True).start()
        limit = time.monotonic() + 30
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise Unavailable("systemd did not start in a namespace: " + self._last_log())
            self.pid = self.pid or self._child()
            if self.pid and Path(f"/proc/{self.pid}/comm").read_text().startswith("systemd"):
                if self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"):
                    return
            time.sleep(0.05)
        raise Unavailable("systemd in a namespace was not ready within 30 s: " + self._last_log())

    def _listen(self, listener: int) -> None:
        while True:
            try:
                data = os.read(listener, 65536)
            except OSError:
                return
            with open(self.log_path, "ab") as log:
                log.write(data)

    def _own_cgroup(self) -> Path:
        for tree in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")):
            if not (tree / "cgroup.controllers").exists():
                continue
            own = tree / f"homelab-units-{os.getpid()}"
            for left in tree.glob("homelab-units-*"):  # by a run that was killed
                if not Path(f"/proc/{left.name.rsplit('-', 1)[1]}").exists():
                    remove_cgroup(left)
            try:
                own.mkdir()
                return own
            except OSError as error:
                raise Unavailable(f"no cgroup of our own: {error}") from error
        raise Unavailable("no cgroup v2 tree is mounted")

    def _child(self) -> int:
        try:
            words = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        except OSError:
            return 0
        return int(words[0]) if words else 0

    def _last_log(self) -> str:
        return " | ".join(self.log_path.read_text(errors="replace").strip().splitlines()[-3:])

    @property
    def root(self) -> Path:
        return Path(f"/proc/{self.pid}/root")

    def run(self, *command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", "--target", str(self.pid), *NAMESPACES, "--root", "--wd", "env", "-i", "LC_ALL=C.UTF-8",
             "SYSTEMD_COLORS=0", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="surrogateescape", timeout=seconds,
        )

    def inside(self, path: str) -> Path:
        """Where a path of the machine lies, seen from here; its links are followed as the machine would."""
        done = Path("/")
        todo = [part for part in path.split("/") if part]
        hops = 0
        while todo:
            part = todo.pop(0)
            if part == "..":
                done = done.parent
                continue
            step = self.root / (done / part).relative_to("/")
            if step.is_symlink() and hops < 40:
                hops += 1
                target = os.readlink(step)
                if target.startswith("/"):
                    done = Path("/")
                todo = [p for p in target.split("/") if p and p != "."] + todo
                continue
            done /= part
        return self.root / done.relative_to("/")

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
        if self.cgroup is not None:
            limit = time.monotonic() + 5
            while not remove_cgroup(self.cgroup) and time.monotonic() < limit:
                time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)


class Accounts:
    """The users and groups of the machine, and who owns what lies under a home."""

    def __init__(self, machine: Machine, request: dict[str, Any]):
        self.ids: dict[str, tuple[int, int]] = {"root": (0, 0)}
        self.homes: dict[str, str] = {}
        passwd, group = machine.inside("/etc/passwd"), machine.inside("/etc/group")
        users, groups = passwd.read_text(), group.read_text()
        self.group_ids = {line.split(":")[0]: int(line.split(":")[2]) for line in groups.splitlines() if ":" in line}
        for line in users.splitlines():
            if line.count(":") >= 6:
                name, _, uid, gid = line.split(":")[:4]
                self.ids[name] = (int(uid), int(gid))
        members: dict[str, list[str]] = {}
        next_id = 20000
        given = [u if isinstance(u, dict) else {"name": u} for u in request.get("users", [])]
        for name in [*request.get("groups", []), *(u["name"] for u in given)]:
            if name not in self.group_ids:
                self.group_ids[name] = next_id
                next_id += 1
        for user in given:
            name, home = user["name"], user.get("home", f"/home/{user['name']}")
            for extra in user.get("groups", []):
                members.setdefault(extra, []).append(name)
            if name not in self.ids:
                self.ids[name] = (self.group_ids[name], self.group_ids[name])
                uid, gid = self.ids[name]
                users += f"{name}:x:{uid}:{gid}::{home}:/bin/sh\n"
            self.homes[home.rstrip("/") + "/"] = name
        known = {line.split(":")[0]: line.rstrip("\n") for line in groups.splitlines() if ":" in line}
        for name, gid in self.group_ids.items():
            known.setdefault(name, f"{name}:x:{gid}:")
        for name, extra in members.items():
            line = known[name]
            known[name] = line + ("" if line.endswith(":") else ",") + ",".join(extra)
        passwd.write_text(users)
        group.write_text("".join(line + "\n" for line in known.values()))
        self.machine = machine
        for home, name in self.homes.items():
            self.directory(home, name, "0750")

    def owner_of(self, path: str) -> str:
        return next((name for home, name in self.homes.items() if (path + "/").startswith(home)), "root")

    def _parents(self, path: str) -> None:
        for parent in reversed(Path(path).parents):
            inside = self.machine.inside(str(parent))
            if not inside.exists():
                inside.mkdir(mode=0o755)
                os.chown(inside, *self.ids[self.owner_of(str(parent))])

    def directory(self, path: str, owner: str | None = None, mode: str = "0755") -> None:
        self._parents(path)
        inside = self.machine.inside(path)
        inside.mkdir(exist_ok=True)
        os.chown(inside, *self.ids[owner or self.owner_of(path)])
        inside.chmod(int(mode, 8))

    def file(self, path: str, data: bytes, owner: str | None = None, mode: str = "0644") -> None:
        self._parents(path)
        inside = self.machine.inside(path)
        inside.unlink(missing_ok=True)
        inside.write_bytes(data)
        os.chown(inside, *self.ids[owner or self.owner_of(path)])
        inside.chmod(int(mode, 8))


def compiled(ends: bool) -> bytes:
    """The reporting program, compiled once per version of its source."""
    source = (HERE / "unit_seen.c").read_bytes()
    name = f"homelab-unit-seen-{hashlib.sha256(source).hexdigest()[:16]}{'-ends' if ends else ''}-{os.geteuid()}"
    folder = HERE.parents[1] / "target"
    target = (folder if folder.is_dir() else Path(tempfile.gettempdir())) / name
    if not target.exists():
        if not shutil.which("gcc"):
            raise Unavailable("gcc is not installed")
        fresh = target.with_name(f"{name}.{os.getpid()}")
        subprocess.run(["gcc", "-O1", "-static", *(["-DENDS"] if ends else []), "-o", str(fresh),
                        str(HERE / "unit_seen.c")], check=True)
        fresh.rename(target)
    return target.read_bytes()


def shown(machine: Machine, names: list[str], properties: list[str]) -> dict[str, dict[str, str]]:
    """`systemctl show` for many units: unit → property → value."""
    answer = machine.run("systemctl", "show", "--no-pager", "-p", ",".join(["Id", *properties]), "--", *names)
    out: dict[str, dict[str, str]] = {}
    for name, block in zip(names, answer.stdout.strip("\n").split("\n\n")):
        out[name] = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    return out


def most_files() -> int:
    """The open files a unit can be given here: without CAP_SYS_RESOURCE no more than we have."""
    status = Path("/proc/self/status").read_text()
    capable = int(re.search(r"CapEff:\s*([0-9a-f]+)", status).group(1), 16) >> 24 & 1
    return 1 << 62 if capable else resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def tried(expect: dict[str, Any]) -> list[str]:
    lines = [f"r {p}" for key in ("readable", "readonly", "hidden", "writable") for p in expect.get(key, [])]
    lines += [f"w {p}" for key in ("writable", "readonly") for p in expect.get(key, [])]
    return lines + [f"x {p}" for p in expect.get("executable", [])]


def mismatches(expect: dict[str, Any], seen: dict[str, Any] | None, accounts: Accounts) -> list[str]:
    if seen is None:
        return ["the program reported nothing"]
    out: list[str] = []

    def same(what: str, wanted: Any, got: Any) -> None:
        if wanted != got:
            out.append(f"{what}: wanted {wanted!r}, saw {got!r}")

    for key in ("argv", "cwd", "umask"):
        if key in expect:
            same(key, expect[key], seen[key])
    if "nofile" in expect:
        same("nofile", min(expect["nofile"], most_files()), seen["nofile"])
    for name, value in expect.get("env", {}).items():
        same(f"env {name}", value, seen["env"].get(name))
    for name in expect.get("env_absent", []):
        if name in seen["env"]:
            out.append(f"env {name}: wanted none, saw {seen['env'][name]!r}")
    if expect.get("env_exact"):
        extra = set(seen["env"]) - set(expect.get("env", {})) - ADDED
        if extra:
            out.append(f"env: not expected: {sorted(extra)}")
    if "user" in expect:
        same("uid", accounts.ids.get(expect["user"], ("unknown", 0))[0], seen["uid"])
    for group in expect.get("groups", []):
        if accounts.group_ids.get(group) not in [*seen["groups"], seen["gid"]]:
            out.append(f"group {group}: not among {seen['groups']}")
    for name, value in expect.get("can", {}).items():
        same(f"can {name}", value, seen["can"].get(name))
    answers = {(kind, path): answer for kind, path, answer in seen["paths"]}
    reached = {"ok", "empty"}
    for key, rules in {"readable": {"r": reached}, "writable": {"r": reached, "w": {"ok"}}, "hidden": {"r": None},
                       "readonly": {"r": reached, "w": None}, "executable": {"x": {"ok"}}}.items():
        for path in expect.get(key, []):
            for kind, wanted in rules.items():
                answer = answers.get((kind, path))
                # A folder behind an empty tmpfs is hidden, so "empty" is no sight of it.
                if (answer == "ok") if wanted is None else (answer not in wanted):
                    out.append(f"{key} {path}: {kind} gave {answer}")
    return out


def key_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def report(machine: Machine, unit: dict[str, Any], seconds: float) -> dict[str, Any] | None:
    """What the unit's program wrote; waits until it is whole."""
    path = machine.root / "run/seen" / key_of(unit["name"])
    limit = time.monotonic() + seconds
    while True:
        try:
            seen = json.loads(path.read_bytes())
        except (OSError, ValueError):
            if time.monotonic() > limit:
                return None
            time.sleep(0.02)
            continue
        pairs = [line.partition("=") for line in seen.pop("environ")]
        seen["env"] = {name: value for name, _, value in pairs}
        return seen


def roundtrip(request: dict[str, Any], machine: Machine) -> list[dict[str, Any]]:
    machine.boot()
    accounts = Accounts(machine, request)
    if "render" in accounts.group_ids:
        os.chown(machine.root / "dev/dri/renderD128", 0, accounts.group_ids["render"])
        (machine.root / "dev/dri/renderD128").chmod(0o660)
    for given in request.get("directories", []):
        given = {"path": given} if isinstance(given, str) else given
        accounts.directory(given["path"], given.get("owner"), given.get("mode", "0755"))
    for given in request.get("files", []):
        accounts.file(given["path"], given["text"].encode("utf-8", "surrogateescape"), given.get("owner"),
                      given.get("mode", "0644"))
    brought = {given["path"] for given in request.get("files", [])}

    units = request["units"]
    system = "/etc/systemd/system"
    for unit in units:
        accounts.file(f"{system}/{unit['name']}", unit["text"].encode("utf-8", "surrogateescape"))
        for name, text in unit.get("dropins", {}).items():
            accounts.file(f"{system}/{unit['name']}.d/{name}", text.encode("utf-8", "surrogateescape"))
        if not unit["name"].endswith(".service"):
            continue
        seen = f"/run/seen/{key_of(unit['name'])}"
        tries = "".join(line + "\n" for line in tried(unit.get("expect", {})))
        accounts.file(f"{seen}.in", tries.encode("utf-8", "surrogateescape"))
        accounts.file(f"{system}/{unit['name']}.d/zz-seen.conf",
                      f"[Service]\nStandardInput=file:{seen}.in\nStandardOutput=truncate:{seen}\n"
                      f"StandardError=truncate:{seen}.err\n".encode())
    machine.run("systemctl", "daemon-reload")

    started = [unit["name"] for unit in units if unit.get("start", True)]
    for name, properties in shown(machine, started, ["ExecStart", "Type"]).items() if started else []:
        unit = next(u for u in units if u["name"] == name)
        program = re.match(r"\{ path=(.*?) ; argv\[\]=", properties.get("ExecStart", ""))
        probes = unit.get("probes")
        if probes is None:
            probes = [program.group(1)] if program and program.group(1) not in brought else []
        for probe in probes:
            if "probes" in unit or not machine.inside(probe).exists():
                accounts.file(probe, compiled(properties.get("Type") == "oneshot"), mode="0755")

    try:
        machine.run("systemctl", "start", "--", *started, seconds=request.get("seconds", 120))
    except subprocess.TimeoutExpired:
        pass  # the state of each unit below says which one hangs
    wanted = ["ActiveState", "SubState", "Result", "ExecMainStatus", "ExecMainStartTimestampMonotonic", "LoadState",
              "LoadError"]
    states = shown(machine, [u["name"] for u in units], wanted)
    out = []
    for unit in units:
        state, expect = states[unit["name"]], unit.get("expect", {})
        started_it = unit.get("start", True) and unit["name"].endswith(".service")
        alive = state.get("ActiveState") in ("active", "activating", "reloading") or state.get("Result") == "success"
        seen = report(machine, unit, 5 if alive else 0) if started_it else None
        wrong = []
        active = expect.get("active", "active") if unit.get("start", True) else None
        if active is not None and state.get("ActiveState") != active:
            wrong.append(f"active: wanted {active}, saw {state.get('ActiveState')} ({state.get('SubState')}, "
                         f"result {state.get('Result')}, status {state.get('ExecMainStatus')}, "
                         f"load {state.get('LoadState')} {state.get('LoadError', '')})")
        if started_it and (active == "active" or seen is not None):
            wrong += mismatches(expect, seen, accounts)
        errors = machine.root / "run/seen" / f"{key_of(unit['name'])}.err"
        out.append({
            "name": unit["name"], "ok": not wrong, "active": state.get("ActiveState"), "sub": state.get("SubState"),
            "result": state.get("Result"), "status": state.get("ExecMainStatus"),
            "started_us": int(state.get("ExecMainStartTimestampMonotonic") or 0), "mismatches": wrong, "seen": seen,
            "stderr": errors.read_text(errors="replace")[-2000:] if started_it and errors.exists() else "",
        })
    return out


def main() -> int:
    if len(sys.argv) > 2 or sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        request = json.loads(Path(sys.argv[1]).read_text() if len(sys.argv) > 1 else sys.stdin.read())
        request["units"][0]["name"]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        print(f"unit_roundtrip.py: no request: {error}", file=sys.stderr)
        return 2
    programs.end_on_signals()
    start = time.monotonic()
    answer: dict[str, Any] = {"ok": False, "skipped": None, "units": [], "log": []}
    machine = Machine()
    try:
        answer["units"] = roundtrip(request, machine)
        answer["ok"] = all(unit["ok"] for unit in answer["units"])
    except Unavailable as why:
        answer["skipped"] = str(why)
    finally:
        if machine.log_path.exists():
            told = re.compile(r"unknown|ignor|cycle|fail|invalid|denied|refus|not found|dependency|deprecat|error", re.I)
            lines = machine.log_path.read_text(errors="replace").splitlines()
            answer["log"] = list(dict.fromkeys(line.rstrip() for line in lines
                                               if told.search(line) and "remaining userspace processes" not in line))
        machine.close()
    answer["seconds"] = round(time.monotonic() - start, 3)
    json.dump(answer, sys.stdout, indent=1)
    print()
    return 3 if answer["skipped"] else 0 if answer["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
