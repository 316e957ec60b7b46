"""How a byline is printed. Every surface asks here: pages, feeds, mails, the desk."""


def joined(names):
    """`["Ana", "Dele", "Marit"]` → "Ana, Dele and Marit"."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def groups(lines):
    """`lines` (each with `author` and `role`) in printing order as (role, authors): "" first, each role once."""
    by_role = {}
    for line in lines:
        by_role.setdefault(line.role, []).append(line.author)
    return sorted(by_role.items(), key=lambda item: item[0] != "")


def byline_text(lines):
    """The byline in words: "Ana Reyes and Dele Okonkwo; photographs by Marit Halvorsen". Names are today's names."""
    parts = []
    for role, authors in groups(lines):
        names = joined([author.name for author in authors])
        parts.append(f"{role} {names}" if role else names)
    return "; ".join(parts)
