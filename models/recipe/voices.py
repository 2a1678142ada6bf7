"""Which espeak-ng voice variants train the model and which are kept for callers it has never heard."""

HELD_OUT = ("f4", "m3", "linda", "Mike", "Annie", "paul", "belinda")
"""Never used in training: evaluation and the demo's callers speak with these."""

TRAINING = (
    "", "f1", "f2", "f3", "f5", "m1", "m2", "m4", "m5", "m6", "m7", "m8", "adam", "Alex", "Alicia", "Andrea", "Andy",
    "AnxiousAndy", "announcer", "antonio", "aunty", "benjamin", "boris", "caleb", "david", "ed", "edward", "edward2",
    "Gene", "Gene2", "Hugo", "iven", "iven2", "iven3", "iven4", "john", "Lee", "marcelo", "max", "Michael", "michel",
    "miguel", "norbert", "pablo", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "steph2", "steph3",
    "travis", "victor", "zac", "anika", "klatt", "klatt2", "klatt3", "klatt4", "grandpa", "grandma", "Storm", "Denis",
    "Diogo", "Henrique", "Jacky", "Marco", "Mario", "Nguyen", "kaukovalta", "UniRobot", "gustave",
)  # fmt: skip
