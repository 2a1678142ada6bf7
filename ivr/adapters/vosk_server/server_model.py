"""The speech model behind a vosk-server: one WebSocket per utterance, in its protocol.

    ws://host:2700            16 kHz, which models for wideband and for telephones both take
    ws://host:2700?rate=8000  what a model for telephones wants

The server is sent `{"config": {...}}`, then audio; it answers each piece with a partial or a final result, and
`{"eof": 1}` with the last one, whereupon it closes. (Newer servers know `reset`; all know `eof`.)
See https://github.com/alphacep/vosk-server.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from websockets.exceptions import InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from ivr.errors import EarsError
from ivr.ports import Recogniser

DEFAULT_RATE_HZ = 16_000
RATES_HZ = (8_000, 16_000)
CONNECT_S = 3.0
ANSWER_S = 5.0
MAX_ANSWER_BYTES = 1024 * 1024
NOTHING = '{"partial": ""}'


def is_server(speech_model: str) -> bool:
    """Whether this setting names a recognition server rather than a model on this machine."""
    return speech_model.startswith(("ws://", "wss://"))


class ServerModel:
    """Fulfils `ivr.ports.SpeechModel`; nothing is sent before somebody speaks."""

    def __init__(self, url: str) -> None:
        """EarsError, with the remedy, when `url` is no address of a server."""
        try:
            parts = urlsplit(url)
            rate = int(parse_qs(parts.query).get("rate", [str(DEFAULT_RATE_HZ)])[0])
            if parts.scheme not in ("ws", "wss") or not parts.hostname or rate not in RATES_HZ:
                raise ValueError(url)
            self.name = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'wss' else 80)}"
        except ValueError:
            raise EarsError(
                "识别服务的地址看不懂。改法：写成 ws://主机:2700 或 wss://主机:端口，可加 ?rate=8000。"
            ) from None
        self.rate_hz = rate
        self._url = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

    def open(self) -> Recogniser:
        """See SpeechModel."""
        return _ServerRecogniser(self._url, self.rate_hz)


class _ServerRecogniser:
    """Fulfils `ivr.ports.Recogniser`. EarsError when the server does not answer as it should."""

    def __init__(self, url: str, rate_hz: int) -> None:
        self._url, self._rate_hz = url, rate_hz
        self._line: ClientConnection | None = None
        self._closing = ExitStack()
        self._fed = 0
        self._line_began = 0
        self._partial = NOTHING

    def accept(self, pcm: bytes) -> str | None:
        if self._line is None:
            self._line_began = self._fed
            self._line = self._connected()
        self._fed += len(pcm) // 2
        told = self._ask(self._line, pcm)
        if "result" in told or "text" in told:
            self._partial = NOTHING
            return self._as_kaldi(told)
        self._partial = json.dumps({"partial": str(told.get("partial", ""))}, ensure_ascii=False)
        return None

    def partial(self) -> str:
        return self._partial

    def final(self) -> str:
        self._partial = NOTHING
        if self._line is None:
            return "{}"
        told = self._ask(self._line, '{"eof" : 1}')
        self._close()
        return self._as_kaldi(told)

    def __del__(self) -> None:
        self._close()

    def _connected(self) -> ClientConnection:
        try:
            line = self._closing.enter_context(
                connect(
                    self._url,
                    open_timeout=CONNECT_S,
                    close_timeout=1,
                    max_size=MAX_ANSWER_BYTES,
                    compression=None,
                    proxy=None,
                )
            )
            line.send(json.dumps({"config": {"sample_rate": self._rate_hz, "words": True}}))
        except (OSError, TimeoutError, InvalidURI, WebSocketException) as error:
            self._close()
            raise EarsError(
                f"识别服务没有应答（{error}）。改法：检查 vosk-server 是否在运行、地址是否正确。"
            ) from error
        return line

    def _close(self) -> None:
        self._line = None
        with suppress(OSError, WebSocketException):
            self._closing.close()

    def _ask(self, line: ClientConnection, message: bytes | str) -> dict[str, Any]:
        try:
            line.send(message)
            told = json.loads(line.recv(timeout=ANSWER_S))
        except (OSError, TimeoutError, WebSocketException, ValueError, RecursionError) as error:
            self._close()
            raise EarsError(f"识别服务中断（{error}）。改法：检查 vosk-server 是否在运行。") from error
        if not isinstance(told, dict):
            raise EarsError("识别服务的应答看不懂。改法：检查地址是否是 vosk-server。")
        return told

    def _as_kaldi(self, told: dict[str, Any]) -> str:
        """Return the result with its seconds counted from our first sample: each connection begins at zero."""
        began_s = self._line_began / self._rate_hz
        try:
            words = [
                {
                    "word": str(word["word"]),
                    "start": float(word["start"]) + began_s,
                    "end": float(word["end"]) + began_s,
                    "conf": float(word.get("conf", 1.0)),
                }
                for word in told.get("result", ())
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EarsError("识别服务的应答看不懂。改法：检查地址是否是 vosk-server。") from error
        return json.dumps({"result": words}, ensure_ascii=False)
