"""A Vosk model loaded into this process, with the sample rate that it wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ivr.adapters.vosk.model_folder import missing_files, sample_rate_hz
from ivr.errors import EarsError
from ivr.ports import Recogniser


class LoadedModel:
    """The genuine `vosk.Model`; shared by all recognisers of the process, and safe to share between threads.

    A damaged file can make libvosk end the whole process, so `model_check.verify` comes first, in a child process.
    """

    def __init__(self, folder: Path) -> None:
        """Load `folder`; EarsError, with the remedy, when it cannot be a model."""
        lacking = missing_files(folder)
        if lacking:
            raise EarsError(
                f"语音模型不完整：{folder} 缺少 {'、'.join(lacking)}。"
                "改法：重新安装模型（hotline models install 文件夹、压缩包或网址），或在设置中改用其他模型。"
            )
        import vosk  # takes 0.1 s, and only those who listen need it

        vosk.SetLogLevel(-1)
        self.folder = folder
        self.rate_hz = sample_rate_hz(folder)
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # libvosk raises bare Exception
            raise EarsError(f"语音模型无法加载：{folder}。改法：用 hotline models verify 检查，或重新安装。") from error

    def recogniser(self) -> vosk.KaldiRecognizer:  # type: ignore[name-defined]  # noqa: F821
        """Return a new recogniser that gives each word its time."""
        import vosk

        recogniser = vosk.KaldiRecognizer(self._model, float(self.rate_hz))
        recogniser.SetWords(True)
        return recogniser

    @property
    def name(self) -> str:
        return self.folder.name

    def open(self) -> Recogniser:
        """See SpeechModel."""
        return _Kaldi(self.recogniser())


class _Kaldi:
    """Fulfils `ivr.ports.Recogniser` with libvosk in this process."""

    def __init__(self, kaldi: Any) -> None:
        self._kaldi = kaldi

    def accept(self, pcm: bytes) -> str | None:
        if not self._kaldi.AcceptWaveform(pcm):
            return None
        result: str = self._kaldi.Result()
        return result

    def partial(self) -> str:
        result: str = self._kaldi.PartialResult()
        return result

    def final(self) -> str:
        result: str = self._kaldi.FinalResult()
        return result
