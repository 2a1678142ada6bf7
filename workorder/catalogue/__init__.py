"""The dispatch catalogues that ship: data, read by workorder/dispatch_file.py."""
