"""An upload becomes an original: really a picture, not too large, upright, and without private metadata.

Cameras write where and when a picture was taken, with what and sometimes by whom. None of that is kept: the picture is
written afresh from its pixels and its colour profile.
"""

import io

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MOST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 60_000_000
LEAST_WIDTH = 320
HOW_TO_WRITE = {
    "JPEG": {"quality": 95, "subsampling": 0, "progressive": True},
    "PNG": {"optimize": True},
    "WEBP": {"quality": 95, "method": 4},
}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning)


def clean_original(upload):
    """`upload` as a file fit for private storage; raises `ValidationError` with a sentence for the uploader."""
    if upload.size > MOST_BYTES:
        raise ValidationError(
            f"This file has {upload.size / 1024**2:.0f} MB; at most {MOST_BYTES // 1024**2} MB are taken. "
            "Save it as a JPEG, or make it smaller."
        )
    image = _opened(upload)
    _refuse_what_does_not_fit(image)
    return ContentFile(_without_metadata(image), name=f"original.{FORMATS[_kind(image)]}")


def _kind(image):
    """The format; a JPEG in which a camera hid further pictures, which Pillow calls MPO, is the JPEG of its first."""
    return "JPEG" if image.format == "MPO" else image.format


def _opened(upload):
    upload.seek(0)
    try:
        return Image.open(upload)
    except UnidentifiedImageError as unknown:
        raise ValidationError("This file is not a picture. Choose a JPEG, PNG or WebP.") from unknown
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise ValidationError(_too_many_pixels()) from bomb
    except _BROKEN as broken:
        raise ValidationError(_is_broken()) from broken


def _refuse_what_does_not_fit(image):
    if _kind(image) not in FORMATS:
        raise ValidationError(f"This picture is a {image.format} file. Save it as JPEG, PNG or WebP and try again.")
    if getattr(image, "n_frames", 1) > 1 and _kind(image) != "JPEG":
        raise ValidationError("This picture moves. Choose a still one.")
    if image.width * image.height > MOST_PIXELS:
        raise ValidationError(_too_many_pixels())
    if image.width < LEAST_WIDTH:
        raise ValidationError(
            f"This picture is {image.width} pixels wide; pages need at least {LEAST_WIDTH}. Look for a larger copy."
        )


def _without_metadata(image):
    kind, profile = _kind(image), image.info.get("icc_profile")
    try:
        upright = ImageOps.exif_transpose(image)
    except _BROKEN as broken:
        raise ValidationError(_is_broken()) from broken
    kept = {"icc_profile": profile} if profile else {}
    if "transparency" in upright.info:
        kept["transparency"] = upright.info["transparency"]
    upright.info = {}
    written = io.BytesIO()
    upright.save(written, kind, **HOW_TO_WRITE[kind], **kept)
    return written.getvalue()


def _too_many_pixels():
    return f"This picture has too many pixels; at most {MOST_PIXELS // 10**6} million are taken. Make it smaller."


def _is_broken():
    return "This picture is damaged and cannot be read to its end. Export it again and upload the new file."
