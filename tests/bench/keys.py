#!/usr/bin/env python3
"""Asks whether the time of a refusal tells how near a wrong key was: a statistic, and no verdict.

    tests/bench/keys.py [SAMPLES]

Two sorts of wrong keys are shown to a proxy in an order drawn by lot: one differs from the right key in
its last letter alone, the other in every letter. Welch's t of the two sets of times, without the slowest
tenth of each, is printed; below 4.5 (absolute) there is nothing that a million questions could tell.
"""

import json
import math
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from timing import HOMELAB, compiled

KEY = "sk-" + "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(40))


def request(key):
    """A question whose key is wrong."""
    return f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def near():
    """The right key but for its end."""
    return KEY[:-1] + random.choice("ABCDEFGH")


def far():
    """A key of the same length that shares nothing with the right one."""
    return "xx-" + "".join(random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(40))


def times(address, samples):
    """How long each answer took, in nanoseconds, by the sort of key."""
    found = {near: [], far: []}
    # Made before: what the client does between two questions must not depend on the sort.
    questions = [(sort, request(sort())) for _ in range(1000) for sort in (near, far)]
    with socket.create_connection(address) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(samples):
            sort, question = random.choice(questions)
            start = time.perf_counter_ns()
            stream.sendall(question)
            answer = stream.recv(4096)
            found[sort].append(time.perf_counter_ns() - start)
            assert answer[9:12] in (b"401", b"429"), answer
    return found[near], found[far]


def welch(one, other):
    """The difference of two means, in units of its own uncertainty."""
    one, other = (sorted(it)[: len(it) * 9 // 10] for it in (one, other))
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread)


def main():
    """Measures one proxy on loopback."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    compiled()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        table = {"version": 1, "platform": "keys", "gateway": "gateway", "policy": {}, "routes": []}
        (folder / "routes.json").write_text(json.dumps(table))
        sha = subprocess.run(["sha256sum"], input=KEY, text=True, capture_output=True, check=True).stdout.split()[0]
        (folder / "keys").write_text(f"right sha256:{sha}\n")
        command = [HOMELAB, "proxy", "--table", folder / "routes.json", "--keys", folder / "keys"]
        command += ["--listen", "127.0.0.1:0", "--threads", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
            host, port = json.loads(proxy.stdout.readline())["what"]["address"].split(":")
            one, other = times((host, int(port)), samples)
            proxy.kill()
    print(f"{len(one)} near keys: median {statistics.median(one):.0f} ns")
    print(f"{len(other)} far keys: median {statistics.median(other):.0f} ns")
    print(f"Welch's t without the slowest tenth: {welch(one, other):+.2f}")


if __name__ == "__main__":
    main()
