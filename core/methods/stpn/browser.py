"""STPN in a browser: not yet."""

WAYS = ()
LEFT_OUT = "STPN's detector chooses boxes by operators of torchvision that are not exported, and needs Python."
