"""Facts about the world: its clips do what their captions say, and its truth agrees with its pictures."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.errors import ReaderError
from core.world import (
    ACTIONS,
    COLOURS,
    DEGRADATIONS,
    HARD,
    SHAPES,
    Truth,
    __main__,
    caption,
    degrade,
    pairs,
    render,
    render_sequence,
    sample_scene,
    segment_centres,
    truth_at,
)
from core.world.motions import pose
from core.world.textures import RGB


def clip(action, seed=5, T=8, **choices):
    scene = sample_scene(seed, action=action, **choices)
    return render(scene, segment_centres(scene.seconds, T))


def centre_T2(truth):
    return (truth.box_TO4[:, 0, :2] + truth.box_TO4[:, 0, 2:]) / 2


def test_captions_are_sentences():
    assert caption("red", "ring", "moves left") == "a red ring moves left"
    assert caption("orange", "star", "grows") == "an orange star grows"
    assert caption(None, None, "moves left") == "an object moves left"
    assert len(ACTIONS) == len(set(ACTIONS)) == 15


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others():
    for hard in HARD:
        assert np.array_equal(clip(None, hard=hard)[0], clip(None, hard=hard)[0])
    assert not np.array_equal(clip("grows", 5)[0], clip("grows", 6)[0])


def test_splits_share_no_actor_pair_and_no_pixels_and_train_has_every_shape_and_colour():
    splits = {split: set(pairs(split)) for split in ("train", "val", "test")}
    assert sum(map(len, splits.values())) == len(set.union(*splits.values())) == len(COLOURS) * len(SHAPES)
    assert {c for c, _ in splits["train"]} == set(COLOURS) and {s for _, s in splits["train"]} == set(SHAPES)
    digests = []
    for split, own in splits.items():
        for seed in range(20):
            scene = sample_scene(seed, split)
            assert (scene.actor.colour, scene.actor.shape) in own
            others = {(t.colour, t.shape) for t in scene.objects[1:]}
            assert others <= splits["train"] | own and (scene.actor.colour, scene.actor.shape) not in others
            digests.append(render(scene, [0.0])[0].tobytes())
    assert len(set(digests)) == len(digests)
    assert len({sample_scene(1, split).background for split in splits}) == 3  # not one clip with another actor


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mask_has_the_colour_of_its_thing(shape):
    scene = sample_scene(3, action="stays still", distractors=0)
    for colour in COLOURS:
        painted = replace(scene, objects=(replace(scene.actor, shape=shape, colour=colour),))
        frames, truth = render(painted, [0.0])
        inside = np.median(frames[0][truth.instance_THW[0] == 1], axis=0)
        nearest = min(RGB, key=lambda name: np.abs(inside - RGB[name]).sum())
        assert nearest == colour


def test_a_box_is_the_bounds_of_its_mask_and_nothing_else():
    for seed in range(6):
        _, truth = clip(None, seed, hard=HARD[seed % 5])
        for t, o in np.ndindex(truth.box_TO4.shape[:2]):
            rows, columns = np.nonzero(truth.instance_THW[t] == o + 1)
            expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if len(rows) else [np.nan] * 4
            assert np.array_equal(truth.box_TO4[t, o], expected, equal_nan=True)


def test_a_mask_covers_as_much_as_its_shape():
    scene = sample_scene(3, action="stays still", distractors=0, size=(80, 80))
    circle = replace(scene, objects=(replace(scene.actor, shape="circle"),))
    area = (render(circle, [0.0])[1].instance_THW == 1).sum()
    assert area == pytest.approx(np.pi * (0.48 * scene.actor.size * 80) ** 2, rel=0.04)


def test_in_a_still_clip_all_frames_are_equal_and_nothing_has_energy():
    frames, truth = clip("stays still", distractors=3)
    assert (frames == frames[0]).all() and not truth.energy_GO.any() and not truth.camera_G.any()


def test_only_what_moves_has_energy_also_under_a_panning_camera():
    for hard in (None, "pan"):
        _, truth = clip("moves left", distractors=3, hard=hard)
        assert (truth.energy_GO[:, 0] > 0).all() and not truth.energy_GO[:, 1:].any()
        assert (truth.camera_G > 0).all() == (hard == "pan")
    _, truth = clip("stays still", distractors=3, hard="drifting")
    assert not truth.energy_GO[:, 0].any() and (truth.energy_GO[:, 1:].max(1) > 0).all()


@pytest.mark.parametrize(
    "action, axis, sign", [("moves left", 0, -1), ("moves right", 0, 1), ("moves up", 1, -1), ("moves down", 1, 1)]
)
def test_a_move_goes_its_way_all_the_time(action, axis, sign):
    for seed in range(4):
        step_G2 = np.diff(centre_T2(clip(action, seed)[1]), axis=0)
        assert (sign * step_G2[:, axis] > 1).all() and (np.abs(step_G2[:, 1 - axis]) <= 1).all()
        assert 0.35 * 7 / 8 * 128 - 2 < abs(step_G2[:, axis].sum()) < 0.60 * 128


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mark_of_every_shape_turns_clockwise_on_the_screen(shape):
    """The dark mark, seen from the thing's centre, is below after having been on the right (y grows downwards)."""
    for action, sign in (("spins clockwise", 1), ("spins counter-clockwise", -1)):
        scene = sample_scene(8, action=action, distractors=0, size=(256, 256))
        scene = replace(scene, objects=(replace(scene.actor, shape=shape, colour="white"),))
        frames, truth = render(scene, segment_centres(2.0, 9))
        motion, angles = scene.actor.motion, []
        for frame, mask in zip(frames, truth.instance_THW):
            y, x = np.nonzero((mask == 1) & (frame.mean(-1) < 165))
            angles.append(np.arctan2(y.mean() + 0.5 - motion.y * 256, x.mean() + 0.5 - motion.x * 256))
        turn_G = np.degrees(np.diff(np.unwrap(angles)))
        assert (sign * turn_G > 3).all() and (sign * turn_G < 60).all()
        assert turn_G.sum() == pytest.approx(motion.reach * 8 / 9, abs=20)


def test_growing_doubles_and_shrinking_halves():
    side_T = np.ptp(clip("grows", T=20)[1].box_TO4[:, 0].reshape(20, 2, 2), axis=1).mean(1)
    assert (np.diff(side_T) >= 0).all() and 1.6 < side_T[-1] / side_T[0] < 2.2
    side_T = np.ptp(clip("shrinks", T=20)[1].box_TO4[:, 0].reshape(20, 2, 2), axis=1).mean(1)
    assert (np.diff(side_T) <= 0).all() and 1.6 < side_T[0] / side_T[-1] < 2.2


def test_eight_samples_see_a_blink_a_shake_and_a_bounce():
    for seed in range(12):
        seen_T = ~np.isnan(clip("blinks", seed)[1].box_TO4[:, 0, 0])
        assert seen_T.any() and not seen_T.all()
        assert np.ptp(centre_T2(clip("shakes", seed)[1])[:, 0]) > 0.05 * 128
        assert np.ptp(centre_T2(clip("bounces", seed)[1])[:, 1]) > 0.15 * 128


def test_events_are_when_the_picture_changes():
    for action, before in (("appears", False), ("vanishes", True)):
        _, truth = clip(action, T=40)
        ((name, when),) = truth.events
        seen_T = ~np.isnan(truth.box_TO4[:, 0, 0])
        assert name == action and 0.3 * 2 <= when <= 0.7 * 2
        assert ((truth.time_T < when) == (seen_T == before)).all()
    _, truth = clip("moves then stops", T=40)
    ((name, when),) = truth.events
    assert name == "stops" and ((truth.time_T[:-1] < when) == (truth.energy_GO[:, 0] > 0)).all()
    _, truth = clip("blinks", T=200)
    seen_T = ~np.isnan(truth.box_TO4[:, 0, 0])
    changes = truth.time_T[1:][seen_T[1:] != seen_T[:-1]]
    assert np.allclose(changes, [when for _, when in truth.events], atol=0.011)
    assert [name for name, _ in truth.events] == ["shows" if seen_T[t == truth.time_T][0] else "hides" for t in changes]


def test_no_single_frame_tells_the_action():
    """Where and how large the actor is, over the frames of many clips, is the same for every action."""
    about = {}
    for action in ACTIONS:
        seen = []
        for seed in range(150):
            motion = sample_scene(1000 + seed, action=action, distractors=0).actor.motion
            poses = [pose(motion, u) for u in segment_centres(1, 8)]
            seen += [(p.x, p.y, 4 * p.size) for p in poses if p.shown]
        about[action] = np.concatenate([np.mean(seen, 0), np.std(seen, 0)])
    spread = np.ptp(list(about.values()), axis=0)
    assert (spread < 0.06).all(), f"mean and std of x, y, 4·size differ by up to {spread}"


def test_every_action_and_hard_case_fits_any_frame():
    for number, action in enumerate(ACTIONS):
        for height, width in ((48, 96), (80, 40)):
            frames, truth = clip(action, 30 + number, T=4, size=(height, width), hard=HARD[number % 5])
            assert frames.shape == (4, height, width, 3) and truth.instance_THW.shape == (4, height, width)
            seen = truth.box_TO4[~np.isnan(truth.box_TO4[..., 0])]
            assert len(seen) and (seen >= 0).all() and (seen <= [width, height, width, height]).all()
    frames, truth = clip("moves left", T=1)
    assert len(frames) == 1 and truth.energy_GO.shape[0] == 0


def test_hard_cases_change_what_they_say():
    frames, truth = clip("stays still", distractors=2, hard="background")
    where = truth.instance_THW[0] == 1
    assert (truth.instance_THW == truth.instance_THW[0]).all() and (frames[:, ~where] != frames[0, ~where]).any()
    _, truth = clip("stays still", distractors=2, hard="blinking")
    assert np.isnan(truth.box_TO4[:, 1:]).any() and not np.isnan(truth.box_TO4[:, 0]).any()
    _, truth = clip("stays still", distractors=2, hard="pan", T=9)
    moved = np.linalg.norm(centre_T2(truth)[-1] - centre_T2(truth)[0])
    assert moved == pytest.approx(truth.camera_G.sum(), abs=1.5)
    with pytest.raises(ReaderError, match="pan"):
        sample_scene(0, hard="rain")


def test_truth_survives_json_and_renders_again():
    frames, truth = clip("blinks", size=(48, 64), hard="blinking")
    back = Truth.from_json(truth.to_json())
    assert back.scenes == truth.scenes and back.events == truth.events and back.caption == truth.caption
    for name in ("time_T", "instance_THW", "box_TO4", "energy_GO", "camera_G"):
        assert np.array_equal(getattr(back, name), getattr(truth, name), equal_nan=True)
    assert np.array_equal(render(back.scenes[0], back.time_T)[0], frames)
    assert "NaN" not in truth.to_json()


def test_truth_of_chosen_frames_is_as_if_only_they_had_been_rendered():
    _, truth = clip("moves left", hard="pan")
    chosen = truth_at(truth, [1, 4, 7])
    assert np.array_equal(chosen.instance_THW, truth.instance_THW[[1, 4, 7]])
    assert np.allclose(chosen.camera_G, [truth.camera_G[1:4].sum(), truth.camera_G[4:7].sum()])
    assert (chosen.energy_GO[:, 0] > truth.energy_GO[:, 0].max()).all()


def test_a_sequence_is_its_scenes_one_after_another():
    scenes = [sample_scene(1, action="vanishes", distractors=0), sample_scene(2, action="appears", distractors=3)]
    frames, truth = render_sequence(scenes, rate=10)
    assert len(frames) == 40 and truth.box_TO4.shape[1] == 4 and truth.duration == 4
    assert np.array_equal(frames[20:], render(scenes[1], truth.time_T[20:] - 2)[0])
    assert [name for name, _ in truth.events] == ["vanishes", "appears"]
    assert truth.events[1][1] == pytest.approx(2 + 2 * scenes[1].actor.motion.moment)
    assert truth.caption == f"{scenes[0].caption}, then {scenes[1].caption}"


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_a_degradation_is_nothing_at_0_and_grows_and_keeps_to_its_frames(kind):
    frames, _ = clip("moves left", distractors=2, T=4)
    before = frames.copy()
    assert np.array_equal(degrade(frames, kind, 0), frames)
    harm = [np.abs(degrade(frames, kind, severity).astype(float) - frames).mean() for severity in np.linspace(0, 1, 6)]
    assert (np.diff(harm) > 0).all()
    some = degrade(frames, kind, 0.7, frames=[1, 3])
    assert (some[[0, 2]] == frames[[0, 2]]).all() and all((some[t] != frames[t]).any() for t in (1, 3))
    assert (frames == before).all() and (degrade(frames, kind, 0.7, seed=3) == degrade(frames, kind, 0.7, seed=3)).all()


def test_an_occluder_covers_its_box_and_only_that():
    frames, truth = clip("moves left", distractors=0)
    changed_THW = (degrade(frames, "occluder", 1.0, box=truth.box_TO4[:, 0]) != frames).any(-1)
    for changed, (x0, y0, x1, y1) in zip(changed_THW, truth.box_TO4[:, 0].astype(int)):
        inside = changed[y0:y1, x0:x1]
        assert inside.mean() > 0.95 and changed.sum() == inside.sum()


def test_a_bad_degradation_is_told_what_is_allowed():
    frames = np.zeros((2, 16, 16, 3), np.uint8)
    for kind, severity, told in (("fog", 0.5, "motion_blur"), ("noise", 1.5, "0 to 1")):
        with pytest.raises(ReaderError, match=told):
            degrade(frames, kind, severity)
    with pytest.raises(ReaderError, match="0 to 1"):
        degrade(frames, "noise", 0.5, frames=[2])


def test_the_command_writes_clips_and_their_truth(tmp_path, capsys):
    __main__.main(["--out", str(tmp_path), "--clips", "2", "--seed", "4", "--size", "64x96", "--rate", "6"])
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    for seed, line in zip((4, 5), said):
        truth = Truth.from_json((tmp_path / f"test_{seed:06d}.json").read_text())
        assert truth.caption in line and truth.scenes[0] == sample_scene(seed, "test", size=(64, 96))
        video = cv2.VideoCapture(str(tmp_path / f"test_{seed:06d}.mp4"))
        assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == len(truth) == 12
        frame = video.read()[1][..., ::-1].astype(float)
        assert np.abs(frame - render(truth.scenes[0], truth.time_T)[0][0]).mean() < 12
