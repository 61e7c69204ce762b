"""Facts about what goes into a paper, and about calls as Python: they run anywhere, and give the same again."""

import contextlib
import io
import re

import pytest

from core import BadClip, example, read_clip
from core.methods import lesson
from core.publish import paper
from core.publish.__main__ import main
from core.publish.composition import Composition, complete
from core.publish.python import as_python
from core.publish.view import Setting, View
from tests.commands import asked
from tests.core.publish.test_figures import alone
from tests.published import TEXTS, engine, found, opened, stop

FEW = Composition(rows=("raw", "score_TP", "prompt_count_G"), frames=(0, 7), width="one")


def test_the_script_beside_a_figure_makes_the_same_files_again_in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = paper.figure_files(stop(), FEW, "svg", "one")
    assert sorted(made) == ["one.bib", "one.py", "one.svg", "one_caption.tex"]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(made["one.py"], "one.py", "exec"), {})
    assert said.getvalue().startswith("Trace of")
    for name, data in made.items():
        assert (tmp_path / name).read_bytes() == data, name


def test_a_caption_names_the_rows_the_knobs_and_what_is_compared_in_latex():
    made = paper.caption(stop(), complete(FEW, stop()))
    assert "STOP~\\cite{liu2025stop} on 1-moves, 8 frames: the frames as they are; $W^s$, score of each patch" in made
    assert "$\\alpha$ = 0.3" in made and "stop\\_first.safetensors" in made
    assert "A: $\\alpha$ = 0.9, $N_s$ = 6, $p^s$ = off; B as above" in made
    bare = re.sub(r"\$[^$]*\$|\\cite\{[^}]*\}|\\[_&%#{}$]", "", made.partition("\\caption")[2])
    assert not re.search(r"[_&%#$]", bare), "nothing that LaTeX would take for its own"
    assert made.count("{") == made.count("}")


def test_words_of_a_reader_are_words_in_latex():
    assert paper.escaped("50% & $x_1$ {a}~^\\") == (
        r"50\% \& \$x\_1\$ \{a\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
    )


@pytest.mark.parametrize("result", [stop, found])
def test_what_is_to_be_cited_is_the_paper_and_this_program(result):
    made = paper.references(result().method)
    entries = re.findall(r"^@\w+\{(\w+),$", made, re.MULTILINE)
    assert len(entries) == 2 and made.count("{") == made.count("}")
    assert entries[0] in paper.caption(result(), complete(Composition(), result()))
    assert all(address.startswith("https://") for _, address in lesson(result().method, "LINKS"))


# ---- from Python --------------------------------------------------------------------------------------------------------


def test_a_copied_call_runs_in_any_folder_and_prints_what_it_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        names: dict = {}
        exec(as_python(alone(stop()).view), names)
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("Trace of") and max(map(len, lines)) < 130 and len(lines) < 20
    counts = list(stop().trace["prompt_count_G"])
    assert f"N^t, temporal prompts between frames: {counts}" in lines
    ranked = [float(line.split()[0]) for line in lines[-3:]]
    assert ranked == sorted(ranked, reverse=True) and TEXTS[0] in lines[-3]


def test_a_call_of_two_sets_prints_both_and_an_own_clip_is_a_file_s_name():
    text = as_python(View(Setting("stop", "mine.mp4", 8), 0, "", Setting("stop", "1-moves", 8)))
    assert "read_clip('mine.mp4', frames=8)" in text and "read_clip(example('1-moves'), frames=8)" in text
    assert text.count("print(trace)") == text.count("print(compared)") == 1
    assert text.startswith("from core import Engine, example, read_clip\n")


def test_a_call_of_a_method_that_chooses_frames_prints_which_and_when():
    text = as_python(View(Setting("uniform", "ten-minutes", 8)))
    assert "counted from 0:\", [int(one) for one in trace['frame_K']])" in text and "for one in trace['time_K']])" in text


def test_an_example_is_a_file_of_the_package_and_another_name_is_a_sentence():
    assert len(read_clip(example("1-moves"), frames=4)) == 4
    with pytest.raises(BadClip, match="There is no example '../x'. The examples are 1-moves"):
        example("../x")


def test_a_trace_is_printed_by_its_shapes_and_short():
    trace = engine().run("stop", opened("1-moves", 8), outputs=("prompt_count_G",))
    said = str(trace)
    assert len(said) < 1000 and "score_TP [8, 64]" in said and "prompt_count_G (7)" in said and "tensor" not in said
    assert repr(trace) == said and "\u00a0" not in said


# ---- from the command line ----------------------------------------------------------------------------------------------


def test_the_command_writes_a_figure_and_what_belongs_to_it(tmp_path, capsys):
    words = ["--clip", "1-moves", "--set", "alpha=0.3", "--against", "alpha=0.9", "spatial=off", "--rows", "raw,score_TP"]
    assert main([*words, "--frames", "1,3", "--width", "one", "--out", str(tmp_path / "new" / "ab.pdf")]) == 0
    assert {one.name for one in (tmp_path / "new").iterdir()} == {"ab.pdf", "ab.bib", "ab.py", "ab_caption.tex"}
    script = (tmp_path / "new" / "ab.py").read_text()
    assert "frames=(0, 2)" in script and "alpha=0.9" in script and "spatial=False" in script
    assert main(["--sweep", "alpha=0,1", "kept=2,6", "--out", str(tmp_path / "s.svg")]) == 0
    assert (tmp_path / "s.svg").read_text().count("<image ") == 5, "four maps and their colours"
    main(["--method", "stpn", "--list"])
    assert "prompted_found" in capsys.readouterr().out
    for wrong, sentence in ((["--set", "gamma=3"], "There is no knob 'gamma'"), (["--set", "alpha=x"], "alpha is a number")):
        with pytest.raises(SystemExit, match=sentence):
            main([*wrong, "--out", str(tmp_path / "x.pdf")])
    with pytest.raises(SystemExit, match="What is written is svg, pdf, png"):
        main(["--out", str(tmp_path / "x.doc")])


def test_the_command_tells_what_it_can_do(capsys, monkeypatch):
    told = asked(capsys, monkeypatch, "core.publish", "--help")
    assert "--rows" in told and "--sweep" in told
