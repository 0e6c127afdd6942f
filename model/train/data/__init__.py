"""From samples to batches: curriculum, packing, prefetching."""
