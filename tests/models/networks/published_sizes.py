"""How many parameters the published networks have."""

from __future__ import annotations

# docs/method.md, Networks: spvnas' MinkUNet for SemanticKITTI's 19 classes.
PARAMETERS = {1.0: 21_723_315, 0.5: 5_435_235, 0.25: 1_361_019}


POINT_BRANCH = {1.0: 54_688, 0.5: 14_032, 0.25: 3_688}  # SPVCNN has these more
