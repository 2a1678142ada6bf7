"""The demonstration: invented citizens and agents on simulated lines, against the real service."""
