"""Facts about the measure of regions before training: what it counts, and which truth it reads."""

import json

import cv2
import numpy as np
import pytest

from core import ReaderError
from core.methods.stop import training_free
from core.methods.stop.training_free import evaluate, row, scores, truth_of, videos
from core.metrics import iou
from tests import tiny


def test_a_score_that_is_the_truth_covers_it_and_chance_does_not():
    truth_TP = np.zeros((3, 12), bool)
    truth_TP[0, 2:5] = truth_TP[1, 7] = True  # the third frame does not show the thing, and is left out
    right = row(truth_TP.astype(float), truth_TP, 3)
    assert right == {"pointing": 1.0, "iou": pytest.approx((1 + 1 / 3) / 2), "iou_equal": 1.0}
    wrong = row(-truth_TP.astype(float), truth_TP, 3)
    assert wrong["pointing"] == 0 == wrong["iou_equal"]
    assert np.isnan(row(truth_TP.astype(float), np.zeros((3, 12), bool), 3)["iou"])
    assert iou(np.array([[True, True, False]]), np.array([[False, True, True]])).tolist() == [pytest.approx(1 / 3)]


def test_what_moves_is_found_by_change_alone():
    frames = np.full((5, 32, 48, 3), 90, np.uint8)
    thing = np.zeros((5, 32, 48), bool)
    for t in range(5):
        frames[t, 16:32, 16:32] = 40 * t + 30
        thing[t, 16:32, 16:32] = True
    engine = tiny.engine(tiny.towers())
    found = scores(engine, tiny.of_frames(frames), thing, 0)
    assert found["dynamics"] == {"pointing": 1.0, "iou": pytest.approx(1 / 6), "iou_equal": 1.0}
    assert found["chance"]["iou_equal"] < 0.6


@pytest.fixture
def footage(tmp_path):
    """Two videos with their truth, as masks and as boxes, and one without."""
    for name in ("masked", "boxed", "bare"):
        out = cv2.VideoWriter(str(tmp_path / f"{name}.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 5, (48, 32))
        for t in range(4):
            frame = np.zeros((32, 48, 3), np.uint8)
            frame[8:16, 4 * t : 4 * t + 16] = 255
            out.write(frame)
        out.release()
    (tmp_path / "masked_masks").mkdir()
    for t in range(4):
        mask = np.zeros((32, 48), np.uint8)
        mask[8:16, 4 * t : 4 * t + 16] = 255
        cv2.imwrite(str(tmp_path / "masked_masks" / f"{t:05d}.png"), mask)
    boxes = [{"frame": t, "box_xywh": [4 * t, 8, 16, 8]} for t in range(3)]
    (tmp_path / "boxed_gt.json").write_text(json.dumps({"frame_size_wh": [48, 32], "frames": boxes}))
    return tmp_path


def test_masks_and_boxes_are_read_alike_and_a_frame_without_one_shows_nothing(footage):
    assert [one.name for one in videos(footage)] == ["boxed.avi", "masked.avi"]
    drawn, filled = (truth_of(footage / f"{name}.avi")(np.array([0, 2])) for name in ("masked", "boxed"))
    assert (drawn == filled).all() and drawn[1, 8:16, 8:24].all() and drawn.sum() == 2 * 16 * 8
    assert not truth_of(footage / "boxed.avi")(np.array([3])).any()
    with pytest.raises(ReaderError, match="masked_masks has 4 masks, and frame 9 is asked for"):
        truth_of(footage / "masked.avi")(np.array([9]))
    with pytest.raises(ReaderError, match="No video in .* has a truth beside it"):
        videos(footage / "masked_masks")
    with pytest.raises(ReaderError, match="There is no folder"):
        videos(footage / "nowhere")


def test_world_and_footage_stand_side_by_side(footage, monkeypatch):
    monkeypatch.setattr(training_free, "FRAMES", 4)
    found = evaluate(tiny.engine(tiny.towers()), 3, footage)
    assert set(found) == {"world", "boxed.avi", "masked.avi", "about"}
    for name in ("world", "boxed.avi", "masked.avi"):
        assert set(found[name]) == {"default", "attention", "dynamics", "chance"}
    assert "masked.avi" in training_free.table(found) and "tiny towers" in training_free.table(found)
    assert json.loads(json.dumps(found)) == found
