"""Other stream processors, each doing less than intake does; none is part of the product or of its environment."""
