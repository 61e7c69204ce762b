"""What a viewer asks of the server: what comes at once, what takes longer, what reads the whole clip, a curve over a knob, how
far a run is, and the pictures of a clip. Every answer but those of the last three is a JSON text, an error's sentence in it."""

from collections.abc import Mapping

from app.figures.drawing import view_of
from app.server.errors import sentence
from app.server.jobs import PICTURE
from app.server.request import WHO
from core.kinds import StageScores, When
from core.sweep import values_of

POINTS = 6  # of a curve: the knob's ends, and four values between


def answers_of(desk, untouched):
    """The server functions of one method's viewer, in the order that they are asked for. untouched: what is on the page before
    any knob was moved."""
    method, view = desk.method, view_of(desk.method)
    when: dict[str, When] = {"soon": "now", "later": "network", "whole": "whole"}

    def explain(kind, taken):
        """One run of what was taken in the browser, as the viewer wants it. One through the whole clip takes long: it waits for
        its turn among its like, and, as a part of the picture, is called off by a knob."""
        asked = desk.request(taken)
        if kind == "whole":
            return desk.aside(asked, kind, lambda run: made_of(run, asked, kind, taken), PICTURE)
        with desk.running.knob():
            return made_of(desk.run_of(asked, kind), asked, kind, taken)

    def made_of(run, asked, kind, taken):
        done, through = kind != "soon", kind == "whole"
        given = view.given(taken.get("pointed"), asked.clip, asked.truth) if through else {}
        outputs = method.until(when[kind], bool(asked.texts))
        trace = asked.engine.run(
            method.name, asked.clip, texts=asked.texts, outputs=outputs, cancelled=run.cancelled, progress=run.progress,
            **given, **asked.settings,
        )  # fmt: skip
        texts, grid = list(asked.texts) if done else None, asked.engine.grid(method.name)
        made = view.trace(method, trace, asked.key, asked.clip, asked.settings, grid, texts, asked.truth, asked.stamp)
        made["edited"] = bool(asked.edits)
        return made | view.besides(asked.engine, method, asked.clip, asked.settings, trace) if done else made

    @sentence
    def at_once(taken):
        return explain("soon", taken)

    @sentence
    def everything(taken):
        return explain("later", taken)

    @sentence
    def through(taken):
        return explain("whole", untouched | (taken if isinstance(taken, Mapping) else {}))

    @sentence
    def curve(taken):
        """[[value, [a number per stage of the tower, for each output]], …] over the span of the knob that they are drawn
        against; nothing where no output is drawn so."""
        drawn = [one for one in method.outputs if isinstance(one, StageScores) and one.against]
        if not drawn:
            return []
        asked, stages = desk.request(taken), [one.stage for one in drawn]
        values = values_of(asked.engine, method.name, drawn[0].against, POINTS)

        def work(run):
            made = []
            for place, value in enumerate(values):
                run.progress("curve", place / len(values))
                settings = {**asked.settings, drawn[0].against: value}
                trace = asked.engine.run(method.name, asked.clip, outputs=stages, cancelled=run.cancelled, **settings)
                made.append([value, [[round(float(x), 6) for x in trace[stage]] for stage in stages]])
            return made

        return desk.running.aside(desk.run_of(asked, "later"), work, PICTURE)

    def far(asked):
        """[stage, share of it that is done] of a reader's own run that is under way."""
        return desk.running.far(*whose(asked))

    def stop(asked):
        """Call off a reader's own run."""
        desk.running.stop(*whose(asked))

    def frames(key):
        """The pictures of an open clip, asked for by the viewer once a clip."""
        found = desk.clips.of_key(key) if isinstance(key, str) else None
        return found and view.clip(key, *found)

    return frames, at_once, everything, through, curve, far, stop


def whose(asked):
    """(who, kind) of a run that is asked about; what names none is nobody's."""
    given = [asked.get(name) if isinstance(asked, Mapping) else None for name in ("who", "kind")]
    return tuple(one[:WHO] if isinstance(one, str) else "" for one in given)
