from .article import Article, ArticleByline
from .history import Autosave, Event, Note, Review, Revision
from .people import Author
from .pictures import Picture
from .publication import FormerSlug, Publication, PublicationByline, ReadingAid, Takedown
from .sections import Section, Topic
from .verbs import ArticleChanged

__all__ = [
    "Article",
    "ArticleByline",
    "ArticleChanged",
    "Author",
    "Autosave",
    "Event",
    "FormerSlug",
    "Note",
    "Picture",
    "Publication",
    "PublicationByline",
    "ReadingAid",
    "Review",
    "Revision",
    "Section",
    "Takedown",
    "Topic",
]
