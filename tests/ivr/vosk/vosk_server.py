"""A tiny server that speaks as alphacep's vosk-server does, with genuine recognition behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from ivr.adapters.vosk.loaded_model import LoadedModel


@dataclass
class VoskServer:
    """What it was told, and its switches: `answer` replaces every answer by this text."""

    model: LoadedModel
    url: str = ""
    configs: list[dict[str, object]] = field(default_factory=list)
    opened: int = 0
    answer: str | None = None
    server: Server | None = None

    def attend(self, line: ServerConnection) -> None:
        """As asr_server.py: config first, then audio; partial or final for each piece, the last one for eof."""
        import vosk

        self.opened += 1
        recogniser = None
        rate = 8000.0
        try:
            for message in line:
                if isinstance(message, str) and "config" in message:
                    config = json.loads(message)["config"]
                    self.configs.append(config)
                    rate = float(config.get("sample_rate", rate))
                    continue
                if recogniser is None:
                    recogniser = vosk.KaldiRecognizer(self.model._model, rate)
                    recogniser.SetWords(True)
                is_over = message == '{"eof" : 1}'
                if is_over:
                    told = recogniser.FinalResult()
                elif recogniser.AcceptWaveform(message):
                    told = recogniser.Result()
                else:
                    told = recogniser.PartialResult()
                line.send(told if self.answer is None else self.answer)
                if is_over:
                    return
        except ConnectionClosed:
            pass


@contextmanager
def vosk_server(model: LoadedModel, port: int = 0) -> Iterator[VoskServer]:
    """A running server on loopback."""
    told = VoskServer(model)
    with serve(told.attend, "127.0.0.1", port, compression=None) as server:
        told.server = server
        told.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join(5)
