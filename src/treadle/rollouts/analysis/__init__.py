"""The checks a rollout is watched with, one file each, and what they look at."""
