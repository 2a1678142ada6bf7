"""What the numbering plan says of a telephone number, from the tables of the library phonenumbers."""
