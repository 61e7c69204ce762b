"""Facts about what a viewer asks of the server, with a server that answers when the test says so: one request at a time, the
newest of those that wait, what takes long only when nothing is moving."""

import json

from playwright.sync_api import expect

from tests.viewer.test_viewer import ABOUT, bright, clip_of, trace_of

METHOD = "stop"
TEXTS = {"a": 0.5}

# hooks whose answers are held back; asked: what was asked for, in order; reply(kind): answers the oldest of that kind
SERVER = """payload => {
  window.asked = []; window.held = {soon: [], later: []};
  const hook = kind => request => new Promise((done, fail) => {
    asked.push(`${kind} ${request.n}`);
    held[kind].push({request, done, fail});
  });
  const hooks = {soon: hook('soon'), later: hook('later')};
  window.view = viewer.mount(document.querySelector('#here'), payload, hooks);
  window.trace = payload.trace;
  window.given = payload;
  window.reply = (kind, error) => {
    const one = held[kind].shift(), texts = kind === 'later' ? trace.texts : null;
    one.done(JSON.stringify(error ? {error} : {...trace, texts, stamp: one.request.n, knobs: {n: one.request.n}}));
  };
}"""


def started(page):
    page.evaluate(SERVER, {"about": ABOUT, "clip": clip_of(), "trace": trace_of(bright(1, 2), stamp=0, texts=TEXTS)})
    page.wait_for_selector(".vw[data-shown]")


def ask(page, *numbers):
    for n in numbers:
        page.evaluate("n => { view.ask({n}); }", n)


def answered(page, kind, error=None):
    page.evaluate("([kind, error]) => reply(kind, error)", [kind, error])
    page.wait_for_timeout(150)  # longer than the viewer waits for a paint


def shown(page, what="shown"):
    return json.loads(page.locator(".vw").get_attribute(f"data-{what}")).get("n")


def test_one_request_is_under_way_and_the_newest_of_those_that_wait_follows(viewer):
    started(viewer)
    ask(viewer, 1, 2, 3, 4)
    assert viewer.evaluate("asked") == ["soon 1"]
    answered(viewer, "soon")
    assert viewer.evaluate("asked") == ["soon 1", "soon 4"] and shown(viewer) == 1
    answered(viewer, "soon")
    assert shown(viewer) == 4 and viewer.evaluate("asked") == ["soon 1", "soon 4", "later 4"]
    answered(viewer, "later")
    assert shown(viewer, "texts") == 4


def test_what_takes_long_never_holds_back_what_comes_at_once(viewer):
    started(viewer)
    ask(viewer, 1)
    answered(viewer, "soon")
    ask(viewer, 2)
    assert viewer.evaluate("asked") == ["soon 1", "later 1", "soon 2"]
    answered(viewer, "soon")
    assert shown(viewer) == 2
    answered(viewer, "later")  # of the first: older than what is shown, it is not drawn, and the newer one is asked for
    assert shown(viewer) == 2 and viewer.evaluate("asked") == ["soon 1", "later 1", "soon 2", "later 2"]
    answered(viewer, "later")
    assert shown(viewer, "texts") == 2


def test_after_a_refusal_the_last_good_values_are_completed_and_the_next_are_asked_for(viewer):
    started(viewer)
    ask(viewer, 1, 2)
    answered(viewer, "soon")
    answered(viewer, "soon", "α is 0 to 1.")
    assert viewer.locator(".vw-wait").inner_text() == "α is 0 to 1." and shown(viewer) == 1
    assert viewer.evaluate("asked") == ["soon 1", "soon 2", "later 1"]
    answered(viewer, "later")  # of the values before: it completes the picture, and what was refused is still said
    told = viewer.locator(".vw-wait")
    assert shown(viewer, "texts") == 1 and told.is_visible() and told.inner_text() == "α is 0 to 1."
    ask(viewer, 3)
    answered(viewer, "soon")
    assert shown(viewer) == 3 and not viewer.locator(".vw-wait").is_visible()


def test_a_server_that_is_gone_is_told_and_asked_again(viewer):
    started(viewer)
    ask(viewer, 1)
    viewer.evaluate("held.soon.shift().fail(new Error('offline'))")
    viewer.wait_for_timeout(150)
    expect(viewer.locator(".vw-wait")).to_contain_text("did not answer", use_inner_text=True)
    ask(viewer, 2)
    answered(viewer, "soon")
    assert shown(viewer) == 2 and not viewer.locator(".vw-wait").is_visible()


def test_what_a_run_has_so_far_is_drawn_while_it_is_waited_for_and_nothing_of_another_run_is(viewer):
    started(viewer)
    viewer.evaluate("""() => {
      const shown = viewer.mount, {about, clip} = window.given;
      window.far = [];
      window.stopped = [];
      const never = request => new Promise(() => {});
      const soon = async ({stamp}) => JSON.stringify({...trace, texts: null, done: false, stamp, knobs: {n: stamp}});
      window.view = shown(document.querySelector('#here'), {about, clip}, {
        soon, later: never, far: async () => far[0], stop: ({kind}) => stopped.push(kind),
      });
    }""")
    viewer.evaluate("() => { view.ask({stamp: 7, n: 7}); }")
    viewer.wait_for_function("() => /7/.test(document.querySelector('.vw')?.dataset.shown)")
    count = "() => [...document.querySelectorAll('.vw-gap b')].map(one => one.textContent).join(' ')"
    before = viewer.evaluate(count)
    other = {"count": [8, 9], "rule": ["eight", "nine"], "each": None}
    viewer.evaluate("made => { far[0] = ['search', 0.5, made]; }", {"stamp": 6, "values": {"count_G": other}})
    expect(viewer.locator(".vw-far span")).to_have_text("search · 50 %")
    viewer.wait_for_timeout(600)
    assert viewer.evaluate(count) == before, "of another run"
    viewer.evaluate("made => { far[0] = ['search', 0.5, made]; }", {"stamp": 7, "values": {"count_G": other}})
    viewer.wait_for_function(f"() => ({count})() === '8 9'")
    viewer.locator(".vw-far button").click()
    expect(viewer.locator(".vw-wait")).to_contain_text("Stopped. What still waits stays as it is")
    assert viewer.evaluate("stopped") == ["later"] and viewer.evaluate(count) == "8 9", "what came is not lost"
