#!/usr/bin/env python3
"""LiteLLM as a client of a gateway, as its users write it: `openai/<model>` with an `api_base`.

    litellm_client.py URL BACKEND

As `openai_client.py`; it prints the same keys for what both can do.
"""

import os

import programs

if __name__ == "__main__":
    programs.need_venv("litellm")
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would fetch the list of models

import io
import json
import sys
from typing import Any

import litellm

from openai_client import AUDIO, TOOLS, closed, said

litellm.telemetry = False
litellm.suppress_debug_info = True


def main() -> None:
    url, backend = sys.argv[1:]
    place: Any = {"model": "openai/m", "api_base": url, "api_key": "none", "num_retries": 0, "max_retries": 0}

    def chat(text: str, **more: Any) -> Any:
        return litellm.completion(messages=said(text), **{**place, **more})

    def error(text: str, model: str = "openai/m") -> list[Any]:
        try:
            chat(text, model=model)
        except litellm.exceptions.APIError as problem:
            return [type(problem).__name__, problem.status_code]
        except Exception as problem:  # LiteLLM's classes have no base of their own
            return [type(problem).__name__, getattr(problem, "status_code", None)]
        return ["none"]

    whole = chat("hello there")
    words = [chunk.choices[0].delta.content for chunk in chat("a bé 🎉", stream=True)]
    called = chat("call", tools=TOOLS).choices[0].message.tool_calls[0].function
    parts = [chunk.choices[0].delta.tool_calls or [] for chunk in chat("call", tools=TOOLS, stream=True)]
    text = "".join(part[0].function.arguments or "" for part in parts if part)
    vectors = litellm.embedding(input=["a", "b"], **place)
    heard = litellm.transcription(file=("a.wav", io.BytesIO(AUDIO), "audio/wav"), **place)
    spoken = litellm.speech(input="hello", voice="alloy", **place)
    answer: Any = litellm.responses(input="hello there", **place)
    waiting = chat("wait", stream=True)
    word = next(chunk.choices[0].delta.content for chunk in waiting if chunk.choices[0].delta.content)
    # LiteLLM's wrapper has no way to close; what it wraps has.
    waiting.completion_stream.close()
    print(json.dumps({
        "chat": [whole.choices[0].message.content, whole.usage.total_tokens],
        "stream": [it for it in words if it],
        "tools": [[called.name, json.loads(called.arguments)], json.loads(text)],
        "embeddings": [it["embedding"] for it in vectors.data],
        "responses": answer.output[0].content[0].text,
        "transcription": heard.text,
        "speech": len(spoken.content),
        "errors": {"400": error("status 400"), "nobody": error("hello", "openai/nobody")},
        "cancelled": [word, closed(backend)],
    }))


if __name__ == "__main__":
    main()
