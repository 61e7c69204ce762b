"""Facts about the camera: how far it went is measured, what moves by itself is not taken for it, and frames can be carried."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.data.rendered import sample
from core.video.camera import beside, between, camera_of, following, grey, said, warped

CAR = Path(__file__).resolve().parents[4] / "shared" / "clips" / "car_shadow.mp4"  # real footage, where it is at hand
T, H, W = 6, 120, 160


def ground(H=400, W=500, seed=0):
    """A landscape of blobs of many sizes, RGB."""
    noise = np.random.default_rng(seed).normal(size=(H, W, 3)).astype(np.float32)
    made = sum(cv2.GaussianBlur(noise, (0, 0), width) * width for width in (1.5, 4, 9))
    return np.uint8(np.clip(128 + 50 * made / made.std(), 0, 255))


def view(picture, right, down, zoom=1.0):
    """What a camera sees whose upper left corner stands there."""
    matrix = np.float32([[1 / zoom, 0, right], [0, 1 / zoom, down]])
    return cv2.warpAffine(picture, matrix, (W, H), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def test_a_pan_is_measured_to_a_tenth_of_a_pixel_and_said():
    wide = ground()
    camera = camera_of(np.stack([view(wide, 40 + 11.5 * t, 60 - 4 * t) for t in range(T)]))
    assert camera.moves_G.all() and camera.share_G.min() > 0.9
    assert np.allclose(camera.shift_G2 * W, [-11.5, 4], atol=0.1)  # what is seen goes the other way
    assert said(camera).startswith("Everything moves: the camera pans, by about 7.6 % of the picture")


def test_a_zoom_and_a_tremble_are_called_by_their_names():
    wide = ground()
    shrunk = [1 - 1.12**-t for t in range(T)]  # around the middle
    nearer = camera_of(np.stack([view(wide, 100 + W / 2 * s, 100 + H / 2 * s, 1.12**t) for t, s in enumerate(shrunk)]))
    hand = camera_of(np.stack([view(wide, 100 + 5 * (-1) ** t, 100) for t in range(T)]))
    assert "the camera zooms or comes nearer" in said(nearer) and "goes to and fro" in said(hand)


def test_a_still_camera_is_not_said_to_move_whatever_moves_before_it():
    wide, thing = ground(), ground(seed=1)[:50, :70]
    frames = np.stack([view(wide, 100, 100)] * T)
    assert not camera_of(frames).moves_G.any() and said(camera_of(frames)) == ""
    for t in range(T):
        frames[t, 30:80, 8 + 12 * t : 78 + 12 * t] = thing
    assert said(camera_of(frames)) == ""
    plain = np.full((T, H, W, 3), 90, np.uint8)  # a thing with corners before nothing
    for t in range(T):
        plain[t, 30:80, 8 + 12 * t : 78 + 12 * t] = thing
    grain = np.random.default_rng(2).integers(-3, 4, (H, W, 1))  # a faint ground that stands
    assert said(camera_of(np.uint8(np.clip(plain + grain, 0, 255)))) == ""


def test_whether_the_picture_follows_a_motion_is_asked_of_all_of_it():
    first_HW, second_HW = (grey(view(ground(), 100 + 16 * t, 100), W) for t in (0, 1))
    to_the_left = np.array([[1, 0, -16 / W], [0, 1, 0], [0, 0, 1.0]])
    alike, share = following(first_HW, second_HW, to_the_left)
    assert alike > 0.95 and share == 1
    assert following(first_HW, first_HW, to_the_left)[1] == 0 and following(first_HW, first_HW, np.eye(3))[1] == 1
    second_HW[:, 64:] = first_HW[:, 64:]  # three fifths of it stand
    assert 0.2 < following(first_HW, second_HW, to_the_left)[1] < 0.5 and between(first_HW, second_HW)[1] in (0.0, 1.0)


def test_what_cannot_be_followed_is_left_as_it_is():
    rng = np.random.default_rng(0)
    for frames in (rng.integers(0, 256, (3, 8, 9, 3), np.uint8), np.zeros((3, 64, 64, 3), np.uint8), ground()[None, :40, :40]):
        camera = camera_of(frames)
        assert len(camera.warp_G33) == len(frames) - 1 and not camera.moves_G.any() and said(camera) == ""


def test_of_rendered_clips_those_whose_camera_pans_are_told_from_the_rest():
    told = {
        hard: [bool(said(camera_of(sample(seed, "val", 8, (128, 128), hard=hard).frames_THWC))) for seed in range(8)]
        for hard in ("pan", "shake", None)
    }
    assert sum(told["pan"]) >= 6 and sum(told["shake"]) >= 6 and not any(told[None])


def test_a_frame_carried_to_the_next_camera_is_the_next_frame_where_it_is_seen():
    wide = ground()
    frames = np.stack([view(wide, 100 + 14 * t, 90 + 3 * t) for t in range(3)])
    seen_HWC, there_HW = warped(frames[0], camera_of(frames).warp_G33[0])
    assert 0.8 < there_HW.mean() < 0.95 and not there_HW[:, -10:].any()
    off = np.abs(seen_HWC.astype(int) - frames[1])[there_HW]
    assert off.mean() < 2 < np.abs(frames[0].astype(int) - frames[1]).mean()
    before_THWC, after_THWC = beside(frames)
    assert np.array_equal(before_THWC[0], frames[0]) and np.array_equal(after_THWC[2], frames[2])
    assert np.array_equal(before_THWC[1][~there_HW], frames[1][~there_HW])  # unseen: the frame's own
    for carried in (before_THWC[1:], after_THWC[:-1]):
        own = frames[1:] if carried is before_THWC[1:] or np.shares_memory(carried, before_THWC) else frames[:-1]
        assert np.abs(carried.astype(int) - own).mean() < 2


@pytest.mark.skipif(not CAR.is_file(), reason="real footage is not at hand")
def test_the_camera_that_follows_a_turning_car_pans():
    from core import read_clip

    assert "the camera pans" in said(camera_of(read_clip(CAR, frames=8).frames_THWC))
