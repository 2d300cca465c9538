"""How the bundled model is made from packaged weights, when the image is built; no pod runs any of this."""
