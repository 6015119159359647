#!/usr/bin/env python3
"""LiteLLM's own URL for its database, and its own tables, in a real PostgreSQL.

    database.py GATEWAY.env POSTGRES.env

Starts PostgreSQL on loopback as its image would from POSTGRES_USER, _PASSWORD and _DB, with no way
in but that password. LiteLLM makes the URL from the variables of GATEWAY.env (only the address is
another one here), and the tables that it brings are made through it. A key with a budget is what
LiteLLM's database engine would have to write: `engine` says whether that is installed here.

    {"ok": true, "skipped": null, "url": "postgresql://litellm:…", "user": "litellm", "database": "litellm",
     "tables": ["LiteLLM_BudgetTable", …], "refused": "password authentication failed …", "engine": false}

Exit 0: it is as it should be; 1: it is not; 2: wrong use; 3: LiteLLM or PostgreSQL is not installed here.
"""

import programs

if __name__ == "__main__":
    programs.need_venv("litellm")

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from read_back import environment_file

NOBODY = 65534


def server_programs() -> Path | None:
    """Debian keeps a folder for each release, which is not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def as_nobody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]


def run(bin_folder: Path, folder: Path, files: list[str], out: dict[str, Any]) -> None:
    gateway, store = (environment_file(Path(file).read_text()) for file in files)
    # LiteLLM is read before anything is handed over: it looks around in the environment.
    from litellm.proxy.utils import construct_database_url_from_env_vars
    import litellm_proxy_extras
    import psycopg

    data, secret = folder / "data", folder / "password"
    secret.write_text(store["POSTGRES_PASSWORD"])
    if os.geteuid() == 0:
        for place in (folder, secret):
            os.chown(place, NOBODY, NOBODY)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    made = subprocess.run(
        as_nobody([str(bin_folder / "initdb"), "-D", str(data), "-U", store["POSTGRES_USER"], "--pwfile", str(secret),
                   "--auth=scram-sha-256", "--no-sync", "-E", "UTF8"]),
        env=env, cwd=folder, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"initdb: {made.stderr}")
    port = programs.free_port()
    command = [str(bin_folder / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
    log = folder / "postgres.log"
    process = programs.start(as_nobody(command), env, folder, log)
    try:
        account = {"host": "127.0.0.1", "port": port, "user": store["POSTGRES_USER"],
                   "password": store["POSTGRES_PASSWORD"], "connect_timeout": 5}
        limit = time.monotonic() + 60
        while True:
            try:
                admin = psycopg.connect(**account, dbname="postgres", autocommit=True)
                break
            except psycopg.OperationalError:
                if time.monotonic() > limit or process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL does not start: {log.read_text()}") from None
                time.sleep(0.05)
        # What its image does when it starts for the first time.
        admin.execute(f'CREATE DATABASE "{store["POSTGRES_DB"]}"')
        admin.close()

        os.environ |= gateway | {"DATABASE_HOST": f"127.0.0.1:{port}"}
        url = construct_database_url_from_env_vars() or ""
        out["url"] = url.replace(gateway["DATABASE_PASSWORD"], "…")
        with psycopg.connect(url.split("?")[0], autocommit=True) as database:
            row = database.execute("SELECT current_user, current_database()").fetchone()
            out["user"], out["database"] = row
            migrations = Path(litellm_proxy_extras.__file__).parent / "migrations"
            for step in sorted(migrations.glob("*/migration.sql")):
                database.execute(step.read_text())
            rows = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            out["tables"] = [name for (name,) in rows]
        try:
            psycopg.connect(**(account | {"password": "litellm_password"}), dbname=store["POSTGRES_DB"]).close()
        except psycopg.OperationalError as error:
            out["refused"] = str(error).strip()
        out["ok"] = out["refused"] is not None
    finally:
        programs.end(process)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    programs.end_on_signals()
    out: dict[str, Any] = {"ok": False, "skipped": None, "url": None, "tables": [], "refused": None,
                           "engine": importlib.util.find_spec("prisma") is not None}
    bin_folder = server_programs()
    if bin_folder is None:
        out["skipped"] = "PostgreSQL is not installed: run tests/setup"
    else:
        with tempfile.TemporaryDirectory(prefix="homelab-postgres-") as folder:
            run(bin_folder, Path(folder), sys.argv[1:], out)
    json.dump(out, sys.stdout, indent=1)
    print()
    return 3 if out["skipped"] else 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
