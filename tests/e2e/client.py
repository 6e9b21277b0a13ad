"""An MCP client that shares no code with this project: the official Python SDK, which checks each answer against the
tool's output schema by itself.

    client.py list BINARY [ARGUMENT…]    starts the server in each protocol era and prints its tools
    client.py call BINARY [ARGUMENT…]    reads {"mode", "calls": [{"tool", "arguments"}]} from standard input and prints
                                         {"protocol", "server", "tools", "results"}: what the client made of them
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters

# The eras: `auto` asks `server/discover` first and thereby speaks 2026-07-28; `legacy` does the handshake of 2025-11-25.
ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}

DEADLINE = 30


def connect(mode: str, command: list[str]) -> Client:
    server = StdioServerParameters(command=command[0], args=command[1:])
    return Client(server, mode=mode, read_timeout_seconds=DEADLINE)


async def list_tools(command: list[str]) -> None:
    seen = []
    for mode, version in ERAS.items():
        async with connect(mode, command) as client:
            if client.protocol_version != version:
                raise SystemExit(f"{mode}: expected {version}, got {client.protocol_version}")
            tools = (await client.list_tools()).tools
            if not tools:
                raise SystemExit(f"{version}: the server lists no tools")
            seen.append([tool.name for tool in tools])
            print(f"{version}: {', '.join(seen[-1])}")
    if seen[0] != seen[1]:
        raise SystemExit("the two eras list different tools")


async def call_tools(command: list[str]) -> None:
    asked = json.load(sys.stdin)
    async with connect(asked["mode"], command) as client:
        tools = (await client.list_tools()).tools
        results = [await client.call_tool(call["tool"], call["arguments"]) for call in asked["calls"]]
        answer = {
            "protocol": client.protocol_version,
            "server": client.server_info and client.server_info.name,
            "tools": [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools],
            "results": [result.model_dump(by_alias=True, mode="json", exclude_none=True) for result in results],
        }
    json.dump(answer, sys.stdout)


async def main() -> None:
    verb, *command = sys.argv[1:]
    # The client waits for an answer, and for the server's end; this is for everything else.
    async with asyncio.timeout(4 * DEADLINE):
        await {"list": list_tools, "call": call_tools}[verb](command)


asyncio.run(main())
