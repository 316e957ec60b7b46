"""How a byline is printed. Every surface asks here: pages, feeds, mails, the desk."""


def joined(names):
    """`["Ana", "Dele", "Marit"]` → "Ana, Dele and Marit"."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def groups(lines):
    """`lines` (each with `author` and `role`) in printing order as (role, authors), each role once.

    First come those without a role, who wrote it: their role is printed as "By".
    """
    by_role = {}
    for line in lines:
        by_role.setdefault(line.role, []).append(line.author)
    in_order = sorted(by_role.items(), key=lambda item: item[0] != "")
    return [(role or "By", authors) for role, authors in in_order]


def byline_text(lines):
    """The byline: "By Ana Reyes and Dele Okonkwo; photographs by Marit Halvorsen". Names are today's names."""
    return "; ".join(f"{role} {joined([author.name for author in authors])}" for role, authors in groups(lines))
