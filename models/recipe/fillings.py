"""Makes up what has a shape of its own: streets, house numbers, telephone numbers, times, sums of money.

Each filling is a list of words, already segmented. A name is not made up here: the filling holds the token of its class
(see names.py), and the language model knows how names of that class are built.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from .names import PERSON, PLACE, SURNAME
from .numerals import spell_colloquial, spell_digits, spell_number, split_units
from .text_files import read_table

Words = list[str]

_PARTS = read_table("names")
_BUILDINGS = ("号楼", "号楼", "号楼", "栋", "幢", "楼", "号院")
_MONTHS = [spell_number(month) + "月" for month in range(1, 13)]


def _number_words(number: int, *, colloquial: bool = True) -> Words:
    return split_units(spell_colloquial(number) if colloquial else spell_number(number))


def _small(chance: random.Random) -> Words:
    number = chance.choice((*range(1, 11), *range(1, 31), 40, 50))
    return ["两"] if number == 2 else [spell_number(number)]


def road(chance: random.Random) -> Words:
    return [PLACE, chance.choice(_PARTS["streets"])]


def community(chance: random.Random) -> Words:
    roll = chance.random()
    if roll < 0.10:
        return chance.choice((["我们", "小区"], ["我家", "小区"], ["这个", "小区"], ["我们", "院"], ["我们", "家属院"]))
    return [PLACE, chance.choice(_PARTS["communities"])]


def _door(chance: random.Random) -> Words:
    number = chance.randint(1, 32) * 100 + chance.randint(1, 8) if chance.random() < 0.8 else chance.randint(101, 999)
    if chance.random() < 0.85:
        return list(spell_digits(str(number), phone=chance.random() < 0.25))
    return _number_words(number, colloquial=False)


def house(chance: random.Random) -> Words:
    words: Words = []
    if chance.random() < 0.75:
        words += [
            spell_number(chance.randint(1, 30)),
            chance.choice(("号楼", "号楼", "号楼", "栋", "幢", "楼", "号院")),
        ]
    if chance.random() < 0.65 or not words:
        words += [spell_number(chance.randint(1, 6)), "单元"]
    if chance.random() < 0.6:
        words += [*_door(chance), *chance.choice(([], ["室"], ["室"], ["房"], ["号"]))]
    return words


def number(chance: random.Random) -> Words:
    value = chance.choice((chance.randint(1, 60), chance.randint(1, 400), chance.randint(1, 999)))
    return _number_words(value, colloquial=chance.random() < 0.3)


def district(chance: random.Random) -> Words:
    return [chance.choice(_PARTS["districts"])]


def town(chance: random.Random) -> Words:
    return [PLACE, chance.choice(_PARTS["towns"])]


def village(chance: random.Random) -> Words:
    return [PLACE, chance.choice(_PARTS["villages"])]


def _random_digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def phone(chance: random.Random) -> Words:
    if chance.random() < 0.88:
        dialled = "1" + chance.choice("3345566778899") + _random_digits(chance, 9)
    else:
        area = chance.choice(("", "0" + "".join(chance.choices("123456789", k=3))))
        dialled = area + _random_digits(chance, chance.choice((7, 8)))
    return list(spell_digits(dialled, phone=chance.random() < 0.85))


def digits(chance: random.Random) -> Words:
    count = chance.choice((3, 4, 4, 5, 6, 8, 10))
    return list(spell_digits(_random_digits(chance, count), phone=chance.random() < 0.6))


def plate(chance: random.Random) -> Words:
    return list(spell_digits(_random_digits(chance, chance.choice((3, 4, 5))), phone=chance.random() < 0.6))


def clock(chance: random.Random) -> Words:
    hour = chance.randint(1, 12) if chance.random() < 0.8 else chance.randint(13, 23)
    words = ["两" if hour == 2 else spell_number(hour), "点"]
    minute = chance.choice(("", "", "", "半", "多", "钟", "左右", "分"))
    if minute == "分":
        value = chance.choice((5, 10, 15, 20, 25, 30, 35, 40, 45, 50, chance.randint(1, 59)))
        return [*words, *(["零"] if value < 10 else []), spell_number(value), *chance.choice((["分"], []))]
    return [*words, minute] if minute else words


def month(chance: random.Random) -> Words:
    return [chance.choice(_MONTHS)]


def date(chance: random.Random) -> Words:
    day = [spell_number(chance.randint(1, 31)), chance.choice(("号", "号", "号", "日"))]
    return [*month(chance), *day] if chance.random() < 0.75 else day


_MONEY_ENDINGS = (["块", "钱"], ["块"], ["元"], ["多", "块"], ["多", "块", "钱"], ["左右"], [])


def money(chance: random.Random) -> Words:
    step, most = chance.choice(((5, 20), (10, 99), (100, 99), (1000, 30), (10_000, 60), (1, 9999)))
    figure = step * chance.randint(1, most)
    return [*_number_words(figure, colloquial=chance.random() < 0.85), *chance.choice(_MONEY_ENDINGS)]


def hundred(chance: random.Random) -> Words:
    return _number_words(chance.choice((20, 30, 50, 60, 80, 100, 150, 200, 300, 400, 500, 800, 1000, 1500, 2000, 3000)))


def age(chance: random.Random) -> Words:
    return [spell_number(chance.choice((chance.randint(3, 18), chance.randint(50, 99))))]


def degree(chance: random.Random) -> Words:
    return [spell_number(chance.randint(6, 22))]


def bus(chance: random.Random) -> Words:
    route = chance.choice((chance.randint(1, 60), chance.randint(1, 150), chance.randint(100, 999)))
    if route > 100 and chance.random() < 0.6:
        return list(spell_digits(str(route), phone=chance.random() < 0.7))
    return _number_words(route, colloquial=False)


SHAPED: Mapping[str, Callable[[random.Random], Words]] = {
    "num": _small, "road": road, "community": community, "house": house, "number": number, "district": district,
    "town": town, "village": village, "surname": lambda _: [SURNAME], "fullname": lambda _: [PERSON], "phone": phone,
    "digits": digits, "plate": plate, "clock": clock, "month": month, "date": date, "money": money, "hundred": hundred,
    "age": age, "degree": degree, "bus": bus,
}  # fmt: skip
