"""The inside of `routing.places`: names compared, a place index built, its words looked up."""
