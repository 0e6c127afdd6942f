"""What programs tell accessibility tools about their windows (AT-SPI)."""
