"""Images, videos and documents in a conversation.

What needs the object itself (its size, pixels, seconds) is not looked at: each would cost a download.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.shapes.blocks import Block
from atelier.datasets.shapes.fields import OBJECT, TEXT, UNREAD_KEY, Field, below, check_fields

_GUIDE = "Amazon Nova user guide, fine-tuning data preparation"
_FORGE = "Nova Forge DATASET_CHECKS"

MEDIA_FORMATS = {
    "image": ("gif", "jpeg", "png", "webp"),
    "video": ("mov", "mkv", "mp4", "webm"),
    "document": ("pdf",),
}
MAX_IMAGES_A_TURN = 10
MAX_VIDEOS_A_SAMPLE = 1

MEDIA_FORMAT = Rule(
    "media-format",
    "An image is gif, jpeg, png or webp, a video mov, mkv, mp4 or webm, a document pdf, in lower case.",
    f"{_FORGE}; lower case as in the enumerations of Bedrock's Converse API",
)
MEDIA_URI = Rule(
    "media-uri",
    "Media is in S3: s3://bucket/key of letters, digits, '_', '-', '/' and '.'.",
    "Nova Forge S3Location; S3Uri of Bedrock's service model",
)
MEDIA_BUCKET = Rule("media-bucket", "Media is in the bucket of the dataset.", _GUIDE)
BUCKET_OWNER = Rule(
    "bucket-owner", "bucketOwner is the 12 digits of an account.", "AccountId of Bedrock's service model"
)
BUCKET_OWNER_NAMED = Rule(
    "bucket-owner-named",
    "Media names the owner of its bucket.",
    "Nova Forge requires bucketOwner, Bedrock's Converse API does not",
    "warn",
)
IMAGE_COUNT = Rule("image-count", f"A turn has at most {MAX_IMAGES_A_TURN} images.", f"{_FORGE}; {_GUIDE}")
VIDEO_COUNT = Rule(
    "video-count",
    f"A sample has at most {MAX_VIDEOS_A_SAMPLE} video.",
    f"{_GUIDE}; Nova Forge counts per turn",
)
ONE_MODALITY = Rule(
    "one-modality",
    "A dataset has images or videos or documents beside its text, never two of them.",
    f"{_GUIDE}; Nova Forge looks at one turn at a time",
)
MEDIA_RULES = (
    *(MEDIA_FORMAT, MEDIA_URI, MEDIA_BUCKET, BUCKET_OWNER, BUCKET_OWNER_NAMED),
    *(IMAGE_COUNT, VIDEO_COUNT, ONE_MODALITY),
)

_MEDIA = (Field("format", TEXT), Field("source", OBJECT))
# Converse requires a document's name; Nova's guide shows documents without one.
_DOCUMENT = (*_MEDIA, Field("name", TEXT, required=False))
_SOURCE = (Field("s3Location", OBJECT),)
_LOCATION = (Field("uri", TEXT), Field("bucketOwner", TEXT, required=False))
URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/[\w./-]+", re.ASCII)
ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def check_media(kind: str, media: dict[str, Any], at: str) -> Iterator[Violation]:
    """Violations of one image, video or document: its format and its address."""
    yield from check_fields(media, _DOCUMENT if kind == "document" else _MEDIA, at, extra=UNREAD_KEY)
    declared = media.get("format")
    if isinstance(declared, str) and declared not in MEDIA_FORMATS[kind]:
        yield Violation(MEDIA_FORMAT, below(at, "format"), shown(declared), ", ".join(MEDIA_FORMATS[kind]))
    source = media.get("source")
    if not isinstance(source, dict):
        return
    yield from check_fields(source, _SOURCE, below(at, "source"), extra=UNREAD_KEY)
    location = source.get("s3Location")
    if isinstance(location, dict):
        yield from _check_location(location, below(at, "source.s3Location"))


def _check_location(location: dict[str, Any], at: str) -> Iterator[Violation]:
    yield from check_fields(location, _LOCATION, at, extra=UNREAD_KEY)
    uri, owner = location.get("uri"), location.get("bucketOwner")
    if isinstance(uri, str) and not URI.fullmatch(uri):
        yield Violation(MEDIA_URI, below(at, "uri"), shown(uri), "s3://bucket/key of A-Z a-z 0-9 _ - / .")
    if "bucketOwner" not in location:
        yield Violation(
            BUCKET_OWNER_NAMED, below(at, "bucketOwner"), "no such key", "the 12 digits of an account"
        )
    elif isinstance(owner, str) and not ACCOUNT.fullmatch(owner):
        yield Violation(BUCKET_OWNER, below(at, "bucketOwner"), shown(owner), "the 12 digits of an account")


def check_media_counts(blocks: Sequence[Block]) -> Iterator[Violation]:
    """Violations of how much media, and of how many kinds, a sample has."""
    for turn, images in Counter(block.turn for block in blocks if block.kind == "image").items():
        if images > MAX_IMAGES_A_TURN:
            yield Violation(
                IMAGE_COUNT, f"messages[{turn}].content", f"{images} images", f"at most {MAX_IMAGES_A_TURN}"
            )
    videos = sum(block.kind == "video" for block in blocks)
    if videos > MAX_VIDEOS_A_SAMPLE:
        yield Violation(VIDEO_COUNT, "messages", f"{videos} videos", f"at most {MAX_VIDEOS_A_SAMPLE}")
    kinds = [kind for kind in MEDIA_FORMATS if any(block.kind == kind for block in blocks)]
    if len(kinds) > 1:
        yield Violation(ONE_MODALITY, "messages", " and ".join(kinds), "one of image, video, document")


def check_bucket(blocks: Sequence[Block], bucket: str) -> Iterator[Violation]:
    """Violations of media outside the dataset's bucket; another rule reports an invalid address."""
    for block in blocks:
        if block.kind in MEDIA_FORMATS:
            uri = _uri(block.value)
            address = URI.fullmatch(uri) if uri else None
            if address and address["bucket"] != bucket:
                yield Violation(
                    MEDIA_BUCKET, f"{block.at}.source.s3Location.uri", shown(uri), f"s3://{bucket}/…"
                )


def _uri(media: dict[str, Any]) -> str | None:
    source = media.get("source")
    location = source.get("s3Location") if isinstance(source, dict) else None
    uri = location.get("uri") if isinstance(location, dict) else None
    return uri if isinstance(uri, str) else None
