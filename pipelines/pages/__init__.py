"""What our pages share: their look, SVG that carries its own words, and how hostile texts are shown."""
