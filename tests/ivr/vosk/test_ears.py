"""The live path: packets through the real AudioSocket server, genuine recognition, and the recording for the rest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.adapters.vosk.audiosocket import audio_frames, name_frame
from ivr.adapters.vosk.deaf import DeafEars
from ivr.adapters.vosk.ears import EarsNews, EarsOptions, VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Ears, Heard
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from ivr.speech.transcript_mend import holes_to_mend, mend
from ivr.speech.transcript_spans import missing, total_s
from tests.ivr.vosk.speech import QUIET, after_quiet, spoken, tap, write_wav

CALL, OTHER = CallId("hl-1.1"), CallId("hl-1.2")
STREETLIGHT = "我家楼下的路灯坏了好几天了"
WATER = "我们小区从昨天晚上开始停水"
AGENT_SAYS = "您好请问有什么可以帮您"


def understood(spoken_text: str, heard: tuple[Heard, ...], leg: Leg | None = None) -> bool:
    return character_error_rate(spoken_text, text_of(heard, leg)) <= 0.2


async def say(ears: VoskEars, call: CallId, leg: Leg, sound: bytes, *, speed: float = 20.0) -> None:
    await tap(ears.address, await ears.expect(call, leg, 0.0), sound, speed=speed)


def test_vosk_and_the_stand_in_both_are_ears(model: LoadedModel) -> None:
    async def use() -> None:
        ears: list[Ears] = [VoskEars(model), DeafEars("没有模型")]
        assert len(ears) == 2

    asyncio.run(use())


async def test_both_sides_of_a_call_are_written_down_apart(ears: VoskEars) -> None:
    await asyncio.gather(
        say(ears, CALL, Leg.CALLER, after_quiet(spoken(STREETLIGHT), 3.0) + QUIET),
        say(ears, CALL, Leg.AGENT, after_quiet(spoken(AGENT_SAYS, "m3"), 0.3) + QUIET),
        say(ears, OTHER, Leg.CALLER, after_quiet(spoken(WATER, "m3"), 0.5) + QUIET),
    )
    heard, other = await ears.finish(CALL), await ears.finish(OTHER)
    assert understood(STREETLIGHT, heard, Leg.CALLER)
    assert understood(AGENT_SAYS, heard, Leg.AGENT)
    assert understood(WATER, other, Leg.CALLER)
    assert {one.call for one in heard} == {CALL}
    assert [one.leg for one in heard] == [Leg.AGENT, Leg.CALLER]
    assert await ears.finish(CallId("hl-never")) == ()


async def test_the_reader_hears_partials_and_then_the_final_and_comes_to_an_end(model: LoadedModel) -> None:
    results: list[Heard] = []
    async with VoskEars(model) as ears:

        async def read() -> None:
            async for one in ears.heard():
                results.append(one)

        def partials(count: int) -> Callable[[], bool]:
            return lambda: sum(not one.is_final for one in results) >= count

        reader = asyncio.create_task(read())
        stream = await ears.expect(CALL, Leg.CALLER, 0.0)
        pauses = {1.7: partials(1), 2.3: partials(2)}
        await tap(ears.address, stream, after_quiet(spoken(STREETLIGHT), 0.5) + QUIET, pauses=pauses)
        written = await ears.finish(CALL)
    async with asyncio.timeout(30):
        await reader
    assert sum(not one.is_final for one in results) >= 2
    assert tuple(one for one in results if one.is_final) == written


async def test_words_are_timed_from_the_answer_of_the_call(ears: VoskEars) -> None:
    stream = await ears.expect(CALL, Leg.CALLER, 42.0)
    await tap(ears.address, stream, after_quiet(spoken(STREETLIGHT), 2.0) + QUIET)
    (heard,) = await ears.finish(CALL)
    assert heard.begun_s == pytest.approx(44.0, abs=0.4)
    assert ears.coverage(CALL, Leg.CALLER)[0][0] == pytest.approx(42.0, abs=0.25)


async def test_a_tap_that_broke_is_filled_from_the_recording(ears: VoskEars, tmp_path: Path) -> None:
    """The tap dies in mid-sentence, a second one comes later; the recording was running all the time."""
    first, second = after_quiet(spoken(STREETLIGHT), 1.0) + QUIET, spoken(WATER) + QUIET
    sound = first + second + QUIET + spoken(AGENT_SAYS) + QUIET
    recording = write_wav(tmp_path / "caller.wav", sound)
    whole_s, breaks_s = len(sound) / 16000, 2.5
    again_s = len(first + second) / 16000 + 0.5

    await tap(ears.address, await ears.expect(CALL, Leg.CALLER, 0.0), sound[: int(breaks_s * 8000) * 2], hang_up=False)
    stream = await ears.expect(CALL, Leg.CALLER, again_s)
    await tap(ears.address, stream, sound[int(again_s * 8000) * 2 :])
    live = await ears.finish(CALL)
    covered = ears.coverage(CALL, Leg.CALLER)
    assert not understood(STREETLIGHT + WATER + AGENT_SAYS, live)
    assert total_s(missing(covered, (0.0, whole_s))) == pytest.approx(again_s - breaks_s, abs=0.4)

    holes = holes_to_mend(live, covered, (0.0, whole_s))
    text = text_of(mend(live, await ears.recognise(CALL, Leg.CALLER, recording, holes), holes))
    assert character_error_rate(STREETLIGHT + WATER + AGENT_SAYS, text) <= 0.15


async def test_a_tap_that_hangs_is_given_up_and_told(model: LoadedModel) -> None:
    lost: asyncio.Queue[tuple[CallId, Leg]] = asyncio.Queue()
    options = EarsOptions(silence_deadline_s=2.0, max_behind_s=600)
    async with VoskEars(model, options, EarsNews(lost=lambda call, leg: lost.put_nowait((call, leg)))) as ears:
        _, writer = await asyncio.open_connection(*ears.address)
        stream = await ears.expect(CALL, Leg.CALLER, 0.0)
        writer.write(name_frame(stream) + audio_frames(spoken(STREETLIGHT)))
        await writer.drain()
        async with asyncio.timeout(30):
            assert await lost.get() == (CALL, Leg.CALLER)
        assert understood(STREETLIGHT, await ears.finish(CALL))
        writer.close()


async def test_a_new_tap_of_the_same_leg_ends_the_old_one_so_that_nothing_is_heard_twice(ears: VoskEars) -> None:
    old = await ears.expect(CALL, Leg.CALLER, 0.0)
    _, hanging = await asyncio.open_connection(*ears.address)
    hanging.write(name_frame(old) + audio_frames(QUIET))
    await hanging.drain()
    await asyncio.sleep(0.05)
    await say(ears, CALL, Leg.CALLER, spoken(STREETLIGHT) + QUIET)
    hanging.write(audio_frames(spoken(WATER)))
    await hanging.drain()
    await asyncio.sleep(0.05)
    assert understood(STREETLIGHT, await ears.finish(CALL))
    hanging.close()


async def test_overload_sheds_the_oldest_audio_marks_the_hole_and_the_recording_fills_it(
    model: LoadedModel, tmp_path: Path
) -> None:
    sound = after_quiet(spoken(STREETLIGHT), 0.5) + QUIET + spoken(WATER) + QUIET
    recording = write_wav(tmp_path / "caller.wav", sound)
    whole = (0.0, len(sound) / 16000)
    async with VoskEars(model, EarsOptions(max_behind_s=2.0, threads=1)) as ears:
        stream = await ears.expect(CALL, Leg.CALLER, 0.0)
        await tap(ears.address, stream, sound, speed=0)
        live = await ears.finish(CALL)
        covered = ears.coverage(CALL, Leg.CALLER)
        assert ears.load().shed_s > 0
        assert missing(covered, whole, 0.3)
        holes = holes_to_mend(live, covered, whole)
        mended = mend(live, await ears.recognise(CALL, Leg.CALLER, recording, holes), holes)
    assert character_error_rate(STREETLIGHT + WATER, text_of(mended)) <= 0.15


async def test_a_recogniser_that_fails_loses_only_its_own_leg(ears: VoskEars, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await ears.expect(CALL, Leg.CALLER, 0.0)
    broken = ears._expected[stream]

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Failed to process waveform")

    monkeypatch.setattr(broken._recogniser, "hear", fail)
    await tap(ears.address, stream, spoken(STREETLIGHT))
    await say(ears, CALL, Leg.AGENT, spoken(WATER) + QUIET)
    heard = await ears.finish(CALL)
    assert understood(WATER, heard, Leg.AGENT)
    assert ears.coverage(CALL, Leg.CALLER) == ()


async def test_strangers_floods_and_slow_peers_do_the_live_stream_no_harm(model: LoadedModel) -> None:
    async with VoskEars(model, EarsOptions(max_behind_s=600, max_streams=20)) as ears:
        open_ones = [await asyncio.open_connection(*ears.address) for _ in range(10)]
        for number, (_, writer) in enumerate(open_ones):
            if number % 2:
                writer.write(os.urandom(100_000))
            else:
                writer.write(name_frame("00000000-0000-0000-0000-000000000000")[: 1 + number])
        await say(ears, CALL, Leg.CALLER, after_quiet(spoken(STREETLIGHT), 0.5) + QUIET)
        assert understood(STREETLIGHT, await ears.finish(CALL))
        assert ears.load().refused >= 4
        for _, writer in open_ones:
            writer.close()


async def test_an_unknown_stream_is_hung_up_on(ears: VoskEars) -> None:
    reader, writer = await asyncio.open_connection(*ears.address)
    writer.write(name_frame("00000000-0000-0000-0000-000000000000") + audio_frames(QUIET))
    async with asyncio.timeout(30):
        assert await reader.read() == b"\x00\x00\x00"
    writer.close()


async def test_more_connections_than_allowed_are_refused(model: LoadedModel) -> None:
    async with VoskEars(model, EarsOptions(max_streams=3)) as ears:
        peers = [await asyncio.open_connection(*ears.address) for _ in range(5)]
        async with asyncio.timeout(30):
            told = [await reader.read() for reader, _ in peers[3:]]
        assert told == [b"\x00\x00\x00"] * 2
        assert ears.load().refused == 2
        for _, writer in peers:
            writer.close()


async def test_a_stream_that_never_comes_does_not_hold_up_the_end_of_the_call(ears: VoskEars) -> None:
    await ears.expect(CALL, Leg.CALLER, 0.0)
    async with asyncio.timeout(30):
        assert await ears.finish(CALL) == ()


async def test_a_port_that_is_taken_is_named(ears: VoskEars, model: LoadedModel) -> None:
    with pytest.raises(EarsError, match="改法"):
        async with VoskEars(model, EarsOptions(port=ears.address[1])):
            pass


async def test_a_recording_that_cannot_be_read_is_an_error_with_a_remedy(ears: VoskEars, tmp_path: Path) -> None:
    with pytest.raises(EarsError, match="改法"):
        await ears.recognise(CALL, Leg.CALLER, tmp_path / "none.wav", [(0.0, 1.0)])
    odd = tmp_path / "odd.wav"
    odd.write_bytes(b"RIFF....WAVE" + os.urandom(200))
    with pytest.raises(EarsError, match="改法"):
        await ears.recognise(CALL, Leg.CALLER, odd, [(0.0, 1.0)])


async def test_without_a_model_calls_are_told_why_nothing_is_written_down() -> None:
    deaf = DeafEars("语音模型缺失。改法：安装模型。")
    with pytest.raises(EarsError, match="改法"):
        await deaf.expect(CALL, Leg.CALLER, 0.0)
    assert await deaf.finish(CALL) == ()
    await deaf.close()
    assert [one async for one in deaf.heard()] == []
