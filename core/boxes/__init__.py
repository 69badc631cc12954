"""3D boxes: their table, geometry, fit, tracks, files and evaluation."""
