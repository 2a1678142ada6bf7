"""Stage 1: the caller and the switch (接入与语音自助)."""
