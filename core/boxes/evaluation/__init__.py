"""How good found boxes are: KITTI's AP, a simple AP for everything else, calibration of scores."""
