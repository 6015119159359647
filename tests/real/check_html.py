"""Asks the Nu HTML checker about every page of the site, as a web server gives it out.

Usage: check_html.py SITE VNU_JAR

Prints what it says, one line each; nothing when it says nothing.
"""

import functools
import http.server
import json
import pathlib
import subprocess
import sys
import threading


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main(site, jar):
    site = pathlib.Path(site)
    handler = functools.partial(Quiet, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/"
    pages = sorted(str(it.relative_to(site)) for it in site.rglob("*.html"))
    if not pages:
        sys.exit(f"no page in {site}")
    checked = subprocess.run(
        ["java", "-Dnu.validator.servlet.allow-forbidden-hosts=true", "-Dnu.validator.servlet.allowed-address-type=all", "-jar", jar, "--format", "json", *(base + page for page in pages)],
        capture_output=True,
        text=True,
    )
    for message in json.loads(checked.stderr)["messages"]:
        page = message.get("url", "").removeprefix(base)
        print(f"{page}:{message.get('lastLine')}: {message['message']}: {message.get('extract', '')!r}")


main(*sys.argv[1:])
