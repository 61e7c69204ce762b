"""Facts about models that are fetched: public ones are open_clip's, and without a network one sentence comes soon."""

import logging
import time
from importlib import import_module

import pytest
import torch

from core.errors import BadWeights
from core.networks import hub
from core.networks.hub import PUBLIC_CLIPS
from core.networks.weights import load_clip


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A hub that nobody answers for, and nothing fetched before."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", ["ViT-B-32/openai", "timm:vit_tiny_patch16_224"])
def test_without_a_network_one_sentence_comes_in_seconds(offline, name, capfd):
    import_module("open_clip")  # its own import is not what is timed
    began = time.monotonic()
    with pytest.raises(
        BadWeights, match="the hub cannot be reached, and it was not fetched before.* Without a network, give a"
    ):
        load_clip(name)
    assert time.monotonic() - began < 10 and "Retry" not in "".join(capfd.readouterr())
    assert logging.root.manager.disable == logging.NOTSET


def test_a_hub_that_never_answers_is_waited_for_three_seconds(monkeypatch):
    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    monkeypatch.setattr(hub, "urlopen", lambda *args, **more: time.sleep(60))
    began = time.monotonic()
    assert not hub.reachable() and time.monotonic() - began < 5


def test_public_clips_are_open_clips_and_as_large_as_said():
    import open_clip

    for name in PUBLIC_CLIPS:
        arch, tag = name.split("/")
        assert tag in open_clip.list_pretrained_tags_by_model(arch)
    for name in ("ViT-B-32/openai", "ViT-L-14/openai"):
        with torch.device("meta"):
            model = open_clip.create_model(name.split("/")[0], device="meta")
        assert sum(one.numel() for one in model.parameters()) * 4 / 1e6 == pytest.approx(PUBLIC_CLIPS[name], rel=0.01)
