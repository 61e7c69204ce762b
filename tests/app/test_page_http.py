"""Facts about the page as programs ask it, over HTTP: the engine's numbers, of no file that was not given, and no program in
what Python sends."""

import json
import re
from urllib.request import urlopen

import gradio as gr
import numpy as np
import pytest

from core import METHODS, read_clip


@pytest.fixture(scope="module")
def served(served_whole):
    """Of every method."""
    return served_whole


def test_over_http_the_same_numbers_come_as_from_the_engine(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    address, engine, examples = served
    client, texts = client_of.Client(address, verbose=False), ["a red ring grows", "a red ring moves left"]
    name, example = next(iter(examples.items()))
    assert [one["name"] for one in client.predict(api_name="/examples")] == list(examples)
    said = client.predict(clip=name, texts=texts, alpha=0.3, kept=4, api_name="/explain_stop")
    trace = engine.run("stop", read_clip(example.path), texts=texts, alpha=0.3, kept=4)
    for stage in ("score_TP", "region_TP", "change_G", "similarity_Y"):
        np.testing.assert_allclose(np.array(said[stage]), trace[stage].numpy(), rtol=1e-5, atol=1e-6, err_msg=stage)
    assert said["prompt_count_G"] == list(trace["prompt_count_G"])
    uploaded = client_of.handle_file(str(example.path))
    again = client.predict(file=uploaded, texts=texts, alpha=0.3, kept=4, api_name="/explain_stop_file")
    assert again["region_TP"] == said["region_TP"]
    with pytest.raises(Exception, match="There is no example"):
        client.predict(clip="/etc/passwd", texts=texts, api_name="/explain_stop")


def test_over_http_no_file_of_the_server_can_be_named(served):
    """A path that was not uploaded is refused, whatever the client claims about it."""
    import httpx

    example = next(iter(served[2].values())).path
    client = httpx.Client(base_url=served[0], timeout=60)
    for verb, name, texts, box in (("explain", "stop", [[]], []), ("explain", "stpn", [], []), ("through", "stpn", [], [[]])):
        knobs = [one.default for one in METHODS[name].knobs.knobs()]
        data = [{"path": str(example), "meta": {"_type": "gradio.FileData"}}, *texts, 8, *box, *knobs]
        address = f"/gradio_api/call/{verb}_{name}_file"
        event = client.post(address, json={"data": data})
        assert event.is_success, "it is taken, and refused when it is looked at"
        answer = client.get(f"{address}/{event.json()['event_id']}").text
        assert "event: error" in answer and "_TP" not in answer and "mass_K" not in answer


def test_only_what_is_meant_for_programs_is_offered_to_them(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    named = client_of.Client(served[0], verbose=False).view_api(return_format="dict")["named_endpoints"]
    of_methods = {f"/explain_{name}{way}" for name in METHODS for way in ("", "_file")}
    assert set(named) == of_methods | {"/examples", "/knobs", "/through_stpn", "/through_stpn_file"}


def test_what_is_for_programs_has_a_page_of_its_own(served):
    """The browser goes through all that its page has, again for each event: endpoints would cost every visitor time."""
    import httpx

    client = httpx.Client(base_url=served[0], timeout=60)
    own, programs = (client.get("/config", params={"page": name}).json() for name in ("", "programs"))
    assert not any(str(one["api_name"]).startswith(("explain_", "through_")) for one in own["dependencies"])
    assert sum(str(one["api_name"]).startswith("explain_") for one in programs["dependencies"]) == 2 * len(METHODS)
    assert any("(programs)" in str(one["props"].get("value")) for one in own["components"])
    assert client.get("/programs").is_success


def test_over_http_the_whole_clip_is_told(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    address, engine, examples = served
    client, box = client_of.Client(address, verbose=False), [0.1, 0.1, 0.5, 0.6]
    name, example = next(iter(examples.items()))
    said = client.predict(clip=name, t=3, box=box, api_name="/through_stpn")
    trace = engine.run("stpn", read_clip(example.path), t=3, box=box)
    followed, tracks = trace["prompted_followed"], trace["prompted_tracks"]
    np.testing.assert_allclose(said["prompted_followed"]["box_T4"], followed.box_T4.numpy(), atol=1e-4)
    assert said["prompted_followed"]["seen_T"] == list(followed.seen_T) and said["baseline_followed"]["box_T4"][
        0
    ] == pytest.approx(box)
    assert said["prompted_tracks"]["number_TN"] == [list(one) for one in tracks.number_TN]
    assert len(said["baseline_tracks"]["seen_T"]) == 8 and "mass_K" not in said
    with pytest.raises(Exception, match="A box is four numbers from 0 to 1"):
        client.predict(clip=name, box=[0.5, 0.1, 0.2, 0.6], api_name="/through_stpn")


def test_over_http_stpn_says_the_same_as_the_engine(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    address, engine, examples = served
    client = client_of.Client(address, verbose=False)
    name, example = next(iter(examples.items()))
    said = client.predict(clip=name, t=3, spoil="occluder", severity=0.5, api_name="/explain_stpn")
    trace = engine.run("stpn", read_clip(example.path), t=3, spoil="occluder", severity=0.5)
    for stage in ("mass_K", "entropy_Q", "prompt_attention_NQKP", "cosine_prompted_I"):
        np.testing.assert_allclose(np.array(said[stage]), trace[stage].numpy(), rtol=1e-5, atol=1e-6, err_msg=stage)
    np.testing.assert_allclose(np.array(said["change"]["2"]), trace["change"][2].numpy(), rtol=1e-4, atol=1e-6)
    assert said["support_index_K"] == list(trace["support_index_K"]) and said["cost"]["copies"] == list(trace["cost"].copies)
    assert len(said["prompted_found"]["mask_NHW"]["runs"]) == len(trace["prompted_found"].score_N)
    assert said["to_prompts"].keys() == {f"{i}.{j}" for i, j in trace["to_prompts"]} and "current_HWC" not in said
    with pytest.raises(Exception, match="the frames of the clip, got 9"):
        client.predict(clip=name, t=9, api_name="/explain_stpn")


def test_python_holds_no_program_of_the_page(served):
    with urlopen(f"{served[0]}config") as answer:
        config = json.load(answer)
    scripts = [one["props"].get("js_on_load") for one in config["components"]]
    scripts += [one["js"] for one in config["dependencies"] if isinstance(one.get("js"), str)]
    address = r'import\(new URL\("viewer/\w+/\w+/\w+\.js", document\.baseURI\)\)'
    call = rf"(\(\.\.\.values\) => )?{address}\.then\(it => it\.\w+\(.*\)\)"
    assert len(scripts) > 30
    assert not [one for one in scripts if one and one != gr.HTML().js_on_load and not re.fullmatch(call, one)]
