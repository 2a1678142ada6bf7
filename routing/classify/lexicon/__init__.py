"""The lexicons that ship (data), and the two readers of such files."""

from routing.classify.lexicon_file import Lexicon, Vote, read_categories, read_units

__all__ = ["Lexicon", "Vote", "read_categories", "read_units"]
