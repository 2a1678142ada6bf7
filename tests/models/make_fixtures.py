"""Makes the A-law fixtures of these tests; run `python -m tests.models.make_fixtures` in the recipe's environment.

Own synthesis by espeak-ng: held-out sentences in held-out voices, with the second at which each syllable starts, and
two made-up pieces of music.
"""

import json
from pathlib import Path

import numpy as np

from models.recipe import g711
from models.recipe.alignment import Aligner
from models.recipe.corpus import segment
from models.recipe.espeak import Manner, Speaker
from models.recipe.evaluation import held_out_sentences, speak
from models.recipe.lexicon import read_aloud
from models.recipe.quiet import syllable_starts
from models.recipe.sounds import RATE_HZ, music

FOLDER = Path(__file__).parent / "fixtures"
LEADING_SECONDS = 0.3
CHOSEN = (
    ("有个男的掉进河里了", "f4", 175),
    ("我的手机号码幺八六", "m3", 175),
    ("请问您反映的地点", "linda", 160),
    ("咨询一下公租房", "Mike", 190),
    ("每天晚上七点以后", "Annie", 175),
    ("村东头的养猪场", "paul", 175),
    ("转人工谢谢", "belinda", 175),
    ("时间是十一月", "f4", 230),
    ("身份证丢在外地", "m3", 266),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    speaker = Speaker()
    aligner = Aligner(speaker)
    entries = []
    for number, (beginning, voice, rate) in enumerate(CHOSEN):
        (sentence,) = (found for found in held_out_sentences() if found.startswith(beginning))
        manner = Manner(voice, rate)
        wave = speak(speaker, sentence, manner) * 10 ** (-6 / 20)
        syllables = [syllable for word in segment(sentence) for syllable in read_aloud(word)]
        aligner.learn(syllables)
        segments = aligner.align(speaker.say(" ".join(syllables)), syllables)
        assert segments is not None
        starts = [round(LEADING_SECONDS + start, 3) for start in syllable_starts(segments, syllables, speaker.rate_hz)]
        name = f"{number:02d}_{voice}_{rate}.al"
        (FOLDER / name).write_bytes(g711.encode(wave))
        entries.append({"file": name, "sentence": sentence, "voice": voice, "rate": rate, "starts": starts})
    rng = np.random.default_rng(2026)
    for number in range(2):
        (FOLDER / f"music_{number}.al").write_bytes(g711.encode(music(5, rng) * 20000))
    index = {"rate_hz": RATE_HZ, "sentences": entries}
    (FOLDER / "fixtures.json").write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
