"""The Merrow Bay Record: an invented newsroom with its people, stories, pictures and a year of gifts.

`newsroom.toml` and `stories/` say what there is; `stories.py` and `gifts.py` do it through the same verbs that people
use, on the days when it happened. For a machine with DEBUG only: the accounts' password is known to everybody.
"""
