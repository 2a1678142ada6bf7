"""How far a transcript is from what was said: the character error rate (字错误率)."""

from __future__ import annotations


def characters(text: str) -> str:
    """Return only the letters, digits and hanzi of `text`, in lower case: punctuation and spaces are not spoken."""
    return "".join(character for character in text.lower() if character.isalnum())


def edit_distance(one: str, other: str) -> int:
    """The fewest insertions, deletions and replacements that turn `one` into `other`."""
    if len(one) < len(other):
        one, other = other, one
    row = list(range(len(other) + 1))
    for line, left in enumerate(one, start=1):
        before, row[0] = row[0], line
        for column, right in enumerate(other, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (left != right))
    return row[-1]


def character_error_rate(spoken: str, heard: str) -> float:
    """Edit distance over the number of characters spoken; 0 is perfect, it may exceed 1.

    When nothing was spoken it is 0 for nothing heard, else 1.
    """
    truth, found = characters(spoken), characters(heard)
    if not truth:
        return 1.0 if found else 0.0
    return edit_distance(truth, found) / len(truth)
