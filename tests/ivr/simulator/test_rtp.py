"""One stream of telephone audio: what is said arrives, in its place, keys included."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.simulator.rtp import FRAME_SECONDS, KEYS, RtpListener, RtpPacket, RtpSpeaker, parse_rtp
from ivr.adapters.simulator.tones import hears_tone, signal_to_noise_db, tone, tone_levels


def run(speaker: RtpSpeaker, frames: int) -> list[RtpPacket]:
    return [speaker.next_packet() for _ in range(frames)]


def heard(packets: list[RtpPacket], late: float = 0.0) -> RtpListener:
    listener = RtpListener()
    for number, packet in enumerate(packets):
        read = parse_rtp(packet.encode())
        assert read is not None
        listener.hear(read, 100 + number * FRAME_SECONDS + late * (number % 3))
    return listener


def test_speech_arrives_as_well_as_a_telephone_allows() -> None:
    speaker = RtpSpeaker(1, 0, 0)
    done: list[bool] = []
    speaker.say(tone(440, 1.0), lambda: done.append(True))
    packets = run(speaker, 60)
    assert done == [True]
    assert len(packets) == 60
    assert signal_to_noise_db(tone(440, 1.0), heard(packets, late=0.015).pcm()) > 30


@given(st.text(KEYS, min_size=1, max_size=6), st.integers(40, 400))
def test_keys_are_heard_once_each_and_in_order(keys: str, milliseconds: int) -> None:
    speaker = RtpSpeaker(7, 65_530, 2**32 - 320)
    for key in keys:
        speaker.press(key, milliseconds, lambda: None)
    packets = run(speaker, len(keys) * 25)
    assert "".join(key for _, key in heard(packets).keys) == keys


def test_a_key_press_keeps_its_first_timestamp_and_ends_three_times() -> None:
    speaker = RtpSpeaker(1, 0, 8000)
    speaker.press("5", 100, lambda: None)
    packets = run(speaker, 8)
    events = [packet for packet in packets if packet.payload_type == 101]
    assert {packet.timestamp for packet in events} == {8000}
    assert [packet.marker for packet in events] == [True] + [False] * 6
    assert [int.from_bytes(packet.payload[2:4], "big") for packet in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [packet.payload[1] >> 7 for packet in events] == [0, 0, 0, 0, 1, 1, 1]
    assert packets[-1].timestamp == 8000 + 7 * 160, "the clock ran on during the press"


def test_sequence_and_timestamp_wrap_as_the_wire_does() -> None:
    packets = run(RtpSpeaker(1, 65_535, 2**32 - 160), 3)
    assert [packet.sequence for packet in packets] == [65_535, 0, 1]
    assert [packet.timestamp for packet in packets] == [2**32 - 160, 0, 160]


def test_lost_packets_leave_a_silent_hole_of_their_length() -> None:
    speaker = RtpSpeaker(1, 0, 0)
    speaker.say(tone(440, 1.0), lambda: None)
    packets = run(speaker, 50)
    listener = heard(packets[:20])
    for number, packet in enumerate(packets[30:], start=30):
        listener.hear(packet, 100 + number * FRAME_SECONDS)
    assert listener.lost == 10
    assert len(listener.pcm()) == len(tone(440, 1.0))
    levels = tone_levels(listener.pcm(), [440])[440]
    assert max(levels[20:30]) < 0.01 < min(levels[:20])


def test_a_new_source_after_a_pause_is_placed_by_the_clock() -> None:
    """Between two prompts the switch sends nothing, and a bridge brings another source."""
    listener = RtpListener()
    for number in range(10):
        listener.hear(RtpPacket(8, number, number * 160, 1, bytes(160)), 5 + number * 0.02)
    for number in range(10):
        listener.hear(RtpPacket(8, 900 + number, 77 + number * 160, 2, bytes(160)), 6 + number * 0.02)
    assert listener.frames[10].position == 8000
    assert len(listener.pcm()) == 2 * (8000 + 1600)


@given(st.binary(max_size=100))
def test_no_datagram_breaks_the_listener(data: bytes) -> None:
    packet = parse_rtp(data)
    if packet is not None:
        listener = RtpListener()
        listener.hear(packet, 1.0)
        listener.pcm()


@given(st.binary(min_size=1, max_size=50), st.integers(0, 15), st.booleans(), st.integers(0, 9))
def test_extensions_and_padding_are_taken_off(payload: bytes, sources: int, extended: bool, padding: int) -> None:
    packet = bytearray(RtpPacket(8, 1, 2, 3, b"").encode()) + bytes(4 * sources)
    packet[0] |= sources | (0x10 if extended else 0) | (0x20 if padding else 0)
    if extended:
        packet += b"\xbe\xde\x00\x01" + bytes(4)
    packet += payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")
    read = parse_rtp(bytes(packet))
    assert read is not None
    assert read.payload == payload


def test_tones_are_told_apart_from_each_other_and_from_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 16_000).astype("<i2").tobytes()
    assert hears_tone(tone(700, 0.5), 700)
    assert not hears_tone(tone(700, 0.5), 900)
    assert not hears_tone(noise, 700)
    assert not hears_tone(tone(700, 0.1), 700), "too short"
