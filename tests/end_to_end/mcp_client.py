"""Drives `leakward mcp` with the protocol's own client (PyPI: mcp) and prints what it saw as one JSON document.

    mcp_client.py PROGRAM FOLDER MODE STEPS

MODE is a mode of the client: "legacy" (a handshake), "auto", or a revision. STEPS is a JSON list of [method, ...arguments].
The client checks each answer against the types of its revision, and tool results against the tools' own schemas.
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


def plain(value):
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main():
    program, folder, mode, steps = sys.argv[1:5]
    server = StdioServerParameters(command=program, args=["mcp"], cwd=folder)
    async with Client(server, mode=mode) as client:
        seen = {
            "version": client.protocol_version,
            "server": plain(client.server_info) if client.server_info else None,
            "instructions": client.instructions,
            "tools": [plain(tool) for tool in (await client.list_tools()).tools],
            "results": [],
        }
        for method, *arguments in json.loads(steps):
            try:
                result = plain(await getattr(client, method)(*arguments))
            except Exception as error:
                result = {"raised": f"{type(error).__name__}: {error}"}
            seen["results"].append(result)
    print(json.dumps(seen))


asyncio.run(main())
