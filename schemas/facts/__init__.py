"""What follows: one frozen Struct per fact, named like its table; instants are integer milliseconds until they are rendered."""
