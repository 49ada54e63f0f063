"""Groups of rows without a target: arrays in, groups, their evidence and a graph that assigns rows out."""
