"""The lexicons that ship: data, read by routing/adapters/packaged_lexicon.py."""
