"""Recognising icons in images of screens: small shapes without text, each with what it may show."""
