#!/usr/bin/env python3
"""A model server that serves OpenAI's whole API as a real one would, and tells what it saw.

    backend.py

It prints its port, and ends with its standard input. The last message (or input, or prompt) says
what it does: `status 429` answers with that error, `wait` sends one token and waits until the
caller goes away, `call` calls the first tool; anything else is repeated. `GET /seen` lists the requests since
the last such call, `GET /closed` waits until as many callers went away as were told to wait.
"""

from __future__ import annotations

import base64
import json
import struct
import sys
import threading
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Iterator

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
VECTOR = [0.25, -1.5, 3.0]
SPEECH = bytes(range(256)) * 8
PATIENCE = 20

changed = threading.Condition()
seen: list[dict[str, Any]] = []
waiting = {"begun": 0, "closed": 0}


def asked(body: dict[str, Any]) -> str:
    """The words that say what to do."""
    for name in ("input", "prompt", "query"):
        value = body.get(name)
        if isinstance(value, list) and value and isinstance(value[-1], dict):
            value = value[-1].get("content")
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = value[0].get("text")
        if isinstance(value, str):
            return value
    content = (body.get("messages") or [{}])[-1].get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return str(content)


def call(body: dict[str, Any]) -> dict[str, Any]:
    name = body["tools"][0]["function"]["name"]
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city":"Paris"}'}}


def chat(body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": asked(body)}
    reason = "stop"
    if asked(body) == "call":
        message, reason = {"role": "assistant", "content": None, "tool_calls": [call(body)]}, "tool_calls"
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
            "usage": USAGE, "system_fingerprint": "fp", "timings": {"predicted_per_second": 42.5}}


def chat_events(body: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}

    def event(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield event({"role": "assistant", "content": ""})
    if asked(body) == "wait":
        yield event({"content": "one"})
        yield None
    elif asked(body) == "call":
        whole = call(body)
        name, arguments = whole["function"]["name"], whole["function"]["arguments"]
        yield event({"tool_calls": [{**whole, "index": 0, "function": {"name": name, "arguments": ""}}]})
        for part in (arguments[:5], arguments[5:]):
            yield event({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
        yield event({}, "tool_calls")
    else:
        for word in asked(body).split():
            yield event({"content": word})
        yield event({}, "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**base, "choices": [], "usage": USAGE}


def completion(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": body["model"], "usage": USAGE,
            "choices": [{"index": 0, "text": asked(body), "logprobs": None, "finish_reason": "stop"}]}


def embeddings(body: dict[str, Any]) -> dict[str, Any]:
    given = body["input"] if isinstance(body["input"], list) else [body["input"]]
    packed = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
    vector = packed if body.get("encoding_format") == "base64" else VECTOR
    return {"object": "list", "model": body["model"], "usage": {"prompt_tokens": 2, "total_tokens": 2},
            "data": [{"object": "embedding", "index": at, "embedding": vector} for at in range(len(given))]}


def response(body: dict[str, Any], status: str = "completed") -> dict[str, Any]:
    text = {"type": "output_text", "text": asked(body), "annotations": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": [text]}
    usage = {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 2,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 5}
    done = status == "completed"
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": body["model"],
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "output": [message] if done else [],
            "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
            "usage": usage if done else None}


def response_events(body: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    number = iter(range(1000))

    def event(kind: str, **rest: Any) -> dict[str, Any]:
        return {"type": kind, "sequence_number": next(number), **rest}

    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield event("response.created", response=response(body, "in_progress"))
    yield event("response.output_item.added", output_index=0,
                item={"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []})
    yield event("response.content_part.added", part={"type": "output_text", "text": "", "annotations": []}, **place)
    for word in asked(body).split():
        yield event("response.output_text.delta", delta=word, logprobs=[], **place)
    yield event("response.output_text.done", text=asked(body), logprobs=[], **place)
    yield event("response.completed", response=response(body))


def message(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
            "content": [{"type": "text", "text": asked(body)}], "stop_reason": "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": 3, "output_tokens": 2}}


def rerank(body: dict[str, Any]) -> dict[str, Any]:
    count = len(body["documents"])
    return {"id": "rerank-1", "model": body["model"], "usage": {"total_tokens": 5},
            "results": [{"index": at, "relevance_score": 1.0 - at / count} for at in reversed(range(count))]}


def image(body: dict[str, Any]) -> dict[str, Any]:
    return {"created": 1, "data": [{"b64_json": base64.b64encode(b"a picture").decode()}]}


WHOLE = {"/chat/completions": chat, "/completions": completion, "/embeddings": embeddings, "/responses": response,
         "/messages": message, "/rerank": rerank, "/images/generations": image}
EVENTS = {"/chat/completions": chat_events, "/responses": response_events}


def form(kind: str, raw: bytes) -> dict[str, Any]:
    """A form as fields; a file is its name, type and bytes."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    fields: dict[str, Any] = {}
    for part in BytesParser().parsebytes(head + raw).get_payload():
        assert isinstance(part, Message)
        data = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if part.get_filename():
            fields[str(name)] = {"filename": part.get_filename(), "type": part.get_content_type(),
                                 "hex": data.hex() if isinstance(data, bytes) else None}
        else:
            fields[str(name)] = data.decode() if isinstance(data, bytes) else None
    return fields


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def tell(self, status: int, data: bytes, kind: str = "application/json", **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        global seen
        with changed:
            if self.path == "/closed":
                changed.wait_for(lambda: waiting["closed"] == waiting["begun"] > 0, timeout=PATIENCE)
                answer: Any = dict(waiting)
            elif self.path == "/seen":
                answer, seen = seen, []
            else:
                answer = {"object": "list", "data": []}
        self.tell(200, json.dumps(answer).encode())

    def do_POST(self) -> None:
        path = "/" + self.path.split("?")[0].removeprefix("/v1").lstrip("/")
        kind = self.headers.get("Content-Type", "")
        raw = self.body()
        body = form(kind, raw) if kind.startswith("multipart/") else json.loads(raw)
        with changed:
            seen.append({"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()},
                         "body": body, "text": None if kind.startswith("multipart/") else raw.decode()})
        words = asked(body)
        if words.startswith("status "):
            status = int(words.split()[1])
            error = {"message": f"as asked: {status}", "type": "scripted", "param": None, "code": f"code_{status}"}
            return self.tell(status, json.dumps({"error": error}).encode(), **({"Retry_After": "0"} if status == 429 else {}))
        if path == "/audio/transcriptions":
            return self.tell(200, json.dumps({"text": f"heard {len(body['file']['hex']) // 2} bytes"}).encode())
        if path == "/audio/speech":
            return self.tell(200, SPEECH, "audio/mpeg")
        if path not in WHOLE:
            return self.tell(404, b'{"error":{"message":"no such endpoint","type":"invalid_request_error","code":null}}')
        if body.get("stream") and path in EVENTS:
            return self.stream(EVENTS[path](body), named=path == "/responses")
        if words == "wait":
            return self.wait()
        self.tell(200, json.dumps(WHOLE[path](body)).encode())

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        raw = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            raw += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return raw

    def stream(self, events: Iterator[dict[str, Any] | None], named: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            if event is None:
                return self.wait()
            name = f"event: {event['type']}\n" if named else ""
            self.chunk(f"{name}data: {json.dumps(event)}\n\n".encode())
        if not named:
            self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def wait(self) -> None:
        """Until the caller goes away."""
        with changed:
            waiting["begun"] += 1
        self.close_connection = True
        self.connection.settimeout(PATIENCE)
        try:
            gone = self.connection.recv(1) == b""
        except ConnectionError:
            gone = True
        except TimeoutError:
            gone = False
        with changed:
            waiting["closed"] += gone
            changed.notify_all()


class Server(ThreadingHTTPServer):
    """All of them; a caller that went away is no news."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    sys.stdin.read()
