"""Scripted servers on loopback that stand in for model servers, SearXNG and OptiLLM.

Every server writes down each request it saw: method, path, headers, body, and the
model name in the body. It listens on a port that the system picks, in threads of
this process, and ends with it.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit


class Reply:
    """What a scripted server answers: a status and a JSON value, or server-sent events."""

    def __init__(self, value: Any, status: int = 200, events: list[Any] | None = None):
        self.value, self.status, self.events = value, status, events


class Scripted:
    """One server; `answer` makes a Reply of the request that it was just told about."""

    def __init__(self, name: str, answer: Callable[[dict[str, Any]], Reply]):
        self.name = name
        self.requests: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def _handle(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length) if length else b""
                try:
                    body = json.loads(raw) if raw else None
                except ValueError:
                    body = raw.decode("utf-8", "replace")
                parts = urlsplit(self.path)
                seen = {
                    "at": time.monotonic(),
                    "server": outer.name,
                    "method": self.command,
                    "path": parts.path,
                    "query": {k: v[-1] for k, v in parse_qs(parts.query).items()},
                    "headers": {k.lower(): v for k, v in self.headers.items()},
                    "model": body.get("model") if isinstance(body, dict) else None,
                    "body": body,
                }
                with outer._lock:
                    outer.requests.append(seen)
                reply = outer.answer(seen)
                if reply.events is not None:
                    self.send_response(reply.status)
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Connection", "close")
                    self.end_headers()
                    for event in reply.events:
                        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                        self.wfile.flush()
                    self.wfile.write(b"data: [DONE]\n\n")
                    self.close_connection = True
                    return
                data = json.dumps(reply.value).encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle

        self.answer = answer
        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # a client that went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def taken(self) -> list[dict[str, Any]]:
        """What it has seen since the last call."""
        with self._lock:
            seen, self.requests = self.requests, []
        return seen

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def completion(model: str, text: str) -> dict[str, Any]:
    """A chat completion in OpenAI's shape."""
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def chunks(model: str, words: list[str]) -> list[dict[str, Any]]:
    """The same answer as a stream of chunks."""
    base = {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1, "model": model}
    out = [
        {**base, "choices": [{"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}]}
        for word in words
    ]
    return [*out, {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]


def model_server(name: str, sick: set[str] | None = None) -> Scripted:
    """A server that answers with its own name, by the APIs of OpenAI, Ollama, Anthropic and Gemini; `sick` models and servers get 503."""

    def answer(seen: dict[str, Any]) -> Reply:
        path, body, model = seen["path"], seen["body"], seen["model"]
        if sick and (model in sick or name in sick or "*" in sick):
            return Reply({"error": {"message": "scripted failure", "type": "server_error"}}, 503)
        if path.endswith("/api/show"):
            return Reply({"model_info": {}, "template": "", "capabilities": ["completion"]})
        if path.endswith("/api/chat"):
            return Reply({"model": model, "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop",
                          "message": {"role": "assistant", "content": name}, "prompt_eval_count": 1, "eval_count": 1})
        if path.endswith("/messages"):
            return Reply({"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_reason": "end_turn",
                          "stop_sequence": None, "content": [{"type": "text", "text": name}],
                          "usage": {"input_tokens": 1, "output_tokens": 1}})
        if path.endswith(":generateContent"):
            return Reply({"candidates": [{"index": 0, "finishReason": "STOP",
                                          "content": {"role": "model", "parts": [{"text": name}]}}],
                          "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}})
        if path.endswith("/chat/completions"):
            if isinstance(body, dict) and body.get("stream"):
                return Reply(None, events=chunks(model, [name, " ", "stream"]))
            return Reply(completion(model, name))
        if path.endswith("/completions"):
            return Reply({**completion(model, name), "object": "text_completion",
                          "choices": [{"index": 0, "text": name, "finish_reason": "stop"}]})
        if path.endswith("/embeddings"):
            given = body.get("input") if isinstance(body, dict) else ""
            rows = given if isinstance(given, list) else [given]
            return Reply({"object": "list", "model": model, "usage": {"prompt_tokens": 1, "total_tokens": 1},
                          "data": [{"object": "embedding", "index": i, "embedding": [0.0, 1.0]}
                                   for i, _ in enumerate(rows)]})
        if path.endswith("/models"):
            return Reply({"object": "list", "data": [{"id": name, "object": "model", "created": 1,
                                                      "owned_by": "scripted"}]})
        if path.endswith("/health") or path == "/":
            return Reply({"status": "ok"})
        return Reply({"error": {"message": f"scripted {name} has no {path}"}}, 404)

    return Scripted(name, answer)


def searxng(name: str = "searxng") -> Scripted:
    """SearXNG with JSON enabled: one result, whose title repeats the query."""

    def answer(seen: dict[str, Any]) -> Reply:
        query = dict(seen["query"])
        if seen["method"] == "POST" and isinstance(seen["body"], str):
            query |= {k: v[-1] for k, v in parse_qs(seen["body"]).items()}
        if not seen["path"].endswith("/search"):
            return Reply({"error": "no such page"}, 404)
        if query.get("format") != "json":
            return Reply({"error": "only JSON is scripted"}, 403)
        return Reply({"query": query.get("q", ""), "number_of_results": 1,
                      "results": [{"title": f"scripted: {query.get('q', '')}", "url": "http://example.test/1",
                                   "content": "a snippet", "engine": "scripted", "score": 1.0}],
                      "answers": [], "suggestions": [], "infoboxes": [], "unresponsive_engines": []})

    return Scripted(name, answer)


# The names that OptiLLM 0.4.0 strips from the front of a model name; `boot_litellm.py`
# and `optillm_facts.py` compare this list and `strip_approaches` with the real program.
APPROACHES = ("none mcts bon moa rto z3 self_consistency pvg rstar cot_reflection plansearch leap re2 cepo "
              "mars").split()
PLUGINS = ("coc compact deep_research deepthink executecode genselect json longcepo majority_voting mcp "
           "memory privacy proxy readurls router spl web_search").split()


# Fields of a request that OptiLLM keeps to itself.
OWN_FIELDS = ("stream_options optillm_approach proxy_wrap wrapped_approach wrap mcts_simulations mcts_exploration "
              "mcts_depth best_of_n rstar_max_depth rstar_num_rollouts rstar_c").split()


def strip_approaches(model: str) -> tuple[str, list[str], str]:
    """OptiLLM's `parse_combined_approach`, told again: operation, approaches, model that remains."""
    if model == "auto":
        return "SINGLE", ["none"], model
    operation, approaches = "SINGLE", []
    parts = model.split("-")
    while parts:
        part = parts[0]
        if part in APPROACHES or part in PLUGINS:
            approaches.append(part)
        elif "&" in part:
            operation = "AND"
            approaches.extend(part.split("&"))
        elif "|" in part:
            operation = "OR"
            approaches.extend(part.split("|"))
        else:
            break
        parts.pop(0)
    if not approaches:
        operation, approaches = "SINGLE", ["none"]
    return operation, approaches, "-".join(parts)


def optillm(config: dict[str, Any], api_key: str | None, approach: str = "proxy",
            name: str = "optillm") -> Scripted:
    """OptiLLM with `--approach proxy`: checks the key, strips, maps, and calls its first provider back."""
    provider = config["providers"][0]

    def answer(seen: dict[str, Any]) -> Reply:
        if seen["path"] == "/health":
            return Reply({"status": "ok"})
        given = seen["headers"].get("authorization", "")
        if api_key and given != f"Bearer {api_key}":
            return Reply({"error": "Invalid API key"}, 401)
        if seen["path"].endswith("/models"):
            return Reply({"object": "list", "data": [{"id": alias, "object": "model", "created": 0,
                                                      "owned_by": provider["name"]}
                                                     for alias in provider.get("model_map") or {}]})
        if not seen["path"].endswith("/chat/completions"):
            return Reply({"error": "no such path"}, 404)
        _, approaches, model = strip_approaches(f"{approach}-{seen['model']}")
        seen["approaches"], seen["left_as"] = approaches, (provider.get("model_map") or {}).get(model, model)
        body = {**seen["body"], "model": seen["left_as"]}
        stream = body.pop("stream", False)
        for own in OWN_FIELDS:
            body.pop(own, None)
        body.setdefault("n", 1)
        call = urllib.request.Request(
            provider["base_url"].rstrip("/") + "/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {provider['api_key']}"},
        )
        try:
            with urllib.request.urlopen(call, timeout=30) as response:
                value = json.load(response)
        except urllib.error.HTTPError as error:
            return Reply({"error": error.read().decode("utf-8", "replace")}, 500)
        if stream:
            text = value["choices"][0]["message"].get("content") or ""
            return Reply(None, events=chunks(seen["model"], [text]))
        return Reply(value)

    return Scripted(name, answer)


def wait_for(url: str, seconds: float, alive: Callable[[], bool], headers: dict[str, str] | None = None) -> float:
    """Asks `url` until it answers 200; the seconds it took. Raises when `alive` says no, or it takes too long."""
    start = time.monotonic()
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=2) as response:
                if response.status == 200:
                    return time.monotonic() - start
        except OSError:
            pass
        if not alive():
            raise RuntimeError(f"the program ended before {url} answered")
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"{url} did not answer within {seconds:g} s")
        time.sleep(0.1)
