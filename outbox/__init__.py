"""Mails that are owed, to anybody: how a row waits, how it is claimed, sent and told of, and how a mail looks.

No app and no table of its own. `articles` and `donations` bring the rows and the words; neither is known here.
"""
