"""A small real MCP server with the tools of the owner's web_fetch_mcp, for mcp_start.py; it opens no connection."""
