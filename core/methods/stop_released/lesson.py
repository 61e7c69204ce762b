"""What is said of STOP's released code: our readings of it, what it does that the paper does not say, and presets."""

from core.knobs import Preset

LINKS = (
    ("The paper, arXiv 2503.15973", "https://arxiv.org/abs/2503.15973"),
    ("The authors' code, at a47eb224", "https://github.com/zhoujiahuan1991/CVPR2025-STOP/tree/a47eb224"),
)
CITATION = """\
@inproceedings{liu2025stop,
  title     = {{STOP}: Integrated Spatial-Temporal Dynamic Prompting for Video Understanding},
  author    = {Liu, Zichen and Xu, Kunlun and Su, Bing and Zou, Xu and Peng, Yuxin and Zhou, Jiahuan},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  pages     = {13776--13786},
  year      = {2025}
}
"""

READINGS = (
    ("source", "We follow an audit of the code; the numbers D1 … D21 are its list of differences. No line was copied."),
    ("frames", "Resized bilinearly until the shorter side fits, then cropped to the centre, as the code's transform crops."),
    ("dropout", "Off, as when the code is evaluated; in training the same layer of it is applied twice (D9)."),
    ("Cal_Net_Inter", "It and InterConv read the self-attention's output as it is; nothing is added back to it."),
    ("bottlenecks", "What the code calls LoRA reads what the MLP reads, and a tenth of it is added beside it."),
    ("learned prompts", "56 rows: four before a text, four behind it, then four a frame; one block mixes them layer by layer."),
    ("other lengths", "The rows are for 12 frames; a clip of T frames takes those at T even steps, where the code would stop."),
    ("texts", "Start, four prompts, words, four prompts, end; each layer has its own, and the end's token is the feature."),
    ("linear mode", "Four learned prompts a layer are shared by all frames, and projected once for each end of a text."),
    ("chance", "What no file gives starts as PyTorch starts it, with seed 0: how the code starts it is not known to us."),
    ("batch", "The code's batch has many clips; here a clip has one mate, as long as itself: still, noise, or it backwards."),
    ("test picture", "Five equal frames with a white patch under a mean filter: no weights, so its map's shape is the code's."),
)

# What the code does that the paper does not say, in the order of the audit.
DIFFERENCES = (
    ("D1", "No attention map is read, and there is no α: what is selected follows the dynamics alone."),
    ("D2", "The dynamics are the signed mean of what one 3D convolution answers on RGB pixels: no tokens, and no square."),
    ("D3", "The 7×7 cells of the map are no patches: each gathers every seventh row and column of the whole frame."),
    ("D4", "So the region is a comb with a tooth every seven pixels, and every patch of the frame has a part in it."),
    ("D5", "The region gates nothing: each pixel receives a prompt, and a selected one receives it twice."),
    ("D6", "N_s is a rank: cells above a frame's seventh largest are selected, six of them, or fewer where some tie."),
    ("D7", "The region is yes or no, so that 𝒩^s receives no gradient: it stays as chance made it."),
    ("D8", "𝒫^s prompts pixels, once, before patches are embedded; nothing bends between its first two convolutions."),
    ("D9", "In training a dropout of one half is applied twice: a quarter of a prompt's pixels is left, four times as large."),
    ("D10", "No difference of frames is computed: self-attention over all their tokens stands in its place."),
    ("D11", "W^t is a signed mean, then min–max over all frames of the batch: a clip's weights depend on the clips beside it."),
    ("D12", "One frame of a batch always has 0, one has 1; a single frame has 0/0, and at a clip's ends equal frames differ."),
    ("D13", "β is 1, and the comb's 49 cells are read as if they were the 49 patches."),
    ("D14", "Each frame holds four temporal prompts, behind its CLS; what changes moves their size only, from once to twice."),
    ("D15", "Prompts are computed once, and all twelve layers are given the same."),
    ("D16", "Tokens of a frame see it and four global prompts; the first of them is the video's feature, not CLS."),
    ("D17", "Bottlenecks beside every MLP, the prompts of DGL and prompts around each text are trained too."),
    ("D18", "Frames of 224 pixels and patches of 32 are written into the code, and others fail."),
    ("D19", "Action recognition cannot be run: what reads its data sets is not there."),
    ("D20", "13.08 million numbers are trained, or 4.33 in its linear mode; the paper has 7.53."),
    ("D21", "The published scripts do not run as they are: marks of an unfinished merge are left in them."),
)

PRESETS = {
    "defaults": Preset(),
    "alone": Preset({"mate": "none"}),
    "still beside": Preset({"mate": "still"}),
}  # fmt: skip
