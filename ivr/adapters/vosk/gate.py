"""Telling a speaker from a quiet line by loudness alone, so that silence costs the recogniser nothing.

It errs towards speech: noise that passes costs a little CPU, a word that does not pass would be lost.
"""

from __future__ import annotations

from ivr.speech.audio import loudest_frame_dbfs

QUIETEST_SPEECH_DBFS = -55.0
"""Nothing below this is speech on a telephone, however quiet the line."""

CERTAIN_SPEECH_DBFS = -42.0
"""Anything louder goes through, however noisy the line."""

ABOVE_NOISE_DB = 10.0
FLOOR_RISE_DB_PER_S = 1.5


class SilenceGate:
    """Follows the noise of one line and says of each chunk whether somebody may be speaking."""

    def __init__(self) -> None:
        self._floor_dbfs = -70.0

    @property
    def threshold_dbfs(self) -> float:
        return min(max(self._floor_dbfs + ABOVE_NOISE_DB, QUIETEST_SPEECH_DBFS), CERTAIN_SPEECH_DBFS)

    def may_be_speech(self, pcm: bytes) -> bool:
        """Whether the loudest 20 ms of `pcm` (8 kHz) stand out of the line's noise."""
        loudest, quietest = loudest_frame_dbfs(pcm)
        is_speech = loudest > self.threshold_dbfs
        risen = self._floor_dbfs + FLOOR_RISE_DB_PER_S * len(pcm) / 16_000
        self._floor_dbfs = max(-75.0, min(risen, quietest))
        return is_speech
