"""What the pages ask about files that are being written: tried, published, given back."""
