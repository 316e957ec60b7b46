"""The desk: where journalists write, editors sign, and nobody sees what is not theirs."""

from .article import ArticleAdmin
from .mails import StaffMailAdmin
from .pictures import PictureAdmin
from .surroundings import AuthorAdmin, SectionAdmin, TopicAdmin

__all__ = ["ArticleAdmin", "AuthorAdmin", "PictureAdmin", "SectionAdmin", "StaffMailAdmin", "TopicAdmin"]
