"""Small drawings that the server makes itself: numbers in, coordinates out; templates write the SVG."""
