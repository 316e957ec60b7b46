from .addresses import FormerSlug
from .aids import PublicationPicture, ReadingAid
from .article import Article, ArticleByline
from .company import Autosave, Presence, PreviewLink, Waiver
from .heartbeat import Heartbeat
from .history import Blanking, Event, Note, Review, Revision
from .mail import MailSwitch, StaffMail
from .people import Author
from .pictures import ArticlePicture, Picture
from .publication import Publication, PublicationByline, PublicationTopic
from .sections import Section, Topic
from .takedowns import Takedown
from .verbs import ArticleChanged

__all__ = [
    "Article",
    "ArticleByline",
    "ArticleChanged",
    "ArticlePicture",
    "Author",
    "Autosave",
    "Blanking",
    "Event",
    "FormerSlug",
    "Heartbeat",
    "MailSwitch",
    "Note",
    "Picture",
    "Presence",
    "PreviewLink",
    "Publication",
    "PublicationByline",
    "PublicationPicture",
    "PublicationTopic",
    "ReadingAid",
    "Review",
    "Revision",
    "Section",
    "StaffMail",
    "Takedown",
    "Topic",
    "Waiver",
]
