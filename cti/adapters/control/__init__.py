"""The control door: people and programs of this machine ask the running controller for something."""
