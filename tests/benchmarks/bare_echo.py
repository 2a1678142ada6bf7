"""The peer of the orders' API: a bare FastAPI under uvicorn that checks a body of the same shape and sends it back."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Told(BaseModel):
    """What an order is opened with."""

    channel: str
    category: str
    fields: dict[str, str]


@app.post("/echo", status_code=201)
async def echo(told: Told) -> Told:
    """Return what was sent."""
    return told


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
