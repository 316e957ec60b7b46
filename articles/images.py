"""Pictures as pages show them: which renditions there are, in which order a browser is offered them."""

from django.core.files.storage import storages

BEST_FIRST = ("image/webp", "image/jpeg", "image/png")


def rendered(picture):
    """The renditions of `picture` with their addresses, smallest first; none while readers are not to see it.

    One that brings its own address keeps it: the desk's preview shows originals that the public storage does not have.
    """
    if picture is None or not picture.is_shown:
        return []
    public = storages["public"]
    sizes = sorted(picture.renditions, key=lambda rendition: rendition["width"])
    return [{"url": public.url(rendition["name"]), **rendition} for rendition in sizes]


def by_type(images):
    """`images` as [(type, images of it)], the lightest type first; the last one is what every browser knows."""
    types = {image["type"] for image in images}
    return [(kind, [image for image in images if image["type"] == kind]) for kind in BEST_FIRST if kind in types]


def srcset(images):
    return ", ".join(f"{image['url']} {image['width']}w" for image in images)


def focus_classes(focal):
    """Classes for the point `focal` ("x,y" in percent), rounded to quarters: styles in attributes are forbidden."""
    if not focal:
        return ""
    x, y = (round(int(part) / 25) * 25 for part in focal.split(","))
    return f"focus-x-{x} focus-y-{y}"


def to_share(picture):
    """The rendition for previews on other sites: about 1200 pixels wide, of a type that all of them read."""
    common = [image for image in rendered(picture) if image["type"] in {"image/jpeg", "image/png"}]
    return min(common, key=lambda image: abs(image["width"] - 1200), default=None)
