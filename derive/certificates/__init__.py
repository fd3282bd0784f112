"""Certificates: verified by the kernel alone, and put into words."""
