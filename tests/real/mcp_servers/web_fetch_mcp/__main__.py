"""Serves web.fetch and search.web over standard input and output; its instructions name the variables it was given."""

import json
import os
from typing import Any

from mcp.server.mcpserver import MCPServer

server = MCPServer("web-fetch", version="0", log_level="ERROR", instructions=json.dumps(sorted(os.environ)))


@server.tool(name="web.fetch", description="The readable text of one page.")
def web_fetch(url: str, include_raw_html: bool = False) -> dict[str, Any]:
    page = {"final_url": url, "title": "scripted", "byline": None, "published_at": None, "lang": "en",
            "clean_text": f"the text of {url}"}
    return page | ({"raw_html": "<p>scripted</p>"} if include_raw_html else {})


@server.tool(name="search.web", description="Results of a web search.")
def search_web(query: str, max_results: int = 5) -> dict[str, Any]:
    rows = [{"title": f"{query} {n}", "url": f"http://example.test/{n}", "snippet": "scripted"} for n in range(25)]
    return {"results": rows[:max(1, min(max_results, 25))]}


server.run("stdio")
