"""Facts about nuisances, mixes of them, and captions of two clauses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import ReaderError
from core.world import (
    NUISANCES,
    PLAIN,
    STANDARD,
    Mix,
    Truth,
    caption,
    meanwhile,
    render,
    sample_scene,
    segment_centres,
)  # fmt: skip
from core.world.examples import EXAMPLES, HERE, SECONDS, SIZE
from core.world.nuisances import TREMBLE


def clip(seed=5, T=8, **choices):
    scene = sample_scene(seed, **choices)
    return render(scene, segment_centres(scene.seconds, T))


def change(frames_THWC):
    """The mean square of what changes between neighbouring frames."""
    return np.square(np.diff(frames_THWC.astype(float), axis=0)).mean()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_seed_gives_the_scene_that_it_always_gave(name):
    (path,) = HERE.glob(f"* {name}.json".replace(" ", "-"))
    stored = Truth.from_json(path.read_text())
    scene = sample_scene(split="test", size=SIZE, seconds=SECONDS, **EXAMPLES[name])
    assert stored.scenes == (scene,)
    assert np.array_equal(render(scene, stored.time_T[:2])[1].instance_THW, stored.instance_THW[:2])


def test_a_mix_changes_nothing_where_it_draws_nothing():
    scenes = [sample_scene(seed, mix=STANDARD) for seed in range(300)]
    same = [scene == sample_scene(seed, mix=PLAIN) for seed, scene in enumerate(scenes)]
    second = [len(scene.acting) == 2 for scene in scenes]
    assert abs(np.mean(second) - 0.2) < 0.07 and 0.3 < np.mean(same) < 0.5
    assert sample_scene(7, mix=Mix()) == sample_scene(7)


def test_half_of_the_standard_mix_has_one_nuisance_or_two():
    scenes = [sample_scene(seed, distractors=0, mix=STANDARD) for seed in range(400)]
    found = [(bool(s.shimmer), bool(s.lights), bool(s.shake), any(s.pan), any(s.background.drift)) for s in scenes]
    several = np.sum(found, 1)
    assert abs(np.mean(several > 0) - 0.5) < 0.08 and abs(np.mean(several == 2) - 0.25) < 0.08 and several.max() == 2
    assert np.min(np.mean(found, 0)) > 0.09  # each of those that need no distractors
    assert all(0.4 <= strength <= 1 for s in scenes for strength in (s.shimmer, s.lights, s.shake) if strength)


@pytest.mark.parametrize("kind", ("shimmer", "lights", "shake"))
def test_more_strength_is_more_of_the_same_and_none_is_nothing(kind):
    scene = sample_scene(11, hard=kind, action="stays still", distractors=2)
    times = segment_centres(2, 8)
    changes = [change(render(replace(scene, **{kind: strength}), times)[0]) for strength in (0.0, 0.3, 0.6, 1.0)]
    assert changes[0] == 0 and (np.diff(changes) > 0).all()
    assert sample_scene(11, hard=kind, strength=0.3) == replace(sample_scene(11, hard=kind), **{kind: 0.3})


def test_what_shimmers_changes_as_much_as_a_moving_thing_and_no_truth_does():
    moving = np.median([change(clip(seed, action="moves left", distractors=2)[0]) for seed in range(12)])
    shimmer = []
    for seed in range(12):
        frames, truth = clip(seed, action="stays still", distractors=2, hard="shimmer")
        shimmer.append(change(frames) / 3)  # there are three patches
        still = truth.instance_THW[0]
        assert (truth.instance_THW == still).all() and not truth.energy_GO.any() and not truth.camera_G.any()
        bodies = frames[:, still > 0].astype(int)
        assert (bodies == bodies[0]).mean() > 0.8  # things hide the background, but for their rims
    assert 0.5 < np.median(shimmer) / moving < 2


def test_shimmer_stays_where_it_is_and_goes_with_the_camera():
    frames, _ = clip(11, action="stays still", distractors=0, hard="shimmer")
    spread = frames.astype(float).std(0).mean(-1)
    assert 0.02 < (spread > 8).mean() < 0.35  # patches, and nothing elsewhere
    assert (spread == 0).mean() > 0.5
    scene = replace(sample_scene(11, action="stays still", distractors=0, hard="shimmer"), pan=(0.2, 0.0))
    early, late = (
        render(scene, start + np.linspace(0, 0.2, 12))[0].astype(float).std(0).mean(-1).sum(0) for start in (0.0, 1.8)
    )
    x = np.arange(128)
    assert (late * x).sum() / late.sum() < (early * x).sum() / early.sum() - 8  # the camera goes right, the patches left


def test_light_changes_all_colours_alike_and_no_truth():
    frames, truth = clip(14, action="stays still", distractors=2, hard="lights")
    assert (truth.instance_THW == truth.instance_THW[0]).all() and not truth.energy_GO.any()
    mean_T3 = frames.astype(float)[:, 48:80, 48:80].mean((1, 2))
    share_T3 = mean_T3 / mean_T3.sum(1, keepdims=True)
    assert np.ptp(mean_T3.sum(1)) > 20 and np.ptp(share_T3, axis=0).max() < 0.02


def test_masks_follow_a_trembling_camera():
    _, truth = clip(5, T=12, action="stays still", distractors=2, hard="shake", size=(256, 256))
    centre_TO2 = (truth.box_TO4[..., :2] + truth.box_TO4[..., 2:]) / 2
    moved_GO = np.linalg.norm(np.diff(centre_TO2, axis=0), axis=-1)
    assert np.allclose(moved_GO, truth.camera_G[:, None], atol=1.5) and truth.camera_G.max() > 2
    assert not truth.energy_GO.any()  # of a camera held still
    assert np.abs(centre_TO2 - centre_TO2.mean(0)).max() < 2 * TREMBLE * 256 + 1


def test_every_nuisance_fits_any_frame_and_survives_json():
    for number, kind in enumerate(NUISANCES):
        for size in ((48, 96), (80, 40)):
            scene = sample_scene(30 + number, "val", hard=kind, strength=0.7, mix=STANDARD, size=size)
            frames, truth = render(scene, segment_centres(2, 4))
            assert frames.shape == (4, *size, 3)
            back = Truth.from_json(truth.to_json())
            assert back.scenes == (scene,) and np.array_equal(render(back.scenes[0], back.time_T)[0], frames)


def test_json_from_before_there_were_nuisances_is_read():
    _, truth = clip(3, T=2)
    said = json.loads(truth.to_json())
    for name in ("shimmer", "lights", "shake"):
        del said["scenes"][0][name]
    assert Truth.from_json(json.dumps(said)).scenes == truth.scenes


def test_a_second_clause_says_what_a_second_thing_does():
    found = [scene for seed in range(60) if len((scene := sample_scene(seed, mix=Mix(clauses=0.5))).acting) == 2]
    assert len(found) > 15
    for scene in found[:12]:
        actor, second = scene.acting
        clauses = [caption(one.colour, one.shape, one.motion.action) for one in (actor, second)]
        assert scene.caption == meanwhile(*clauses) and scene.action == actor.motion.action != second.motion.action
        _, truth = render(scene, segment_centres(2, 8))
        assert truth.energy_GO[:, 1].any() and not truth.energy_GO[:, 2:].any()
    always = Mix(clauses=1.0)
    assert all(len(sample_scene(seed, mix=always).acting) == 2 for seed in range(20))
    assert not any(sample_scene(seed, distractors=0, mix=always).objects[1:] for seed in range(5))


def test_a_strength_that_is_none_is_refused():
    for strength in (0, 1.5, -1):
        with pytest.raises(ReaderError, match="above 0 and at most 1"):
            sample_scene(0, hard="shimmer", strength=strength)
