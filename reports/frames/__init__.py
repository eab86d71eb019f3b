"""From a store to checked data frames, and the cells of a plan that are asked of them."""
