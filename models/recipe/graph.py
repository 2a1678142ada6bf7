"""Composes lexicon and language model into HCLG.fst, the one graph that libvosk searches. Only kaldifst is needed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import kaldifst
from tqdm import tqdm

from .kaldi_format import TOPOLOGIES, topology_of, transition_ids
from .ngram import BEGIN, END, History, Trigram
from .units import PHONE_IDS, PHONES, SILENCE, positioned

SILENCE_PROBABILITY = 0.2
FIRST_DISAMBIGUATION = len(PHONES)  # also the phone of #0, the language model's back-off
UNKNOWN = "[unk]"
FstArc = tuple[int, int, int, int, float]  # source, target, input, output, cost
Lexicon = Sequence[tuple[int, tuple[str, ...]]]  # (word id, units)


class WordTable:
    """Numbers the words as words.txt does; `tokens` are classes of names, which are never written."""

    def __init__(self, words: Sequence[str], tokens: Sequence[str] = ()) -> None:
        self.names = ["<eps>", *words, UNKNOWN, "#0", *(f"#{token}" for token in tokens), "<s>", "</s>"]
        self.ids = {name: number for number, name in enumerate(self.names)}
        self.silent = {None: self.ids["#0"]} | {token: self.ids[f"#{token}"] for token in tokens}

    def text(self) -> str:
        return "".join(f"{name} {number}\n" for number, name in enumerate(self.names))


def _compile(arcs: Sequence[FstArc], finals: dict[int, float]) -> kaldifst.StdVectorFst:
    """Return the automaton; its start is the source of the first arc."""
    lines = [f"{source} {target} {into} {out} {cost:.5f}" for source, target, into, out, cost in arcs]
    lines += [f"{state} {cost:.5f}" for state, cost in finals.items()]
    return kaldifst.compile(s="\n".join(lines) + "\n", acceptor=False)


def lexicon_arcs(lexicon: Lexicon, silent: Sequence[int]) -> list[FstArc]:
    """Return the arcs of L: words with optional silence after each, homophones told apart by extra symbols.

    `silent` are the ids of the symbols that are passed through without a sound: #0 and the classes of names.
    """
    homophones = Counter(units for _, units in lexicon)
    prefixes = {units[:length] for _, units in lexicon for length in range(1, len(units))}
    without, with_silence = -math.log(1 - SILENCE_PROBABILITY), -math.log(SILENCE_PROBABILITY)
    after_silence = FIRST_DISAMBIGUATION + len(silent)
    begin, loop, silence, hushed = 0, 1, 2, 3
    arcs: list[FstArc] = [
        (begin, loop, 0, 0, without),
        (begin, silence, 0, 0, with_silence),
        (silence, hushed, PHONE_IDS[SILENCE], 0, 0.0),
        (hushed, loop, after_silence, 0, 0.0),
    ]
    used: Counter[tuple[str, ...]] = Counter()
    fresh = 4
    for word, units in lexicon:
        phones = positioned(units)
        if homophones[units] > 1 or units in prefixes:
            used[units] += 1
            phones.append(after_silence + used[units])
        state, output = loop, word
        for phone in phones[:-1]:
            arcs.append((state, fresh, phone, output, 0.0))
            state, output, fresh = fresh, 0, fresh + 1
        arcs.append((state, loop, phones[-1], output, without))
        arcs.append((state, silence, phones[-1], output, with_silence))
    arcs += [(loop, loop, FIRST_DISAMBIGUATION + place, symbol, 0.0) for place, symbol in enumerate(silent)]
    return arcs


def grammar(model: Trigram, words: WordTable) -> kaldifst.StdVectorFst:
    """Return G, the language model as an automaton."""
    states: dict[History, int] = {(BEGIN,): 0, (): 1}
    arcs: list[FstArc] = []
    finals: dict[int, float] = {}
    for arc in model.arcs():
        source, cost = states.setdefault(arc.source, len(states)), -math.log(arc.probability)
        if arc.word == END:
            finals[source] = cost
            continue
        target = states.setdefault(arc.target, len(states))
        if arc.word is None or arc.word in words.silent:
            into, out = words.silent[arc.word], 0
        else:
            into = out = words.ids[arc.word]
        arcs.append((source, target, into, out, cost))
    arcs.sort(key=lambda arc: arc[0])
    fst = _compile(arcs, finals)
    kaldifst.connect(fst)
    kaldifst.arcsort(fst, "ilabel")
    return fst


def _without_disambiguation(fst: kaldifst.StdVectorFst) -> kaldifst.StdVectorFst:
    lines = []
    for line in fst.to_str().splitlines():
        fields = line.split()
        if len(fields) >= 4 and int(fields[2]) >= FIRST_DISAMBIGUATION:
            fields[2] = "0"
        lines.append(" ".join(fields))
    return kaldifst.compile(s="\n".join(lines) + "\n", acceptor=False)


class _Expansion:
    """Replaces phone arcs by HMM states; self-loops stand after the forward transition, as word alignment demands."""

    def __init__(self, fst: kaldifst.StdVectorFst) -> None:
        self._fst = fst
        self._ids, _ = transition_ids()
        self._states = fst.num_states
        self._loops: dict[int, tuple[int, float]] = {}
        self._private: dict[tuple[int, int], int] = {}
        self.arcs: list[FstArc] = []

    def _new_state(self) -> int:
        self._states += 1
        return self._states - 1

    def _looping_state(self, loop: int, cost: float) -> int:
        state = self._new_state()
        self.arcs.append((state, state, loop, 0, cost))
        return state

    def _end_of(self, target: int, phone: int, entered_by: set[int], loop: int, cost: float) -> int:
        """Return the state a phone's last HMM state lives in: the target itself when only this phone enters it."""
        if entered_by == {phone}:
            self._loops[target] = (loop, cost)
            return target
        key = (target, phone)
        if key not in self._private:
            self._private[key] = self._looping_state(loop, cost)
            self.arcs.append((self._private[key], target, 0, 0, 0.0))
        return self._private[key]

    def run(self) -> list[FstArc]:
        fst = self._fst
        old = [
            (state, arc.nextstate, arc.ilabel, arc.olabel, float(arc.weight.value))
            for state in range(fst.num_states)
            for arc in kaldifst.ArcIterator(fst, state)
        ]
        entered: dict[int, set[int]] = defaultdict(set)
        entered[fst.start].add(-1)
        for _, target, phone, _, _ in old:
            entered[target].add(phone)
        for source, target, phone, word, cost in tqdm(old, desc="expanding", unit="arc", mininterval=2):
            if phone == 0:
                self.arcs.append((source, target, 0, word, cost))
                continue
            topology = TOPOLOGIES[topology_of(phone)]
            here, last = source, len(topology) - 2
            for state in range(last + 1):
                (_, stay), (_, go) = topology[state][1]
                loop, forward = self._ids[(phone, state, state)], self._ids[(phone, state, state + 1)]
                if state == last:
                    there = self._end_of(target, phone, entered[target], loop, -math.log(stay))
                else:
                    there = self._looping_state(loop, -math.log(stay))
                first = state == 0
                self.arcs.append((here, there, forward, word if first else 0, (cost if first else 0) - math.log(go)))
                here = there
        self.arcs += [(state, state, loop, 0, cost) for state, (loop, cost) in self._loops.items()]
        return self.arcs


def build(model: Trigram, lexicon: Lexicon, words: WordTable, target: Path) -> dict[str, int]:
    """Write HCLG.fst and words.txt into the folder; return sizes."""
    target.mkdir(parents=True, exist_ok=True)
    with tqdm(total=5, desc="graph", unit="step") as progress:
        language = grammar(model, words)
        spelling = _compile(lexicon_arcs(lexicon, list(words.silent.values())), {1: 0.0})
        kaldifst.arcsort(spelling, "olabel")
        progress.update()
        graph = kaldifst.compose(spelling, language)
        progress.update()
        kaldifst.determinize_star(graph, use_log=True)
        progress.update()
        kaldifst.minimize_encoded(graph)
        progress.update()
        graph = _without_disambiguation(graph)
        progress.update()
    finals = {state: graph.final(state).value for state in range(graph.num_states) if graph.final(state).value < 1e9}
    arcs = _Expansion(graph).run()
    arcs.sort(key=lambda arc: (arc[0] != graph.start, arc[0]))
    complete = _compile(arcs, finals)
    kaldifst.connect(complete)
    kaldifst.arcsort(complete, "ilabel")
    complete.write(str(target / "HCLG.fst"))
    (target / "words.txt").write_text(words.text(), encoding="utf8")
    return {"grammar_states": language.num_states, "graph_states": complete.num_states, "graph_arcs": len(arcs)}
