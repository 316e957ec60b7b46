"""An upload becomes an original: really a picture, not too large, upright, and without private metadata.

Cameras write where and when a picture was taken, with what and sometimes by whom. None of that is kept: the picture is
written afresh from its pixels alone, whose colours are brought into sRGB, which every browser takes them for.
"""

import io

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MOST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 60_000_000
LEAST_WIDTH, LEAST_HEIGHT = 320, 160
MOST_TIMES = 5  # the longer side, in lengths of the shorter one
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


def _refuse_odd_shapes(width, height):
    for length, least, how in ((width, LEAST_WIDTH, "wide"), (height, LEAST_HEIGHT, "high")):
        if length < least:
            raise ValidationError(
                f"This picture is {length} pixels {how}; pages need at least {least}. Look for a larger copy."
            )
    if max(width, height) > MOST_TIMES * min(width, height):
        raise ValidationError(
            f"This picture has {width} × {height} pixels; its longer side may be at most {MOST_TIMES} times the "
            "shorter one. Crop it."
        )


def _without_metadata(image):
    kind = _kind(image)
    try:
        upright = for_screens(image)
    except _BROKEN as broken:
        raise ValidationError(_is_broken()) from broken
    _refuse_odd_shapes(*upright.size)
    written = io.BytesIO()
    upright.save(written, kind, **HOW_TO_WRITE[kind])
    return written.getvalue()


def for_screens(image):
    """The pixels of `image` and nothing else: upright, in sRGB, as RGB or, where something shows through, RGBA."""
    profile = image.info.get("icc_profile")
    image = _in_eight_bits(ImageOps.exif_transpose(image))
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if profile:
        image = _in_srgb(image, profile)
    image = image.convert("RGBA" if image.mode in {"RGBA", "LA", "PA"} else "RGB")
    image.info = {}
    return image


def _in_eight_bits(image):
    """Scans may have 65,536 greys, which Pillow would cut off at 255: all of them white."""
    if not image.mode.startswith("I"):
        return image
    image = image.convert("I").point(lambda grey: grey / 256).convert("L")
    image.info.pop("transparency", None)  # one of those greys
    return image


def _in_srgb(image, profile):
    """A profile that is broken, or is for another kind of picture, says nothing about these colours."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _too_many_pixels():
    return f"This picture has too many pixels; at most {MOST_PIXELS // 10**6} million are taken. Make it smaller."


def _is_broken():
    return "This picture is damaged and cannot be read to its end. Export it again and upload the new file."
