"""Measuring a detector file: which scans, what the model said of them, the numbers and the report.

Everything here runs on ONNX Runtime and numpy; no torch.
"""
