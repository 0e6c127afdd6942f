"""The neural network and what it reads: configuration, model, processor, points in its answers."""

from molmo_act.modeling.broken_torchvision import hide_broken_torchvision

hide_broken_torchvision()  # before anything here imports transformers
