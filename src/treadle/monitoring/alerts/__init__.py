"""Alerts: what people should know about, told once, kept until it is over."""
