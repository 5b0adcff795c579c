"""Policies and verdicts: what a law asks for, and whether it is found. Imports neither Beam, torch nor cv2."""
