"""Asks the proxy over HTTP/2 as `httpx` does: a chat, a stream, a stream that is given up, and many requests at once."""

import asyncio
import json
import sys

try:
    import h2  # noqa: F401
    import httpx
except ImportError as error:
    print(f"the Python of the tests has no {error.name}")
    sys.exit(3)

URL, AUTHORITY = sys.argv[1:]
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def main():
    client = httpx.AsyncClient(http2=True, verify=AUTHORITY, base_url=URL, timeout=20)
    whole = await client.post("/chat/completions", json=CHAT)
    versions = [whole.http_version]
    async with client.stream("POST", "/chat/completions", json=CHAT | {"stream": True}) as answer:
        versions.append(answer.http_version)
        events = [line async for line in answer.aiter_lines() if line.startswith("data: ")]
    async with client.stream("POST", "/chat/completions", json=CHAT | {"stream": True}) as answer:
        versions.append(answer.http_version)
        async for line in answer.aiter_lines():
            break
    many = await asyncio.gather(*(client.get("/nothing") for _ in range(50)))
    statuses = {answer.status_code for answer in many}
    print(json.dumps({"versions": versions, "answer": whole.json(), "events": len(events), "many": [*statuses, len(many)]}))


asyncio.run(main())
