"""Facts about STPN on a CvT: the method keeps its promises, its cost is what is counted, and a file becomes a tower."""

import pytest
import timm
import torch
from timm.models.swin_transformer import SwinTransformer
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from core import BadKnob, BadWeights, Engine
from core.methods.stpn import equations as eq
from core.methods.stpn import public
from core.methods.stpn.cost import spent
from core.methods.stpn.public import load_backbone
from core.methods.stpn.weights import BASELINE, VARIANTS, load_stpn
from core.networks.cvt import Cvt
from core.networks.cvt_weights import load_cvt
from tests import tiny
from tests.methods import test_contract as contract
from tests.oracle import chance

CLIP = tiny.clip(T=5)
PROMISES = [
    contract.test_shapes_are_what_the_names_say, contract.test_the_same_knobs_run_nothing,
    contract.test_every_knob_changes_something_shown,
]  # fmt: skip


@pytest.fixture
def on_cvt(monkeypatch):
    """Every tiny engine's STPN has a CvT, and no other order than the trained one is asked of it: it merges nothing."""
    swin, moves = tiny.stpn, contract.moves
    monkeypatch.setattr(tiny, "stpn", lambda: swin(tower=tiny.cvt_tower))
    monkeypatch.setattr(contract, "moves", lambda *asked: (one for one in moves(*asked) if one[0] != "order"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.__name__)
def test_the_method_keeps_its_promises(on_cvt, promise):
    device = {"device": "cpu"} if "device" in promise.__code__.co_varnames[: promise.__code__.co_argcount] else {}
    promise(name="stpn", networks=tiny.towers(), **device)


@pytest.mark.parametrize("depth", ["shallow", "deep"])
def test_the_stages_compute_what_the_network_computes(on_cvt, depth):
    engine, network = tiny.engine(), tiny.stpn().network
    trace, stpn = engine.run("stpn", CLIP, depth=depth, supports=4, t=3), network.pick(f"attention/{depth}")
    clean, current = (network.prepare(one).pixels_BCHW for one in (trace["frames_THWC"], trace["current_HWC"][None]))
    with torch.no_grad():
        support = stpn.prompting.support(stpn.detector.tower, clean[[0, 1, 3, 4]])
        prompts = stpn.prompting({at: features[None] for at, features in support.items()}).prompts
        maps = stpn.detector.features(current, prompts)
        plain = stpn.detector.features(current)
    for i, (one, other) in enumerate(zip(maps, plain)):
        assert torch.allclose(trace["prompted"].maps[i], one, atol=1e-4) and torch.equal(trace["plain"].maps[i], other)
    assert (maps[1] - plain[1]).abs().max() > 1e-3
    assert trace["to_patches"][1, 0].shape == (4, 2, 3) and trace["to_prompts"][1, 0].shape == (4, 3, 6)
    with pytest.raises(BadKnob, match="is plain, got released"):
        engine.run("stpn", CLIP, order="released", t=3)


@pytest.mark.parametrize("depth", ["shallow", "deep"])
@pytest.mark.parametrize("size", [(24, 48), (21, 38)])
def test_operations_are_those_that_torch_counts(on_cvt, depth, size):
    stpn, K, N = tiny.stpn().network.pick(f"attention/{depth}"), 6, 3
    pixels = torch.zeros(1, 3, *size)

    def counted(compute):
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
            compute()
        return counter.get_total_flops()

    prompt_LQD = torch.zeros(1, N, 16) if depth == "shallow" else torch.zeros(2, N, 32)
    found = spent(stpn, size, K, N)
    walks = [counted(lambda p=p: eq.walk(stpn, pixels, p)) for p in (None, prompt_LQD[None])]
    assert [found.plain, found.prompted] == walks
    assert found.support == counted(lambda: eq.support_features(stpn, pixels))
    maps = stpn.detector.features(pixels)
    assert stpn.detector.tower.grids(size) == [tuple(one.shape[-2:]) for one in maps]


def test_every_block_reads_one_copy_of_each_prompt(on_cvt):
    cost = tiny.engine().run("stpn", CLIP, prompts=3, t=3)["cost"]
    assert cost.patches == (72, 72, 18, 18) and cost.windows == (1, 1, 1, 1) and cost.copies == (3, 3, 3, 3)


# ---- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A checkpoint with the public names, of a CvT that is small."""
    shape = tiny.CvtShape(widths=(16, 32, 48), depths=(1, 1, 1), heads=(1, 2, 3), classes=5)
    monkeypatch.setitem(public.CVTS, "cvt-13", shape)
    monkeypatch.setattr(public, "SIZE", (64, 64))
    path = tmp_path / "CvT-13.pth"
    cvt = Cvt(shape)
    for i, one in enumerate(cvt.parameters()):
        one.data = chance(*one.shape, seed=i) * 0.2
    torch.save(cvt.state_dict(), path)
    return path, shape


def test_a_public_cvt_is_named_on_the_command_line_and_runs(file):
    path, shape = file
    engine = Engine("cpu", models={"clip": tiny.towers(), "stpn": f"cvt-13:{path}"})
    trace = engine.run("stpn", CLIP, t=2)
    loaded = engine.network("stpn")
    label = trace.weights["stpn"]
    assert "cvt-13 taught elsewhere · CvT-13.pth" in label and "UNTRAINED: all else is random" in label
    network, tower = loaded.network, load_cvt(path, shape).network
    assert tuple(network.nets) == VARIANTS and engine.grid("stpn") == (4, 4)
    assert len({id(one.detector.tower) for one in network.nets.values()}) == 1
    red = torch.tensor([255, 0, 0], dtype=torch.uint8).expand(1, 64, 64, 3)
    pixels = network.prepare(red).pixels_BCHW
    assert pixels[0, :, 0, 0].tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    with torch.no_grad():
        maps, own = network.baseline.detector.features(pixels), tower(pixels).maps
    assert all(torch.equal(one, own[i]) for i, one in enumerate(maps))
    again = load_stpn(f"cvt-13:{path}")
    assert again.digest == loaded.digest
    for one, other in zip(again.network.state_dict().values(), network.state_dict().values()):
        assert torch.equal(one, other)


def test_a_timm_swin_is_named_on_the_command_line(monkeypatch, tmp_path):
    def made(name, pretrained, num_classes=10, **options):
        assert name == "swin_small_one" and not pretrained
        swin = SwinTransformer(
            img_size=64, embed_dim=16, depths=(1, 1), num_heads=(1, 2), window_size=4, num_classes=num_classes, **options
        )
        swin.pretrained_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
        return swin

    monkeypatch.setattr(timm, "create_model", made)
    own = made("swin_small_one", False)
    torch.save({"model": own.state_dict()}, tmp_path / "swin.pth")
    loaded = load_stpn(f"timm:swin_small_one:{tmp_path / 'swin.pth'}")
    assert torch.equal(loaded.network.baseline.detector.tower.swin.patch_embed.proj.weight, own.patch_embed.proj.weight)
    assert loaded.network.size == (64, 64) and loaded.network.grid() == (8, 8)
    assert "swin_small_one taught elsewhere · swin.pth" in loaded.label and "UNTRAINED" in loaded.label
    assert loaded.network.pick("mixer/deep").prompting.places == ((1, 0),)
    assert BASELINE in loaded.network.nets


@pytest.mark.parametrize("spec, told", [
    ("cvt-13:", "The form is cvt-13:FILE, got 'cvt-13:'"),
    ("timm:", "The form is timm:NAME"),
    ("cvt-21:nowhere.pth", "There is no weights file 'nowhere.pth'"),
    ("timm:no_such_model:x.pth", "timm could not load no_such_model"),
])  # fmt: skip
def test_what_cannot_be_loaded_is_told(spec, told):
    with pytest.raises(BadWeights, match=told):
        load_stpn(spec)


def test_what_is_no_swin_is_refused(monkeypatch):
    monkeypatch.setattr(timm, "create_model", lambda *given, **named: torch.nn.Identity())
    with pytest.raises(BadWeights, match="resnet18 is not a Swin"):
        load_backbone("timm", "resnet18:x.pth")
