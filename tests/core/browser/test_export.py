"""Facts about a method's stages as ONNX: each graph gives what its stages give in Python, for clips of other lengths and sizes
than it was made with; in both, what is read decides what follows; and no number is stored twice."""

import numpy as np
import pytest

from core import METHODS, read_clip
from core.browser import plan
from core.browser.export import browser_of, examples, export, held_of, ran
from core.browser.parts import flat
from core.browser.store import Store, halved
from core.browser.ways import Graph, Way
from core.errors import ReaderError
from core.graph import downstream
from core.methods import with_part
from tests.published import ROOT, TEXTS, engine, opened

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

ABLE = [name for name in with_part("browser") if browser_of(name).WAYS]
# unit vectors, and prompts, whose numbers go up to 40; all else is held to 1e-4
CLOSE = {"video_E": 1e-4, "text_YE": 1e-5, "temporal_prompt_GQD": 1e-3}
OTHERS = (
    ("1-moves", 8, TEXTS),
    ("6-camera-pans", 5, ("ring",)),
    ("3-grows", 12, ("a purple heart moves then stops", "a", "a blue cross")),
)


@pytest.fixture(scope="module", params=ABLE)
def exported(request, tmp_path_factory):
    """(method, its graphs on disk)."""
    method = METHODS[request.param]
    folder = tmp_path_factory.mktemp(method.name)
    return method, export(engine(), method, opened("1-moves", 8), TEXTS, folder)


def through(method, files, way, clip, texts):
    """What the graphs make of a clip, each of what Python made before it: (name, theirs, Python's)."""
    values, held = examples(engine(), method, way, clip, texts), held_of(engine(), method, way)
    runs = [(graph, plan.of_graph(graph, held, {}, {name: name for name in graph.makes})) for graph in way.graphs]
    again = {one.graph.name: [] for one in way.again}
    for one in (one for one in way.again if not one.each):
        again[one.graph.name].append((one.graph, plan.of_graph(one.graph, held, one.reads, one.makes)))
    for graph, node in (each for one in runs for each in (one, *again.get(one[0].name, ()))):
        session = onnxruntime.InferenceSession(str(files[graph.name].model))
        own = {name: values[other] for name, other in zip(node.inputs, node.reads, strict=True)}
        asked = {part: one.numpy() for name, value in own.items() for part, one in flat(name, value).items()}
        assert [one.name for one in session.get_inputs()] == list(asked)
        made = dict(zip([one.name for one in session.get_outputs()], session.run(None, asked), strict=True))
        known = ran(graph, values | own | held)
        values |= {name: known[other] for name, other in zip(node.makes, node.outputs, strict=True)}
        for name in node.outputs:
            for part, value in flat(name, known[name]).items():
                yield part, made[part], value.numpy()


def test_every_graph_gives_what_its_stages_give_whatever_the_clip_and_the_texts_are_long(exported):
    method, files = exported
    for way in browser_of(method.name).WAYS:
        for name, frames, texts in OTHERS:
            for stage, theirs, ours in through(method, files, way, opened(name, frames), texts):
                assert theirs.shape == ours.shape and theirs.dtype == ours.dtype, stage
                assert np.abs(theirs - ours).max() <= CLOSE.get(stage, 1e-4), (stage, name, frames)


def test_a_frame_of_any_size_is_resized_as_python_does(exported):
    method, files = exported
    way = browser_of(method.name).WAYS[0]
    if "clip_THWC" not in plan.reads(way.graphs[0], held_of(engine(), method, way)):
        pytest.skip("JavaScript resizes its frames: see tests/app/site")
    wide = read_clip(ROOT / "assets/clips/2-bounces.mp4", frames=4)
    uneven = type(wide)(wide.frames_THWC[:, 20:220, 3:].copy(), wide.time_T, wide.source_T)
    stage, theirs, ours = next(through(method, files, way, uneven, TEXTS))
    assert uneven.frames_THWC.shape[1:3] == (200, 253) and np.abs(theirs - ours).max() <= 1e-4, stage


def test_a_knob_re_runs_in_a_browser_what_it_re_runs_in_python(exported):
    """Of the stages that both have. What only a browser has stands between them and changes nothing of it."""
    method, _ = exported
    browser = browser_of(method.name)
    for way in browser.WAYS:
        made = plan.nodes(method, way, browser.constants(held_of(engine(), method, way)))
        known = {name for node in made for name in node.makes}
        for knob in (one.name for one in method.knobs.knobs() if one.name not in way.knobs):
            touched = {knob}
            for node in made:
                if touched & set(node.reads):
                    touched |= set(node.makes)
            there = set(downstream(method.stages, knob)) & known
            assert touched & {stage.__name__ for stage in method.stages} == there, (way.knobs, knob)


def test_every_result_that_is_shown_is_made_or_is_what_a_way_leaves_out(exported):
    method, _ = exported
    browser = browser_of(method.name)
    for way in browser.WAYS:
        made = {
            name for node in plan.nodes(method, way, browser.constants(held_of(engine(), method, way))) for name in node.makes
        }
        assert set(method.until("whole")) - made == set(way.without)


def test_no_number_is_stored_twice_and_all_are_stored_whole(exported):
    method, files = exported
    places: dict[bytes, set] = {}
    for one in files.values():
        for tensor in onnx.load(one.model, load_external_data=False).graph.initializer:
            told = {each.key: each.value for each in tensor.external_data}
            if told:
                start, long = int(told["offset"]), int(told["length"])
                content = (one.model.parent / told["location"]).read_bytes()[start : start + long]
                places.setdefault(content, set()).add((told["location"], start))
    assert all(len(one) == 1 for one in places.values()) and len(places) > 20
    stored = sum(map(len, places))
    assert stored >= 0.99 * sum(path.stat().st_size for path in {path for one in files.values() for path in one.weights})
    ways = [held_of(engine(), method, way) for way in browser_of(method.name).WAYS]
    networks = {id(one): one for held in ways for name, one in held.items() if name in method.networks and one is not None}
    whole = set()  # weights as they are in the networks, or lying down
    for tensor in (tensor.detach() for one in networks.values() for tensor in one.parameters()):
        turned = tensor.T if tensor.ndim == 2 else tensor
        whole |= {halved(np.ascontiguousarray(each.numpy())).tobytes() for each in (tensor, turned)}
    # a slice of a matrix may be stored beside the matrix, and a table of a network's own
    assert sum(len(one) for one in places if one in whole) >= 0.9 * stored


def test_weights_are_halved_only_where_that_loses_nothing(tmp_path):
    exact, inexact = np.full((64, 8), 0.5, np.float32), np.full((64, 8), 0.1, np.float32)
    assert halved(exact).dtype == np.float16 and halved(inexact).dtype == np.float32
    assert np.array_equal(halved(inexact), inexact) and halved(np.arange(8)).dtype == np.int64
    from onnx import helper, numpy_helper

    store = Store(tmp_path)
    for name in ("first", "second"):
        kept = numpy_helper.from_array(exact, "w")
        node, out = helper.make_node("Identity", ["w"], ["y"]), helper.make_tensor_value_info("y", 1, [64, 8])
        model = helper.make_model(
            helper.make_graph([node], "g", [], [out], [kept]), opset_imports=[helper.make_opsetid("", 18)]
        )
        assert [path.name for path in store.take(name, model)] == ["first.bin"]
        (tmp_path / f"{name}.onnx").write_bytes(model.SerializeToString())
        (made,) = onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx")).run(None, {})
        assert np.array_equal(made, exact) and made.dtype == np.float32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.bin", "first.onnx", "second.onnx"]


def test_what_nothing_makes_is_named():
    method = METHODS[ABLE[0]]

    def lost(found): ...

    with pytest.raises(ValueError, match="Nothing in a browser makes .*found"):
        plan.nodes(method, Way({}, (Graph("one", (lost,), {}),), {}, dict.fromkeys(method.networks)), ())
    with pytest.raises(ReaderError, match="does not say what of it runs in a browser"):
        browser_of(next(name for name in METHODS if name not in with_part("browser")))
