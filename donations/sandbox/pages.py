"""Pages for people (written next)."""


def answer(sandbox, verb, parts, body, headers):
    return 404, "text/plain", b"Not here.", {}
