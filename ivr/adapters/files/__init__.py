"""Journals and recordings as files on disk."""
