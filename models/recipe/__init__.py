"""Trains the demo speech model from nothing: synthetic Mandarin in, a folder that libvosk loads out.

Run `python -m models.recipe --help` from the root of the project. Order of the work:
text -> audio with exact alignments -> acoustic network -> language model -> decoding graph -> manifest -> evaluation.
"""
