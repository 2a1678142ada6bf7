"""The files of an installation as they are lived: a saved one counts within seconds, a broken one is refused."""
