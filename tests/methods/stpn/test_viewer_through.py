"""Facts about the viewer of prompts and supports when the whole clip is read: instances, and one thing, are followed."""

from playwright.sync_api import expect

from tests.methods.stpn.toys import ABOUT, PIXEL, T, clip_of, trace_of

METHOD = "stpn"


FOUND = {"box": [0.25, 0.25, 0.75, 0.75], "score": 0.9, "name": "ring", "thing": 1, "runs": None}
FIRST, SECOND, FALSE = FOUND | {"track": 0}, FOUND | {"track": 1}, FOUND | {"track": 2, "thing": None}
FOLLOWED = {  # the thing goes on as another instance in the fourth frame, and the last shows a false one beside it
    "frames": [[FIRST], [FIRST], [FIRST], [SECOND], [SECOND, FALSE]],
    "there": [1] * T, "size": [40, 60],
}  # fmt: skip
LOST = {"frames": [[FOUND | {"track": 0, "score": 0.1}]] * T, "there": [1] * T, "size": [40, 60]}


RING = [0.25, 0.25, 0.75, 0.75]
PATH = {
    "box": [RING] * T,
    "seen": [True, True, False, True, True],
    "thing": 1,
    "overlap": [None, 0.9, 0.5, 0.7, None],
    "ao": 0.7,
}
PATHS = {"prompted_followed": PATH, "baseline_followed": PATH | {"overlap": [None, 0.3, 0.2, 0.1, None], "ao": 0.2}}


def with_tracks(**asked):
    made = trace_of(**asked)
    return made | {"values": made["values"] | {"prompted_tracks": FOLLOWED, "baseline_tracks": LOST} | PATHS}


def test_instances_are_followed_through_the_clip_once_a_reader_asks(viewer):
    viewer.evaluate("whole => { window.asked = 0; window.whole = async () => { asked++; return JSON.stringify(whole); }; }",
                    with_tracks())  # fmt: skip
    viewer.evaluate(
        "payload => { window.view = viewer.mount(document.querySelector('#here'), payload, {whole}); }",
        {"about": ABOUT, "clip": clip_of(), "trace": trace_of()},
    )
    assert viewer.evaluate("asked") == 0 and viewer.locator(".vw-tracks canvas").count() == 0
    viewer.locator(".vw-through summary").click()
    viewer.wait_for_selector(".vw-tracks canvas")
    said = viewer.locator(".vw-tracks h4").all_inner_texts()
    assert "5 of 5 things found over 5 frames, 1 false; 3 instances" in said[0]
    assert said[0].endswith("another instance 1 time, counting only boxes with the right name")
    assert "0 of 5 things found over 5 frames, 0 false; 0 instances" in said[1] and "0 times" in said[1]
    assert viewer.evaluate("asked") == 1 and viewer.locator(".vw-tracks canvas").count() == 2 * T
    labels = [one.get_attribute("aria-label") for one in viewer.locator(".vw-tracks canvas").all()]
    assert labels[2] == "frame 3, the current one: instance 1, ring" and labels[3] == "frame 4: instance 2, ring"
    assert labels[T] == "frame 1: nothing"
    edge = [viewer.evaluate(PIXEL, [".vw-tracks canvas", t, 7, 15, 40, 60]) for t in (2, 3)]  # behind an instance's number
    assert edge[0] != edge[1]  # an instance has its own colour
    viewer.evaluate("trace => view.update({trace})", trace_of(stamp=2.0))  # a knob was moved: what is shown is of before
    assert viewer.locator(".vw-tracks.vw-stale").count() == 2 and viewer.locator(".vw-tracks canvas").count() == 2 * T


def test_a_knob_calls_off_what_reads_the_whole_clip(viewer):
    viewer.evaluate(
        """payload => {
             window.asked = [];
             const noted = kind => async ({who}) => { asked.push([kind, who]); return JSON.stringify(payload.trace); };
             const never = ({who}) => { asked.push(['whole', who]); return new Promise(() => {}); };
             const hooks = {soon: noted('soon'), later: noted('later'), whole: never,
                            stop: async ({who, kind}) => { asked.push([`stop ${kind}`, who]); }};
             window.view = viewer.mount(document.querySelector('#here'), payload, hooks); }""",
        {"about": ABOUT, "clip": clip_of(), "trace": trace_of()},
    )
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.locator(".vw-through summary").click()
    viewer.wait_for_function("asked.some(([kind]) => kind === 'whole')")
    viewer.evaluate("() => { view.ask({}); }")
    viewer.wait_for_function("asked.some(([kind]) => kind === 'later')")
    said, who = zip(*viewer.evaluate("asked"))
    assert said == ("whole", "stop whole", "soon", "later") and len(set(who)) == 1


def opened_through(viewer, truth=True):
    """The whole clip is open; asked: what the viewer pointed at, each time it asked."""
    viewer.evaluate(
        """([payload, whole]) => {
             window.asked = [];
             const hooks = {whole: async request => { asked.push(request.pointed); return JSON.stringify(whole); }};
             window.view = viewer.mount(document.querySelector('#here'), payload, hooks); }""",
        [{"about": ABOUT, "clip": clip_of(truth), "trace": trace_of()}, with_tracks()],
    )
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.locator(".vw-through summary").click()
    viewer.wait_for_selector(".vw-path canvas" if truth else ".vw-tracks canvas")


def test_one_thing_is_followed_from_its_first_box_with_its_overlap_and_their_mean(viewer):
    opened_through(viewer)
    assert viewer.evaluate("asked") == [None]  # whom to follow is left to the server
    told = [one.locator("span").all_inner_texts() for one in viewer.locator(".vw-path").all()]
    assert told == [["given", "0.90", "0.50", "0.70", "not there"], ["given", "0.30", "0.20", "0.10", "not there"]]
    titles = viewer.locator(".vw-path h4").all_inner_texts()
    assert "(AO) 0.700; not seen in 1 frame" in titles[0] and "(AO) 0.200" in titles[1]
    expect(viewer.locator(".vw-overlap")).to_contain_text("with prompts, AO 0.700", use_inner_text=True)
    expect(viewer.locator(".vw-likeness + .sp-key")).to_contain_text("both with the same prompts", use_inner_text=True)
    # the solid line is at 0.9 in the second frame of five, the dashed one at 0.3
    colour = """([x, y]) => { const c = document.querySelector('.vw-overlap canvas'), r = c.width / c.clientWidth;
        return [...c.getContext('2d').getImageData(x * r, y * r, 1, 1).data]; }"""
    width = viewer.locator(".vw-overlap canvas").bounding_box()["width"]
    x = 26 + (width - 36) / 4
    solid, dashed = (viewer.evaluate(colour, [x, 8 + (1 - v) * 86]) for v in (0.9, 0.3))
    assert solid[2] > solid[0] + 80 and solid[3] == 255 and dashed[3] == 255 and abs(dashed[2] - dashed[0]) < 40


def test_a_click_on_a_box_of_the_first_frame_follows_that_thing(viewer):
    opened_through(viewer)
    buttons = viewer.locator(".vw-things button")
    assert buttons.all_inner_texts() == ["a · ring (the actor)", "b · star"], "numbers are those of instances"
    assert [one.get_attribute("aria-checked") for one in buttons.all()] == ["true", "false"]
    box = viewer.locator(".vw-first").bounding_box()
    viewer.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.15 * box["height"])
    viewer.wait_for_function("asked.length === 2")
    assert viewer.evaluate("asked[1]") == [0.8, 0.1, 0.95, 0.2] and buttons.nth(1).get_attribute("aria-checked") == "true"
    viewer.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])  # nothing is there
    buttons.first.press("Enter")
    viewer.wait_for_function("asked.length === 3")
    assert viewer.evaluate("asked[2]") == RING


def test_where_the_truth_is_not_known_what_is_found_in_the_first_frame_can_be_followed(viewer):
    opened_through(viewer, truth=False)
    assert viewer.locator(".vw-things button").count() == 0  # nothing reaches 0.30 there
    for _ in range(4):
        viewer.locator(".sp").press("-")
    assert viewer.locator(".vw-things button").all_inner_texts() == ["a · ring"]
