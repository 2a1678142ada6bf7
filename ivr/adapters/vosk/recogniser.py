"""One speaker, one recogniser of a speech model: chunks of telephone audio in, partial and final words with times out.

No asyncio here: it runs in whatever thread or process has time for it, one chunk at a time.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from ivr.adapters.vosk.gate import SilenceGate
from ivr.call import CallId, Leg
from ivr.ports import Heard, HeardWord, Recogniser, SpeechModel
from ivr.speech.audio import TELEPHONE_HZ, samples, seconds
from ivr.speech.transcript import join_words
from ivr.speech.transcript_mend import UNKNOWN_WORD, spoken_text

CHUNK_S = 0.2
CHUNK_BYTES = int(CHUNK_S * TELEPHONE_HZ) * 2
"""The recogniser's text depends a little on how audio is cut, so it is always cut alike."""

PREROLL_S = 0.4
"""What is kept of the quiet before a word, so that its beginning is heard."""

HANGOVER_S = 0.6
"""How long a speaker may pause before the words so far are final."""

UNKNOWN_CONFIDENCE = 0.1


@dataclass(frozen=True, slots=True)
class _Base:
    """Where the recogniser's own clock stood (seconds fed) when the call's clock stood at `call_s`."""

    fed_s: float
    call_s: float


class LegRecogniser:
    """Turns what one party says into Heard results, times in seconds from the answer of the call.

    `settled_s` is the moment up to which all words are final: what was heard after it is lost if this object is.
    """

    def __init__(self, model: SpeechModel, call: CallId, leg: Leg) -> None:
        self._model, self._call, self._leg = model, call, leg
        self._line: Recogniser | None = None
        self._resampler: Any = None
        self._gate = SilenceGate()
        self._quiet: deque[tuple[float, bytes]] = deque()
        self._quiet_s = 0.0
        self._open = False
        self._fed = 0
        self._base = _Base(0.0, 0.0)
        self._next_s = 0.0
        self._begun_s = 0.0
        self._partial = ""
        self._partial_json = ""
        self.settled_s = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nobody is speaking: then a quiet chunk costs microseconds, and no thread is needed for it."""
        return not self._open

    def hear(
        self, pcm: bytes, at_s: float, *, want_partial: bool = True, speaks: bool | None = None
    ) -> tuple[Heard, ...]:
        """Hear one chunk (8 kHz) that was spoken at `at_s`; a leap in time first settles what came before.

        Without `want_partial` only finals are returned, which is cheaper when audio has piled up. `speaks` is what a
        SilenceGate said of the chunk, when the caller has asked one already.
        """
        results = self.settle() if abs(at_s - self._next_s) > 0.001 else ()
        self._next_s = at_s + seconds(pcm)
        speaks = self._gate.may_be_speech(pcm) if speaks is None else speaks
        if not self._open:
            self._quiet.append((at_s, pcm))
            if not speaks:
                self._forget_old_quiet()
                self.settled_s = self._next_s
                return results
            return (*results, *self._begin(want_partial))
        self._quiet_s = 0.0 if speaks else self._quiet_s + seconds(pcm)
        results = (*results, *self._feed(pcm, want_partial))
        if self._quiet_s >= HANGOVER_S:
            results = (*results, *self.settle())
        return results

    def settle(self) -> tuple[Heard, ...]:
        """Make final what was heard so far; what comes next begins a new utterance."""
        self._quiet.clear()
        results: tuple[Heard, ...] = ()
        if self._open:
            self._open = False
            results = self._final(self._flush())
        self.settled_s = self._next_s
        return results

    def _begin(self, want_partial: bool) -> tuple[Heard, ...]:
        if self._line is None:
            self._line = self._model.open()
        if self._model.rate_hz != TELEPHONE_HZ:
            self._resampler = soxr.ResampleStream(TELEPHONE_HZ, self._model.rate_hz, 1, dtype="int16")
        begun_s = self._quiet[0][0]
        self._open, self._quiet_s, self._begun_s = True, 0.0, begun_s
        self._base = _Base(self._fed / self._model.rate_hz, begun_s)
        self.settled_s = begun_s
        chunks, self._quiet = self._quiet, deque()
        results: tuple[Heard, ...] = ()
        while chunks:
            _, pcm = chunks.popleft()
            results = (*results, *self._feed(pcm, want_partial and not chunks))
        return results

    def _forget_old_quiet(self) -> None:
        while self._quiet and self._next_s - self._quiet[0][0] > PREROLL_S + 0.001:
            self._quiet.popleft()

    def _feed(self, pcm: bytes, want_partial: bool) -> tuple[Heard, ...]:
        assert self._line is not None
        data = self._at_model_rate(pcm)
        self._fed += len(data) // 2
        result = self._line.accept(data)
        if result is not None:
            return self._final(result)
        return self._revised(self._line.partial()) if want_partial else ()

    def _at_model_rate(self, pcm: bytes, last: bool = False) -> bytes:
        if self._resampler is None:
            return pcm
        return bytes(self._resampler.resample_chunk(samples(pcm), last=last).astype(np.int16).tobytes())

    def _flush(self) -> str:
        assert self._line is not None
        if self._resampler is not None:
            rest = self._at_model_rate(b"", last=True)
            self._resampler = None
            self._fed += len(rest) // 2
            result = self._line.accept(rest) if rest else None
            if result is not None:
                # An endpoint in the very last samples: its words must not be overwritten by the empty final.
                self._line.final()
                return result
        return self._line.final()

    def _revised(self, result: str) -> tuple[Heard, ...]:
        if result == self._partial_json:
            return ()
        self._partial_json = result
        text = join_words(word for word in json.loads(result)["partial"].split() if word != UNKNOWN_WORD)
        if text == self._partial:
            return ()
        self._partial = text
        return (Heard(self._call, self._leg, text, False, self._begun_s, self._next_s),)

    def _final(self, result: str) -> tuple[Heard, ...]:
        words = tuple(self._word(entry) for entry in json.loads(result).get("result", ()))
        had_partial, self._partial = bool(self._partial), ""
        begun_s, self._begun_s = self._begun_s, self._next_s
        self.settled_s = words[-1].ended_s if words else self._next_s
        if words:
            return (Heard(self._call, self._leg, spoken_text(words), True, words[0].begun_s, words[-1].ended_s, words),)
        return (Heard(self._call, self._leg, "", True, begun_s, self._next_s),) if had_partial else ()

    def _word(self, entry: dict[str, Any]) -> HeardWord:
        shift_s = self._base.call_s - self._base.fed_s
        confidence = float(entry.get("conf", 1.0))
        if entry["word"] == UNKNOWN_WORD:
            confidence = min(confidence, UNKNOWN_CONFIDENCE)
        begun_s, ended_s = round(entry["start"] + shift_s, 3), round(entry["end"] + shift_s, 3)
        return HeardWord(str(entry["word"]), begun_s, max(begun_s, ended_s), round(confidence, 3))
