"""One live call on the people's side: the letters it hears of, its task, and the muting of its recording."""
