"""The peer: a plain AsyncAGI controller, as short as it can be. Arguments: AMI port, secret, the two sounds."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import unquote


async def serve(port: int, secret: str, sounds: dict[str, str]) -> None:
    """Play sound one to each call; at key 1 or 2 play that sound; again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(f"Action: Login\r\nUsername: bench\r\nSecret: {secret}\r\nEvents: on\r\n\r\n".encode())
    number = 0

    def play(channel: str, key: str) -> None:
        nonlocal number
        number += 1
        command = f'STREAM FILE {sounds[key]} "12"'
        action = f"Action: AGI\r\nChannel: {channel}\r\nCommandID: {number}\r\nCommand: {command}\r\n\r\n"
        writer.write(action.encode())

    while True:
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
        event = dict(line.split(": ", 1) for line in raw.split("\r\n") if ": " in line)
        match event.get("Event"):
            case "AsyncAGIStart":
                play(event["Channel"], "1")
            case "AsyncAGIExec":
                result = unquote(event.get("Result", "")).partition("result=")[2].split(" ")[0].strip()
                if result in ("0", "49", "50"):
                    play(event["Channel"], "2" if result == "50" else "1")
            case _:
                if event.get("Response") == "Success" and "Authentication" in event.get("Message", ""):
                    print("ready", flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], {"1": sys.argv[3], "2": sys.argv[4]}))
