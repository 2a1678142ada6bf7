"""A telephone network on loopback: citizens, seats and emergency services that speak real SIP and RTP."""
