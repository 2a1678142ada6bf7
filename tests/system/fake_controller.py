"""A controller of a few lines, as a process of its own, that can be killed and stopped: FastAGI on a given port.

    python -m tests.system.fake_controller PORT MODE

Modes: `hold` keeps every caller; `queue` sends every caller to the queue `enterprise`, and hangs up one who comes back;
`speak` plays a sound as long as it can; `crash` takes the call and dies.
"""

from __future__ import annotations

import asyncio
import os
import sys


async def serve(port: int, mode: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        environment = {}
        while line := (await reader.readline()).decode().strip():
            key, _, value = line.partition(": ")
            environment[key] = value

        async def ask(command: str) -> str:
            writer.write(command.encode() + b"\n")
            await writer.drain()
            return (await reader.readline()).decode().strip()

        print(
            "CALL", environment.get("agi_arg_1"), environment.get("agi_arg_4"), environment.get("agi_arg_5"), flush=True
        )
        match mode:
            case "crash":
                os._exit(9)
            case "hold":
                await reader.read()
            case "speak":
                print(await ask('CONTROL STREAM FILE hl/silence ""'), flush=True)
                print(await ask("GET VARIABLE CPLAYBACKSTATUS"), flush=True)
                await ask("SET VARIABLE HL_DO hangup")
                await ask("SET VARIABLE HL_DONE 1")
            case "queue":
                await ask(f"SET VARIABLE HL_DO {'hangup' if environment.get('agi_arg_4') else 'queue'}")
                await ask("SET VARIABLE HL_QUEUE enterprise")
                await ask("SET VARIABLE HL_DONE 1")
            case _:  # the rest of the mode is a list of variables to set: dial 13900000000
                for word in mode.split(","):
                    name, _, value = word.partition("=")
                    done_before = environment.get("agi_arg_4")
                    await ask(f'SET VARIABLE {name} "{value}"' if not done_before else "SET VARIABLE HL_DO hangup")
                await ask("SET VARIABLE HL_DONE 1")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    print("READY", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
