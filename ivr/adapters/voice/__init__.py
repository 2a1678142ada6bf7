"""The machine's voice: words become sound files that the switch can play."""
