"""The benchmarks, one file for each data set or family of them."""
