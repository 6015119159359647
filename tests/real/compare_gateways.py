#!/usr/bin/env python3
"""The same requests to a model server, through our proxy, and through LiteLLM: what differs.

    compare_gateways.py OURS BACKEND

OURS is the address of our proxy with the model `m`, BACKEND that of `backend.py` behind it, which has the
model as `real-model`; LiteLLM is booted here with the same server behind it. Printed is one JSON object: for each request and each
gateway the status, how often the server was asked, and what was added (+), left out (-) or changed (~) on the
way to the server (`sent`) and on the way back (`got`), held against a request without a gateway.
"""

import programs

if __name__ == "__main__":
    programs.need_venv("litellm")

import http.client
import json
import os
import secrets
import shutil
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import scripted

HELLO = [{"role": "user", "content": "hello there"}]
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
AUDIO = bytes(range(256)) * 4


def chat(text: str, **more: Any) -> tuple[str, Any]:
    return "/v1/chat/completions", {"messages": [{"role": "user", "content": text}], **more}


REQUESTS: dict[str, tuple[str, Any]] = {
    "chat": chat("hello there"),
    "chat with fields of the server's own": chat("hello there", top_k=5, chat_template_kwargs={"thinking": False}, min_p=0.1),
    "chat with tools": chat("call", tools=TOOLS, tool_choice="auto"),
    "chat with an image": ("/v1/chat/completions", {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "hello there"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]}),
    "chat, streamed": chat("hello there", stream=True),
    "chat, streamed with usage": chat("hello there", stream=True, stream_options={"include_usage": True}),
    "chat with tools, streamed": chat("call", tools=TOOLS, stream=True),
    "completion": ("/v1/completions", {"prompt": "hello there"}),
    "embeddings": ("/v1/embeddings", {"input": ["a", "b"]}),
    "embeddings in base64": ("/v1/embeddings", {"input": "a", "encoding_format": "base64"}),
    "responses": ("/v1/responses", {"input": "hello there"}),
    "responses, streamed": ("/v1/responses", {"input": "hello there", "stream": True}),
    "messages": ("/v1/messages", {"max_tokens": 9, "messages": HELLO}),
    "rerank": ("/v1/rerank", {"query": "a", "documents": ["b", "c"]}),
    "image": ("/v1/images/generations", {"prompt": "a cat"}),
    "transcription": ("/v1/audio/transcriptions", None),
    "speech": ("/v1/audio/speech", {"input": "hello", "voice": "alloy"}),
    "server says 400": chat("status 400"),
    "server says 401": chat("status 401"),
    "server says 429": chat("status 429"),
    "server says 500": chat("status 500"),
}


def form() -> tuple[str, bytes]:
    head = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nMODEL\r\n'
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    return "multipart/form-data; boundary=b", (head + file).encode() + AUDIO + b"\r\n--b--\r\n"


def ask(address: str, path: str, body: Any, model: str, key: str = "none") -> tuple[int, str, bytes]:
    """The status, type and body of an answer."""
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    kind, data = form() if body is None else ("application/json", json.dumps({"model": model, **body}).encode())
    connection.request("POST", path, data.replace(b"MODEL", model.encode()), {"Content-Type": kind, "Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    out = answer.status, answer.headers.get_content_type(), answer.read()
    connection.close()
    return out


def seen(backend: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"http://{backend}/seen", timeout=30) as answer:
        return list(json.load(answer))


def value(kind: str, data: bytes) -> Any:
    """An answer as something that can be compared: the events of a stream, JSON, or bytes."""
    if kind == "text/event-stream":
        lines = [line[6:] for line in data.decode().splitlines() if line.startswith("data: ")]
        return {"event": [json.loads(line) for line in lines if line != "[DONE]"], "done": lines[-1:] == ["[DONE]"]}
    try:
        return json.loads(data)
    except ValueError:
        return {"bytes": data.hex()}


def changes(before: Any, after: Any, path: str = "") -> set[str]:
    """What must be done to `before` to have `after`; the rows of a list are all the same place."""
    if isinstance(before, dict) and isinstance(after, dict):
        out: set[str] = set()
        for name in before.keys() | after.keys():
            place = f"{path}.{name}" if path else name
            if name not in after:
                out.add(f"-{place}")
            elif name not in before:
                out.add(f"+{place}")
            else:
                out |= changes(before[name], after[name], place)
        return out
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return {change for pair in zip(before, after) for change in changes(*pair, path=path)}
    return set() if before == after else {f"~{path or 'all'}"}


def compared(gateway: str, backend: str, key: str = "none", tries: int = 1) -> dict[str, Any]:
    """What a gateway makes of every request. An answer that it cuts short is asked for as often as there are `tries`."""
    out = {}
    for name, (path, body) in REQUESTS.items():
        seen(backend)
        status, kind, data = ask(backend, path, body, "real-model")
        direct = seen(backend)[-1]
        for left in reversed(range(tries)):
            try:
                got = ask(gateway, path, body, "m", key)
                break
            except http.client.IncompleteRead:
                if not left:
                    raise
                seen(backend)
        arrived = seen(backend)
        sent = changes(direct["body"], arrived[-1]["body"]) if arrived else {"-all"}
        if arrived and arrived[-1]["path"] != direct["path"]:
            sent = {f"~path {arrived[-1]['path']}"}
        out[name] = {"status": got[0], "direct": status, "calls": len(arrived), "sent": sorted(sent),
                     "same_bytes": got[2] == data,
                     "got": sorted(changes(value(kind, data), value(got[1], got[2])))}
    return out


def main() -> int:
    ours, backend = sys.argv[1:]
    programs.end_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="homelab-compare-"))
    port, key = programs.free_port(), f"sk-{secrets.token_hex(24)}"
    router = folder / "router.yaml"
    router.write_text(json.dumps({
        "model_list": [{"model_name": "m", "litellm_params": {
            "model": "openai/real-model", "api_base": f"http://{backend}/v1", "api_key": "none"}}],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "litellm_settings": {"num_retries": 0, "drop_params": False}}))
    litellm = programs.start(
        [str(programs.VENV / "bin" / "litellm"), "--config", str(router), "--host", "127.0.0.1", "--port", str(port)],
        {"PATH": f"{programs.VENV / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "NO_PROXY": "*",
         "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": key}, folder, folder / "litellm.log")
    try:
        scripted.wait_for(f"http://127.0.0.1:{port}/health/liveliness", 120, lambda: litellm.poll() is None)
        # On a busy machine LiteLLM cuts a stream now and then.
        theirs = compared(f"127.0.0.1:{port}", backend, key, tries=3)
        print(json.dumps({"ours": compared(ours, backend), "litellm": theirs}))
    except (RuntimeError, TimeoutError, OSError) as error:
        print(f"{error}\n{(folder / 'litellm.log').read_text()[-3000:]}", file=sys.stderr)
        return 1
    finally:
        programs.end(litellm)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
