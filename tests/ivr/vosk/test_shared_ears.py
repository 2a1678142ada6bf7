"""Recognition in workers: the least loaded hears, a dead one is replaced, and what it had told is kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.adapters.vosk.ears import EarsNews, VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.shared_ears import SharedEars
from ivr.adapters.vosk.worker import EarWorker
from ivr.adapters.vosk.worker_link import SILENT_S
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Recogniser, SpeechModel
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from ivr.speech.transcript_mend import holes_to_mend, mend
from ivr.speech.transcript_spans import total_s
from tests.ivr.vosk.speech import QUIET, after_quiet, spoken, tap, write_wav

CALL, OTHER = CallId("hl-1.1"), CallId("hl-1.2")
STREETLIGHT, WATER = "我家楼下的路灯坏了好几天了", "我们小区从昨天晚上开始停水"
SPOKEN = after_quiet(spoken(STREETLIGHT), 0.4) + QUIET


class Scene:
    """A controller's ears, its workers, and what was told of lost taps."""

    def __init__(self, model: LoadedModel) -> None:
        self.model: SpeechModel = model
        self.lost: asyncio.Queue[tuple[CallId, Leg]] = asyncio.Queue()
        self.own_opened = 0
        self.late: list[tuple[CallId, Leg, float]] = []
        news = EarsNews(
            lost=lambda call, leg: self.lost.put_nowait((call, leg)),
            late=lambda call, leg, shed_s: self.late.append((call, leg, shed_s)),
        )
        self.ears = SharedEars(model.name, self._open_own, news)

    async def _open_own(self, news: EarsNews) -> VoskEars:
        self.own_opened += 1
        return await VoskEars(self.model, news=news).__aenter__()

    @asynccontextmanager
    async def worker(self, name: str) -> AsyncIterator[EarWorker]:
        """A worker that we are connected with."""
        async with EarWorker(name, self.model) as worker:
            self.ears.announced(name, worker.card)
            await self.connected(name)
            yield worker
            self.ears.announced(name, None)

    async def connected(self, name: str) -> None:
        """Return when the controller can give this worker legs."""
        async with asyncio.timeout(30):
            while name not in {card.name for card in self.ears.workers}:  # noqa: ASYNC110  (they ring no bell)
                await asyncio.sleep(0.01)

    async def hear(self, call: CallId, sound: bytes, leg: Leg = Leg.CALLER, *, at_s: float = 0.0) -> None:
        stream = await self.ears.expect(call, leg, at_s)
        await tap(self.ears.address_of(stream), stream, sound)


@pytest.fixture
async def scene(model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr("ivr.adapters.vosk.shared_ears.EXPECT_S", 3.0)  # workers and we share one busy thread here
    scene = Scene(model)
    running = asyncio.create_task(scene.ears.run())
    yield scene
    await scene.ears.close()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def understood(said: str, heard: object) -> bool:
    return character_error_rate(said, text_of(heard)) <= 0.2  # type: ignore[arg-type]


async def test_each_leg_goes_to_the_least_loaded_worker(scene: Scene) -> None:
    async with scene.worker("a") as a, scene.worker("b") as b:
        streams = [await scene.ears.expect(CallId(f"hl-1.{n}"), Leg.CALLER, 0.0) for n in range(6)]
        doors = [scene.ears.address_of(stream)[1] for stream in streams]
        assert doors.count(a.card.audio_port) == doors.count(b.card.audio_port) == 3
        await asyncio.gather(*(tap(scene.ears.address_of(stream), stream, SPOKEN) for stream in streams))
        for n in range(6):
            assert understood(STREETLIGHT, await scene.ears.finish(CallId(f"hl-1.{n}")))
            assert total_s(scene.ears.coverage(CallId(f"hl-1.{n}"), Leg.CALLER)) > 3.0
    assert scene.own_opened == 0


async def test_legs_that_come_at_one_moment_are_spread_too(scene: Scene) -> None:
    async with scene.worker("a") as a, scene.worker("b"):
        streams = await asyncio.gather(*(scene.ears.expect(CallId(f"hl-1.{n}"), Leg.CALLER, 0.0) for n in range(6)))
        doors = [scene.ears.address_of(stream)[1] for stream in streams]
    assert doors.count(a.card.audio_port) == 3


async def test_a_leg_of_a_dead_worker_is_tapped_again_elsewhere_and_no_word_is_lost(
    scene: Scene, tmp_path: Path
) -> None:
    """The first worker dies while the caller speaks his second sentence; the recording has what it took with it."""
    sound = SPOKEN + after_quiet(spoken(WATER), 0.5) + QUIET + after_quiet(spoken(STREETLIGHT), 0.3) + QUIET
    dies_at, again_at = len(SPOKEN) + 16_000, len(SPOKEN) + 16_000 + 24_000
    async with scene.worker("z") as z:
        async with scene.worker("a") as a:
            stream = await scene.ears.expect(CALL, Leg.CALLER, 0.0)
            assert scene.ears.address_of(stream)[1] == a.card.audio_port, "of two idle ones the first by name"
            await tap(scene.ears.address_of(stream), stream, sound[:dies_at], speed=4.0, hang_up=False)
        async with asyncio.timeout(30):
            assert await scene.lost.get() == (CALL, Leg.CALLER)
        stream = await scene.ears.expect(CALL, Leg.CALLER, again_at / 16_000)
        assert scene.ears.address_of(stream)[1] == z.card.audio_port
        await tap(scene.ears.address_of(stream), stream, sound[again_at:])
        live, covered = await scene.ears.finish(CALL), scene.ears.coverage(CALL, Leg.CALLER)
        assert total_s(covered) < len(sound) / 16_000 - 1.0, "there is a hole"
        holes = holes_to_mend(live, covered, (0.0, len(sound) / 16_000))
        found = await scene.ears.recognise(CALL, Leg.CALLER, write_wav(tmp_path / "r.wav", sound), holes)
    assert understood(STREETLIGHT + WATER + STREETLIGHT, mend(live, found, holes))


async def test_with_no_worker_the_controller_hears_by_itself(scene: Scene) -> None:
    await scene.hear(CALL, SPOKEN)
    assert understood(STREETLIGHT, await scene.ears.finish(CALL))
    assert total_s(scene.ears.coverage(CALL, Leg.CALLER)) > 3.0
    assert scene.own_opened == 1


async def test_a_worker_that_the_broker_lost_goes_on_hearing(scene: Scene) -> None:
    async with scene.worker("a"):
        stream = await scene.ears.expect(CALL, Leg.CALLER, 0.0)
        scene.ears.announced("a", None)
        await tap(scene.ears.address_of(stream), stream, SPOKEN)
        assert understood(STREETLIGHT, await scene.ears.finish(CALL))
        assert [card.name for card in scene.ears.workers] == ["a"]


async def test_a_worker_that_hangs_is_given_up(scene: Scene) -> None:
    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"welcome": "mute"}\n')
        await reader.read()
        writer.close()

    async with EarWorker("mute", scene.model) as worker, await asyncio.start_server(says_nothing, "127.0.0.1") as mute:
        scene.ears.announced("mute", replace(worker.card, port=mute.sockets[0].getsockname()[1]))
        await scene.connected("mute")
        await scene.hear(CALL, SPOKEN)  # it says neither yes nor no: our own ears take the leg
        assert understood(STREETLIGHT, await scene.ears.finish(CALL))
        scene.ears.announced("mute", None)
        async with asyncio.timeout(SILENT_S + 25):
            while scene.ears.workers:  # noqa: ASYNC110  (they ring no bell)
                await asyncio.sleep(0.01)


async def test_beside_workers_that_do_not_answer_we_hear_only_a_few_legs_ourselves(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the controller, which carries the calls, would drown in what its workers cannot do."""
    monkeypatch.setattr("ivr.adapters.vosk.shared_ears.EXPECT_S", 0.01)
    monkeypatch.setattr("ivr.adapters.vosk.shared_ears.MOST_OWN", 2)
    async with scene.worker("a") as worker:
        monkeypatch.setattr(worker.ears, "expect", lambda *_: asyncio.sleep(60))
        for nth in range(2):
            await scene.ears.expect(CallId(f"hl-1.{nth}"), Leg.CALLER, 0.0)
        with pytest.raises(EarsError, match="从录音补写"):
            await scene.ears.expect(CallId("hl-1.3"), Leg.CALLER, 0.0)


async def test_a_worker_with_another_model_or_a_wrong_token_is_not_used(scene: Scene) -> None:
    async with EarWorker("a", scene.model) as worker:
        scene.ears.announced("a", replace(worker.card, model="another"))
        scene.ears.announced("b", replace(worker.card, name="b", token="wrong"))
        await asyncio.sleep(0.2)
        assert not scene.ears.workers


async def test_what_is_said_in_a_pause_is_heard_by_nobody(scene: Scene) -> None:
    async with scene.worker("a"):
        await scene.hear(CALL, SPOKEN)
        await scene.ears.pause(CALL, True)
        await scene.hear(CALL, after_quiet(spoken(WATER), 0.4) + QUIET, at_s=10.0)
        await scene.ears.pause(CALL, False)
        await scene.hear(CALL, SPOKEN, at_s=20.0)
        assert understood(STREETLIGHT * 2, await scene.ears.finish(CALL))
        assert any(begun_s <= 12.0 <= ended_s for begun_s, ended_s in scene.ears.coverage(CALL, Leg.CALLER))


async def test_writing_down_a_recording_costs_no_worker_its_live_legs(scene: Scene, tmp_path: Path) -> None:
    """What a worker answers is for who asked: it must not be taken for what somebody said live."""
    file = write_wav(tmp_path / "r.wav", SPOKEN)
    async with scene.worker("a"), scene.worker("b"):
        stream = await scene.ears.expect(CALL, Leg.CALLER, 0.0)
        several = await asyncio.gather(
            *(scene.ears.recognise(OTHER, Leg.CALLER, file, [(0.0, len(SPOKEN) / 16_000)]) for _ in range(20))
        )
        silence = await scene.ears.recognise(OTHER, Leg.CALLER, write_wav(tmp_path / "s.wav", QUIET), [(0.0, 1.0)])
        await tap(scene.ears.address_of(stream), stream, SPOKEN)
        assert all(understood(STREETLIGHT, found) for found in several)
        assert silence == ()
        assert understood(STREETLIGHT, await scene.ears.finish(CALL))
        assert scene.own_opened == 0, "the workers wrote it down"
        assert {card.name for card in scene.ears.workers} == {"a", "b"}, "and are still there"
        assert scene.lost.empty()


async def test_a_call_that_goes_on_is_not_forgotten_for_those_that_came_after(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.adapters.vosk.shared_ears.CALLS_REMEMBERED", 3)
    async with scene.worker("a"):
        stream = await scene.ears.expect(CALL, Leg.CALLER, 0.0)
        for number in range(10):
            later = CallId(f"hl-2.{number}")
            await scene.ears.expect(later, Leg.CALLER, 0.0)
            if number > 5:
                await scene.ears.finish(later)
        await tap(scene.ears.address_of(stream), stream, SPOKEN)
        assert understood(STREETLIGHT, await scene.ears.finish(CALL))


async def test_who_is_held_up_itself_does_not_blame_a_worker(scene: Scene) -> None:
    async with scene.worker("a"):
        await asyncio.sleep(0.1)
        time.sleep(SILENT_S + 0.5)  # noqa: ASYNC251  # the very thing: a loop that stands still
        await asyncio.sleep(0.7)
        assert [card.name for card in scene.ears.workers] == ["a"]


async def test_an_unreadable_recording_is_told_and_blamed_on_no_worker(scene: Scene, tmp_path: Path) -> None:
    async with scene.worker("a"):
        with pytest.raises(EarsError, match="录音"):
            await scene.ears.recognise(CALL, Leg.CALLER, tmp_path / "none.wav", [(0.0, 1.0)])
        assert [card.name for card in scene.ears.workers] == ["a"]


class Sluggish:
    """A `SpeechModel` on a machine that is too slow: each chunk takes `chunk_s` more, however fast this one is."""

    def __init__(self, model: LoadedModel, chunk_s: float) -> None:
        self.name, self.rate_hz, self.chunk_s, self._model = model.name, model.rate_hz, chunk_s, model

    def open(self) -> Recogniser:
        recogniser = self._model.open()
        hear = recogniser.accept

        def accept(pcm: bytes) -> str | None:
            time.sleep(self.chunk_s)
            return hear(pcm)

        recogniser.accept = accept  # type: ignore[method-assign]
        return recogniser


async def test_a_worker_that_cannot_keep_up_says_so_and_the_recording_has_the_rest(
    scene: Scene, model: LoadedModel, tmp_path: Path
) -> None:
    sound = (after_quiet(spoken(STREETLIGHT), 0.4) + QUIET + spoken(WATER) + QUIET) * 5
    slow = scene.model = Sluggish(model, 0.05)
    async with scene.worker("a"):
        stream = await scene.ears.expect(CALL, Leg.CALLER, 0.0)
        await tap(scene.ears.address_of(stream), stream, sound, speed=0)  # a minute in no time
        live, covered = await scene.ears.finish(CALL), scene.ears.coverage(CALL, Leg.CALLER)
        assert scene.late, "it was told that text is late"
        assert scene.late[-1][:2] == (CALL, Leg.CALLER)
        assert total_s(covered) <= len(sound) / 16_000 - scene.late[-1][2] + 0.5
        slow.chunk_s = 0.0  # the call is over, and so is the rush
        holes = holes_to_mend(live, covered, (0.0, len(sound) / 16_000))
        found = await scene.ears.recognise(CALL, Leg.CALLER, write_wav(tmp_path / "r.wav", sound), holes)
    assert understood((STREETLIGHT + WATER) * 5, mend(live, found, holes))


HELLO, ASK = b'{"hello": "TOKEN"}\n', b'{"ask": 1, "do": "expect", "call": "c", "leg": "caller", "begun_at_s": 0}\n'


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        ASK,
        b'{"hello": "wrong"}\n' + ASK,
        b'{"hello": 5}\n',
        HELLO + b"garbage\n",
        HELLO + b"[]\n",
        HELLO + b'{"audio": -1}\n',
        HELLO + b'{"audio": 99999999}\n',
        HELLO + b'{"do": "again", "ask": 1}\n' + ASK.replace(b"caller", b"nobody"),
        HELLO + b"x" * 2_000_000,
    ],
)
async def test_whatever_a_stranger_or_a_confused_controller_sends_the_worker_goes_on(scene: Scene, sent: bytes) -> None:
    async with scene.worker("a") as worker:
        reader, writer = await asyncio.open_connection("127.0.0.1", worker.card.port)
        with contextlib.suppress(ConnectionError):
            writer.write(sent.replace(b"TOKEN", worker.card.token.encode()))
            writer.write_eof()
            async with asyncio.timeout(30):
                told = await reader.read()
            assert b'"stream"' not in told, "nobody was given a stream"
        writer.close()
        await scene.hear(CALL, SPOKEN)
        assert understood(STREETLIGHT, await scene.ears.finish(CALL))
        assert scene.own_opened == 0
