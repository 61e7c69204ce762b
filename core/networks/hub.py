"""The hub that models are fetched from: whether it can be reached is found out in seconds; its library tries for a minute."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PATIENCE = 3.0  # seconds

# What can be had by name: a CLIP of open_clip's with a plain vision transformer → megabytes that are fetched once.
PUBLIC_CLIPS = {
    "ViT-B-32/openai": 605,
    "ViT-B-16/openai": 598,
    "ViT-L-14/openai": 1710,
    "ViT-B-32/laion2b_s34b_b79k": 605,
    "ViT-B-16/datacomp_xl_s13b_b90k": 599,
    "ViT-L-14/datacomp_xl_s13b_b90k": 1711,
    "ViT-B-16-quickgelu/metaclip_400m": 599,
}


def folder_of(name: str) -> Path:
    """Where the hub's library keeps a public CLIP, whether or not it is there."""
    from huggingface_hub import constants
    from open_clip.pretrained import get_pretrained_cfg

    repository = get_pretrained_cfg(*name.split("/"))["hf_hub"].strip("/")
    return Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"


def came(name: str) -> float:
    """Megabytes of a public CLIP that are on this disk by now, whole files or parts."""
    return sum(one.stat().st_size for one in folder_of(name).glob("blobs/*") if one.is_file()) / 1e6


def fetched_before(name: str) -> bool:
    """Whether a public CLIP needs no network any more."""
    return any(one.stat().st_size > 1e7 for one in folder_of(name).glob("snapshots/*/*") if one.exists())


def reachable() -> bool:
    """Whether the hub answers at all, whatever it says."""
    from huggingface_hub import constants

    answers = []

    def ask() -> None:
        try:
            with urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=PATIENCE):
                answers.append(True)
        except HTTPError:
            answers.append(True)
        except (OSError, ValueError):
            pass

    asking = threading.Thread(target=ask, daemon=True)  # a name that nobody resolves is waited for without a limit
    asking.start()
    asking.join(PATIENCE)
    return bool(answers)


@contextmanager
def fetching() -> Iterator[bool]:
    """Inside, models are fetched; where the hub cannot be reached, what was fetched before is used, nothing is waited for and
    nothing is printed. Gives whether it can be reached."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE or not reachable():
        before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
        logging.disable(logging.CRITICAL)
        try:
            yield False
        finally:
            logging.disable(logging.NOTSET)
            constants.HF_HUB_OFFLINE = before
        return
    yield True
