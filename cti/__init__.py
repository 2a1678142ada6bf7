"""Stage 4: the people, and the place where all is wired (坐席与管理)."""
