"""An MCP server of the same kind as this project's, as short as the official Python SDK allows: one tool, which asks
HAProxy's socket and gives its answer as fields. What `make bench` puts beside ours for start and `show_info`."""

import os
import socket

from mcp.server.mcpserver import MCPServer

server = MCPServer("peer")


@server.tool()
def show_info() -> dict[str, str]:
    """Facts about the running HAProxy process."""
    reply = b""
    with socket.socket(socket.AF_UNIX) as haproxy:
        haproxy.connect(os.environ["HAPROXY_RUNTIME_SOCKET"])
        haproxy.sendall(b"show info\n")
        while piece := haproxy.recv(65536):
            reply += piece
    lines = reply.decode().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


server.run("stdio")
