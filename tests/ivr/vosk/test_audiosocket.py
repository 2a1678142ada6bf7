"""Whatever a peer sends to the AudioSocket port, the calls go on and the decoder says only what is true."""

from __future__ import annotations

import itertools
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.vosk.audiosocket import (
    HANGUP_FRAME,
    UNKNOWN_FRAMES_ALLOWED,
    AudioCame,
    Decoder,
    DigitCame,
    Fact,
    Kind,
    NotASwitch,
    PeerEnded,
    StreamNamed,
    audio_frames,
    frame,
    name_frame,
)

STREAM = "0b5f2d0e-6a51-4c3e-9a3e-3f1f6d1c2b4a"


def told(data: bytes, *cuts: int) -> list[Fact]:
    """The facts of `data` when it arrives in pieces."""
    decoder = Decoder()
    facts: list[Fact] = []
    for begun, ended in itertools.pairwise([0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]):
        facts += decoder.feed(data[begun:ended])
    return facts


def audio_of(facts: list[Fact]) -> bytes:
    return b"".join(fact.pcm for fact in facts if isinstance(fact, AudioCame))


def test_a_stream_is_named_then_heard_then_ended() -> None:
    facts = told(name_frame(STREAM) + audio_frames(bytes(640)) + frame(Kind.DIGIT, b"5") + HANGUP_FRAME)
    assert facts == [StreamNamed(STREAM), AudioCame(bytes(640)), DigitCame("5"), PeerEnded()]


def test_a_web_browser_is_not_a_switch() -> None:
    assert told(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == [NotASwitch("the first frame is not a UUID")]


def test_audio_before_the_name_is_refused() -> None:
    assert isinstance(told(audio_frames(bytes(320)))[0], NotASwitch)


def test_a_second_name_ends_the_stream() -> None:
    assert isinstance(told(name_frame(STREAM) * 2)[-1], NotASwitch)


def test_an_error_of_the_switch_is_told_with_its_code() -> None:
    assert told(name_frame(STREAM) + frame(Kind.ERROR, b"\x02"))[-1] == PeerEnded(2)


def test_unknown_kinds_are_skipped_but_not_for_ever() -> None:
    strange = frame(Kind.AUDIO, b"\x01\x02")[:0] + bytes([0x77, 0, 3]) + b"abc"
    assert audio_of(told(name_frame(STREAM) + strange + audio_frames(b"\x01\x02"))) == b"\x01\x02"
    assert isinstance(told(name_frame(STREAM) + strange * (UNKNOWN_FRAMES_ALLOWED + 1))[-1], NotASwitch)


def test_half_a_sample_is_dropped_so_that_the_stream_stays_in_step() -> None:
    assert audio_of(told(name_frame(STREAM) + frame(Kind.AUDIO, b"\x01\x02\x03") + frame(Kind.AUDIO, b"\x04\x05"))) == (
        b"\x01\x02\x04\x05"
    )


def test_nothing_is_told_after_the_end() -> None:
    assert told(name_frame(STREAM) + HANGUP_FRAME + audio_frames(bytes(320)))[-1] == PeerEnded()


@given(st.uuids(), st.binary(max_size=2000), st.lists(st.integers(0, 10_000), max_size=20))
def test_however_the_network_cuts_it_the_same_audio_comes_out(uuid: UUID, sound: bytes, cuts: list[int]) -> None:
    sound = sound[: len(sound) & ~1]
    facts = told(name_frame(str(uuid)) + audio_frames(sound) + HANGUP_FRAME, *cuts)
    assert facts[0] == StreamNamed(str(uuid))
    assert audio_of(facts) == sound
    assert facts[-1] == PeerEnded()


@given(st.binary(max_size=4000), st.lists(st.integers(0, 10_000), max_size=10), st.booleans())
def test_garbage_never_raises_and_never_piles_up(garbage: bytes, cuts: list[int], named: bool) -> None:
    data = (name_frame(STREAM) if named else b"") + garbage
    facts = told(data, *cuts)
    assert told(data) is not None
    assert sum(isinstance(fact, NotASwitch | PeerEnded) for fact in facts) <= 1
