#!/usr/bin/env python3
"""The `openai` Python client against a gateway: what people do with it, and what they get.

    openai_client.py URL BACKEND

URL ends with /v1 and has the model `m`; BACKEND is the address of `backend.py` behind it. It prints
one JSON object: what the client returned, for the test to judge.
"""

import programs

if __name__ == "__main__":
    programs.need_venv("openai")

import asyncio
import io
import json
import sys
import urllib.request
from typing import Any

import openai

AUDIO = bytes(range(256)) * 20
TOOLS: Any = [{"type": "function", "function": {
    "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def error(client: openai.OpenAI, text: str, model: str = "m") -> list[Any]:
    try:
        client.chat.completions.create(model=model, messages=said(text))
    except openai.APIStatusError as problem:
        return [type(problem).__name__, problem.status_code, problem.code]
    return ["none"]


def tools(client: openai.OpenAI) -> list[Any]:
    """Of a whole answer, and put together from a stream."""
    whole = client.chat.completions.create(model="m", messages=said("call"), tools=TOOLS)
    name, arguments = "", ""
    for chunk in client.chat.completions.create(model="m", messages=said("call"), tools=TOOLS, stream=True):
        for part in chunk.choices[0].delta.tool_calls or []:
            name += part.function.name or ""
            arguments += part.function.arguments or ""
    first: Any = (whole.choices[0].message.tool_calls or [])[0]
    return [[first.function.name, json.loads(first.function.arguments)], [name, json.loads(arguments)]]


def stream(client: openai.OpenAI) -> list[Any]:
    words, usage = [], None
    for chunk in client.chat.completions.create(model="m", messages=said("a bé 🎉"), stream=True,
                                                stream_options={"include_usage": True}):
        words += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        usage = chunk.usage.total_tokens if chunk.usage else usage
    return [words, usage]


def responses(client: openai.OpenAI) -> list[Any]:
    whole = client.responses.create(model="m", input="hello there")
    kinds, text = [], ""
    for event in client.responses.create(model="m", input="hello there", stream=True):
        kinds.append(event.type)
        if event.type == "response.output_text.delta":
            text += event.delta
    return [whole.output_text, text, kinds[0], kinds[-1]]


def closed(backend: str) -> Any:
    with urllib.request.urlopen(f"http://{backend}/closed", timeout=30) as answer:
        return json.load(answer)


def cancelled(client: openai.OpenAI, backend: str) -> Any:
    """A stream that is closed after its first word."""
    events = client.chat.completions.create(model="m", messages=said("wait"), stream=True)
    word = next(chunk.choices[0].delta.content for chunk in events if chunk.choices[0].delta.content)
    events.close()
    return [word, closed(backend)]


async def cancelled_task(url: str, backend: str) -> Any:
    """A task that is cancelled before its answer begins."""
    client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    task = asyncio.create_task(client.chat.completions.create(model="m", messages=said("wait")))
    while not await asyncio.to_thread(begun, backend):
        pass
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return ["cancelled", await asyncio.to_thread(closed, backend)]
    return ["answered"]


def begun(backend: str) -> bool:
    with urllib.request.urlopen(f"http://{backend}/seen", timeout=30) as answer:
        return any(it["path"].endswith("/chat/completions") for it in json.load(answer))


def main() -> None:
    url, backend = sys.argv[1:]
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    chat = client.chat.completions.create(model="m", messages=said("hello there"))
    vector = client.embeddings.create(model="m", input=["a", "b"])
    plain = client.embeddings.create(model="m", input="a", encoding_format="float")
    heard = client.audio.transcriptions.create(model="m", file=("a.wav", io.BytesIO(AUDIO), "audio/wav"))
    spoken = client.audio.speech.create(model="m", input="hello", voice="alloy").read()
    refused = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    print(json.dumps({
        "chat": [chat.choices[0].message.content, chat.model, chat.usage and chat.usage.total_tokens],
        "stream": stream(client),
        "tools": tools(client),
        "embeddings": [[it.embedding for it in vector.data], plain.data[0].embedding],
        "responses": responses(client),
        "completion": client.completions.create(model="m", prompt="hello").choices[0].text,
        "transcription": heard.text,
        "speech": len(spoken),
        "image": (client.images.generate(model="m", prompt="a cat").data or [])[0].b64_json,
        "models": [it.id for it in client.models.list()],
        "model": client.models.retrieve("m").id,
        "errors": {"400": error(refused, "status 400"), "nobody": error(refused, "hello", "nobody")},
        "cancelled": cancelled(client, backend),
        "cancelled_task": (begun(backend), asyncio.run(cancelled_task(url, backend)))[1],
    }))


if __name__ == "__main__":
    main()
