"""What is odd about the published tables: printed below ours.

Found by reading and running the released code (research of 2026; ReDAL c200745, LiDAL b503543,
Annotator 6a37ac1); where only code was seen, it says so.
"""

from __future__ import annotations

ODDITIES = (
    "LiDAL's released margin, confidence, entropy and segment-entropy baselines never use their "
    "scores: each indexes an array of zeros and takes neighbouring frames. Margin also has the "
    "wrong sign. Whether the published figures came from this code is unknown; so what entropy "
    "or margin is worth there is open.",
    "ReDAL's release cannot run as it is; LiDAL's copy of it is sound (both read, not run).",
    "RAND draws scans with replacement in the published code; ours draws without.",
    "MCDR equals entropy on MinkUNet, which drops nothing out; it is not run here.",
    "ReDAL weighs entropy with logarithm to base 2 and mean over classes; here its other terms "
    "are scaled to the natural logarithm instead (docs/method.md, Strategies).",
    "Annotator starts from weights that were trained on a labelled source set.",
    "Optimiser steps differ between published methods by up to a factor of 95 at the same budget; "
    "with the protocol equal all arms here take the same steps.",
    "One percent of the points is not one price: by our estimate 82 hours of a person's work for "
    "size-balanced units of SemanticKITTI, 46 for random units, 39 for whole scans.",
    "Three seeds, as usually published, differ by 2 to 3 mIoU.",
)
FROM_SCRATCH = (
    "Each round's detectors begin at random weights, so there is no control arm: more rounds alone "
    "are no training time."
)
GOES_ON = (
    "Detectors of some arms go on from the last round's (detect.from_scratch false) and no arm "
    "trains without new labels: what more rounds bring there is training time too."
)
BOX_NOTES = (
    "A simulated town and PillarCenter: no figure here is one of the paper's tables (arXiv "
    "2501.15449), which need PV-RCNN, 3,712 frames of KITTI and days on GPUs.",
    "Nothing was tuned until an order appeared: arms, steps, budgets and seeds are those of the "
    "spec.",
    "The oracle draws the true boxes that hold 5 points or more, exactly: a person errs.",
    "In the paper's ablations the row of 68.6 is CPSP in the last stage, not HSSDA (70.5); its "
    "Table 4 varies k, not what its caption says; its Fig. 6 tells of 5 rounds that give 30,000 "
    "boxes.",
)
